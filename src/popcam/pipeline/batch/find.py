"""Find faces in one chunk of a video."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from popcam.core.batch import Find, Found, MediaFacts
from popcam.core.facts import Detection
from popcam.core.frame import UInt8Array
from popcam.media.files import Problems, SpanFrame, inspect_file, read_span
from popcam.pipeline.batch.finder import Finder
from popcam.pipeline.batch.findings import (
    VERSION,
    Cut,
    Edge,
    Findings,
    packed_floats,
    packed_ints,
    write_findings,
)
from popcam.pipeline.batch.host import BatchHost, StageSeconds, TaskWatch
from popcam.pipeline.batch.plan import is_due, is_due_by_clock, is_restless
from popcam.pipeline.batch.times import span_times
from popcam.vision.follow import is_cut, signature

_ALL_KEYFRAMES: Final = frozenset(
    {"mjpeg", "prores", "dnxhd", "rawvideo", "ffv1", "huffyuv", "ffvhuff", "utvideo", "png", "dvvideo", "jpeg2000"}
)
_MOST_UNDECODED_S: Final = 0.2
"""Frames that no other needs are left out, unless that leaves longer holes."""


def find(task: Find, host: BatchHost, watch: TaskWatch, stages: StageSeconds) -> Found:
    """Look at a chunk and write the findings.

    Raises:
        SourceError: the file can't be read.
        InferenceError: the detector failed: the task fails, as nothing is known about the chunk.
        JobCancelledError, StorageFullError, StorageReadOnlyError.
    """
    with stages.measure("open"):
        facts = task.facts or inspect_file(Path(task.path), report=watch.step)
        finder = Finder(task.find, facts.width_px, facts.height_px, facts.rotation_deg, host, stages)
        pts = span_times(Path(task.path), facts, task.span)
    try:
        looking = _look_at_span(task, facts, finder, watch, stages, nonref=False)
    except _HolesError:
        looking = _look_at_span(task, facts, finder, watch, stages, nonref=True)
    seen = sorted(looking.found.items())
    with stages.measure("save"):
        file = write_findings(
            task.output,
            Findings(
                version=VERSION,
                span=task.span,
                detector=finder.detector,
                input_width_px=finder.input_width_px,
                start_score=finder.start_score,
                sure_score=finder.sure_score,
                all_keyframes=facts.codec in _ALL_KEYFRAMES,
                pts=packed_ints(pts),
                looked=packed_ints([index for index, _ in seen]),
                counts=packed_ints([len(found) for _, found in seen]),
                boxes=packed_floats([item.box for _, found in seen for item in found]),
                scores=packed_floats([item.score for _, found in seen for item in found]),
                cuts=tuple(looking.cuts),
                first=tuple(looking.first),
                last=tuple(looking.last),
                problems=looking.problems.found,
            ),
        )
    return Found(file=file, frames_decoded=looking.decoded, frames_looked_at=len(seen), problems=looking.problems.found)


class _HolesError(Exception):
    """Too much is missing without the frames that no other needs."""


@dataclass(frozen=True, slots=True)
class _Decoded:
    """One decoded frame of the chunk."""

    frame: SpanFrame
    signature: UInt8Array
    time_s: float
    begins_group: bool


class _Looking:
    """What is found while the chunk goes by. Keeps the frames since the last look, which may still be wanted."""

    def __init__(self, finder: Finder, *, all_keyframes: bool) -> None:
        self.found: dict[int, tuple[Detection, ...]] = {}
        self.cuts: list[Cut] = []
        self.first: list[Edge] = []
        self.last: list[Edge] = []
        self.decoded = 0
        self.problems = Problems()
        self._finder = finder
        self.all_keyframes = all_keyframes
        self._waiting: list[SpanFrame] = []
        self._newest: tuple[Detection, ...] = ()
        self._looked_s: float | None = None

    def take(self, before: _Decoded | None, now: _Decoded, after: _Decoded | None, end_s: float | None) -> None:
        """Decide on one frame, knowing its neighbours. `end_s` is the time of the first frame behind the chunk."""
        self._note_edges(now)
        if self.all_keyframes:
            self._by_clock(before, now, after, end_s)
        else:
            self._by_group(before, now, after)

    def _by_clock(self, before: _Decoded | None, now: _Decoded, after: _Decoded | None, end_s: float | None) -> None:
        if before is not None and after is not None and is_cut(before.signature, now.signature, after.signature):
            self.cuts.append(Cut(before=before.frame.index, after=now.frame.index))
        if now.frame.index == 0 or is_due_by_clock(now.time_s, end_s if after is None else after.time_s):
            self._look(now, refine=False)

    def _by_group(self, before: _Decoded | None, now: _Decoded, after: _Decoded | None) -> None:
        # What lies behind the group may lie in another chunk, so nothing of it counts.
        following = None if after is None or after.begins_group else after
        cut = before is not None and is_cut(
            before.signature, now.signature, None if following is None else following.signature
        )
        if cut and before is not None:
            self._look(before, refine=not before.begins_group)
            self.cuts.append(Cut(before=before.frame.index, after=now.frame.index))
        if cut or now.begins_group or is_due(None if following is None else following.time_s, self._looked_s):
            self._look(now, refine=not (cut or now.begins_group))
        else:
            self._waiting.append(now.frame)

    def _look(self, now: _Decoded, *, refine: bool) -> None:
        """Look at a frame; where faces came, went or moved far since the last look, also at those in between.

        A picture that is partly guessed tells nothing, so it does not count as looked at.
        """
        if now.frame.index in self.found or now.frame.damaged:
            return
        found = self.found[now.frame.index] = self._finder.look(now.frame.frame)
        if refine:
            between = [one for one in self._waiting if one.index < now.frame.index and not one.damaged]
            self._refine(self._newest, between, found)
        self._waiting.clear()
        self._newest, self._looked_s = found, now.time_s

    def _refine(self, before: Sequence[Detection], between: Sequence[SpanFrame], after: Sequence[Detection]) -> None:
        """Look at the frame half way, and so on, until nothing moves far from one look to the next."""
        if not between or not is_restless(before, after, self._finder.sure_score):
            return
        middle = len(between) // 2
        found = self.found[between[middle].index] = self._finder.look(between[middle].frame)
        self._refine(before, between[:middle], found)
        self._refine(found, between[middle + 1 :], after)

    def _note_edges(self, now: _Decoded) -> None:
        edge = Edge(frame=now.frame.index, signature=now.signature.tobytes())
        if not self.last or (len(self.first) == 1 and self.last == self.first and not now.begins_group):
            self.first.append(edge)
        self.last = [*self.last[-1:], edge]


def _look_at_span(
    task: Find, facts: MediaFacts, finder: Finder, watch: TaskWatch, stages: StageSeconds, *, nonref: bool
) -> _Looking:
    looking = _Looking(finder, all_keyframes=facts.codec in _ALL_KEYFRAMES)
    end_s = None if task.span.end_pts is None else task.span.end_pts * facts.time_base_s
    window: list[_Decoded] = []
    for decoded in _decoded(task, facts, looking, stages, nonref=nonref):
        watch.step(decoded.frame.index - task.span.first_frame + 1)
        if window and not nonref and _is_hole(window[-1], decoded):
            raise _HolesError
        window = [*window[-2:], decoded]
        if len(window) > 1:
            looking.take(window[-3] if len(window) > 2 else None, window[-2], window[-1], end_s)
    if window:
        looking.take(window[-2] if len(window) > 1 else None, window[-1], None, end_s)
    return looking


def _is_hole(one: _Decoded, following: _Decoded) -> bool:
    skipped = following.frame.index - one.frame.index - 1
    return skipped > 0 and following.time_s - one.time_s > _MOST_UNDECODED_S


def _decoded(
    task: Find, facts: MediaFacts, looking: _Looking, stages: StageSeconds, *, nonref: bool
) -> Iterator[_Decoded]:
    frames = read_span(Path(task.path), facts, task.span, nonref=nonref, problems=looking.problems)
    first = True
    while True:
        begun_s = time.perf_counter()
        frame = next(frames, None)
        decoded_s = time.perf_counter()
        stages.add("decode", decoded_s - begun_s)
        if frame is None:
            return
        small = signature(frame.frame.planes.y)
        stages.add("scene", time.perf_counter() - decoded_s)
        looking.decoded += 1
        begins_group = first or (frame.frame.keyframe and not looking.all_keyframes)
        yield _Decoded(frame, small, frame.pts * facts.time_base_s, begins_group)
        first = False

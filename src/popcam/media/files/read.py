"""Exactly the frames of a span."""

import time
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

import av
from av.codec.context import ThreadType
from av.error import FFmpegError

from popcam.core.batch import MediaFacts, Span
from popcam.core.errors import MediaError, SourceCorruptError
from popcam.core.frame import Frame
from popcam.media.files.model import Problems, SpanFrame
from popcam.media.files.opening import OpenedVideo, open_video
from popcam.media.files.packets import Step, steps_before_and_from
from popcam.media.files.pixels import Pixels, matrix_of

_REORDER: Final = 16
"""The most pictures by which any codec decodes ahead of showing (H.264, H.265: max_dec_frame_buffering)."""


def read_span(
    path: Path,
    facts: MediaFacts,
    span: Span,
    *,
    nonref: bool = True,
    lead_frames: int = 0,
    tail_frames: int = 0,
    threads: int = 1,
    problems: Problems | None = None,
) -> Iterator[SpanFrame]:
    """The frames of a span in the order of showing.

    Args:
        nonref: also frames that no other frame needs; without them decoding is cheaper, `index` counts them all the
            same.
        lead_frames: also up to this many frames before the span (as far back as one group of pictures reaches).
        tail_frames: also up to this many frames behind it.
        threads: of the decoder; 1 is best where spans run side by side.
        problems: collects damaged stretches: lost or guessed pictures, with their times.

    Raises:
        SourceError: the file can't be read at all any more. Damage within it is a problem, not an error.
    """
    with open_video(path, facts) as opened:
        context = opened.stream.codec_context
        context.thread_type = ThreadType.SLICE if threads == 1 else ThreadType.AUTO
        context.thread_count = threads
        # Decoders guess it, and a guess that starts too low shows the first pictures in a wrong order.
        context.reorder_depth = max(context.reorder_depth, min(facts.reorder, _REORDER))
        if not nonref and facts.timed:
            context.skip_frame = "NONREF"
        yield from _Reader(opened, facts, span, nonref or not facts.timed, problems or Problems()).frames(
            lead_frames, tail_frames
        )


class _Reader:
    """Feeds packets, and gives the pictures that come out their numbers.

    A picture's number is the number of the pictures before it, so the times of all packets fed are kept, sorted,
    until something later than them comes out: what is earlier by then was lost or skipped.
    """

    def __init__(self, opened: OpenedVideo, facts: MediaFacts, span: Span, complete: bool, problems: Problems) -> None:
        self._opened = opened
        self._facts = facts
        self._span = span
        self._complete = complete
        self._problems = problems
        self._pixels = Pixels(facts.width_px, facts.height_px)
        self._tick_s = facts.time_base[0] / facts.time_base[1]
        self._start_s = facts.spans[0].start_pts * self._tick_s
        self._waiting: list[int] = []
        self._counted = span.first_frame
        self._fed = 0
        self._lead = _Lead(span.first_frame)

    def frames(self, lead_frames: int, tail_frames: int) -> Iterator[SpanFrame]:
        """Lead, span, tail."""
        lead_frames = lead_frames if self._facts.timed else 0
        before, steps = steps_before_and_from(self._opened, self._facts, self._span, lead=lead_frames > 0)
        lead = self._lead
        lead.keep(lead_frames)
        last = self._span.first_frame + self._span.frames + tail_frames
        for picture in self._pictures(chain(before, steps), tail_frames):
            pts = self._time_of(picture)
            if pts is None:
                continue
            if pts < self._span.start_pts:
                lead.add(picture, pts)
                continue
            yield from (self._frame(one, index, one_pts) for one, index, one_pts in lead.take())
            index = self._number(pts)
            if index is None:
                continue
            if index >= last:
                return
            yield self._frame(picture, index, pts)
        yield from (self._frame(one, index, one_pts) for one, index, one_pts in lead.take())
        self._lose(self._waiting)

    def _pictures(self, steps: Iterator[Step], tail_frames: int) -> Iterator[av.VideoFrame]:
        """Decode until all packets of the span, and enough for the tail, are in; then what is still inside."""
        behind = 0
        wanted_behind = tail_frames + _REORDER if tail_frames else 0
        for step in steps:
            if step.shown and step.pts < self._span.start_pts:
                self._lead.expect(step.pts)
            elif step.shown:
                own = self._span.end_pts is None or step.pts < self._span.end_pts
                if own or tail_frames:
                    insort(self._waiting, step.pts)
                self._fed += own
                behind += not own
            yield from self._decode(step)
            if self._fed >= self._span.frames and behind >= wanted_behind and self._span.end_pts is not None:
                break
        yield from self._decode(None)

    def _decode(self, step: Step | None) -> list[av.VideoFrame]:
        try:
            return self._opened.stream.codec_context.decode(step.packet if step else None)
        except FFmpegError:
            if step is not None:
                self._damage("a picture can't be decoded", step.pts)
            return []

    def _time_of(self, picture: av.VideoFrame) -> int | None:
        """When the picture is shown; None for one that is not to be shown."""
        if not self._facts.timed:
            # Pictures come out in the order of showing, packets were timed in the order of decoding.
            return self._waiting[0] if self._waiting else None
        return picture.pts

    def _number(self, pts: int) -> int | None:
        """The picture's number; None for one that no packet announced."""
        place = bisect_left(self._waiting, pts)
        if place == len(self._waiting) or self._waiting[place] != pts:
            return None
        if place:
            self._lose(self._waiting[:place])
        del self._waiting[: place + 1]
        self._counted += place + 1
        return self._counted - 1

    def _lose(self, times: list[int]) -> None:
        if not self._complete:
            return
        for pts in times:
            if self._span.end_pts is None or pts < self._span.end_pts:
                self._damage("pictures are lost", pts)

    def _damage(self, what: str, pts: int) -> None:
        at_s = pts * self._tick_s - self._start_s
        self._problems.add(SourceCorruptError, what, round(at_s, 3), round(at_s, 3))

    def _frame(self, picture: av.VideoFrame, index: int, pts: int) -> SpanFrame:
        if (picture.width, picture.height) != (self._facts.width_px, self._facts.height_px):
            at_s = round(pts * self._tick_s - self._start_s, 3)
            detail = f"pictures of {picture.width}x{picture.height} were scaled to the first one's size"
            self._problems.add(MediaError, detail, at_s, at_s)
        made, planes, full_range = self._pixels.planes(picture)
        damaged = picture.is_corrupt
        if damaged:
            self._damage("pictures are damaged", pts)
        frame = Frame(
            planes=planes,
            seq=index,
            pts_s=pts * self._tick_s,
            captured_monotonic_s=time.monotonic(),
            captured_unix_s=0.0,
            full_range=full_range,
            keyframe=picture.key_frame,
            interval_s=1 / self._facts.fps if self._facts.fps else 0.04,
            owner=made,
            matrix=matrix_of(picture),
        )
        return SpanFrame(index, pts, frame, damaged)


class _Lead:
    """The newest pictures before a span; their numbers are known once the span's first comes."""

    def __init__(self, first_frame: int) -> None:
        self._kept: deque[tuple[av.VideoFrame, int]] = deque(maxlen=0)
        self._times: list[int] = []
        self._first_frame = first_frame

    def keep(self, frames: int) -> None:
        """How many to keep."""
        self._kept = deque(maxlen=frames)

    def expect(self, pts: int) -> None:
        """A packet before the span."""
        insort(self._times, pts)

    def add(self, picture: av.VideoFrame, pts: int) -> None:
        self._kept.append((picture, pts))

    def take(self) -> Iterator[tuple[av.VideoFrame, int, int]]:
        """Pictures, numbers and times; once."""
        kept, self._kept = list(self._kept), deque(maxlen=0)
        for picture, pts in kept:
            behind = len(self._times) - bisect_left(self._times, pts)
            yield picture, self._first_frame - behind, pts

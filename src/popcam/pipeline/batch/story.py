"""What all chunks' findings say of a video, put together in order."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from popcam.core.batch import Follow
from popcam.core.errors import JobChunkDamagedError
from popcam.pipeline.batch.findings import Cut, Findings, floats, ints, read_findings
from popcam.pipeline.batch.times import span_times
from popcam.vision.follow import KnownScene, Looks, Scene, is_cut

_NO_SCORE = 1.0


@dataclass(frozen=True, slots=True)
class Story:
    """What all chunks' findings say of a video.

    Attributes:
        pts: (F,) of each frame, in the stream's time base; times_s: the same in seconds from the first frame.
        scenes: what `Looks.scenes` counts.
        start_score, sure_score: see `vision.follow.associate`.
    """

    pts: npt.NDArray[np.int64]
    times_s: npt.NDArray[np.float64]
    looks: Looks
    scenes: tuple[Scene, ...]
    start_score: float
    sure_score: float

    def known_scenes(self) -> list[KnownScene]:
        """Each scene without the frames that may belong to its neighbour."""
        firsts = np.searchsorted(self.looks.scenes, np.arange(len(self.scenes)), "left")
        lasts = np.searchsorted(self.looks.scenes, np.arange(len(self.scenes)), "right") - 1
        known = []
        for number, (first, last) in enumerate(zip(firsts.tolist(), lasts.tolist(), strict=True)):
            start = self.scenes[number - 1].end_frame if number else 0
            end = self.scenes[number + 1].first_frame if number + 1 < len(self.scenes) else len(self.pts)
            looked = self.looks.frames
            at = (int(looked[first]), int(looked[last])) if first <= last else (-1, -1)
            known.append(KnownScene(start, end, *at))
        return known


def tell_story(task: Follow) -> Story:
    """Put the chunks' findings together, in order. A chunk without findings ('') was not looked at.

    Raises:
        JobChunkDamagedError: findings are damaged or belong to other chunks.
    """
    spans = task.facts.spans
    if len(task.findings) != len(spans):
        raise JobChunkDamagedError(f"{len(task.findings)} findings for {len(spans)} chunks")
    parts = [read_findings(path) if path else None for path in task.findings]
    for part, span in zip(parts, spans, strict=True):
        if part is not None and (part.span != span or len(ints(part.pts)) != span.frames):
            raise JobChunkDamagedError(f"the findings of chunk {span.index} are those of another one")
    known = [part for part in parts if part is not None]
    pts = np.concatenate(
        [
            np.zeros(0, np.int64),
            *(
                ints(part.pts)
                if part is not None
                else np.array(span_times(Path(task.path), task.facts, span), np.int64)
                for part, span in zip(parts, spans, strict=True)
            ),
        ]
    )
    times_s = (pts - (pts[0] if len(pts) else 0)) * task.facts.time_base_s
    cuts = sorted({(cut.before, cut.after) for cut in [c for p in known for c in p.cuts] + _cuts_between(known)})
    looked = np.concatenate([np.zeros(0, np.int64), *(ints(part.looked) for part in known)])
    counts = np.concatenate([np.zeros(0, np.int64), *(ints(part.counts) for part in known)])
    looks = Looks(
        frames=looked,
        times_s=times_s[looked],
        scenes=np.searchsorted(np.array([after for _, after in cuts], np.int64), looked, "right"),
        first_row=np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]),
        boxes=np.concatenate([np.zeros(0, np.float32), *(floats(part.boxes) for part in known)])
        .reshape(-1, 4)
        .astype(np.float64),
        scores=np.concatenate([np.zeros(0, np.float32), *(floats(part.scores) for part in known)]).astype(np.float64),
    )
    starts = [0, *(before + 1 for before, _ in cuts)]
    ends = [*(after for _, after in cuts), len(pts)]
    return Story(
        pts=pts,
        times_s=times_s,
        looks=looks,
        scenes=tuple(Scene(start, end) for start, end in zip(starts, ends, strict=True)),
        start_score=known[0].start_score if known else _NO_SCORE,
        sure_score=known[0].sure_score if known else _NO_SCORE,
    )


def _cuts_between(parts: list[Findings]) -> list[Cut]:
    """Cuts that no chunk could see alone: between two of them, and for codecs of keyframes alone before the last frame
    of one, which its successor may show to be a flash."""
    cuts = []
    for number, part in enumerate(parts):
        following = parts[number + 1] if number + 1 < len(parts) else None
        next_first = following.first if following is not None and following.first else ()
        if part.all_keyframes and len(part.last) > 1:
            before, now = part.last
            if is_cut(before.picture(), now.picture(), next_first[0].picture() if next_first else None):
                cuts.append(Cut(before=before.frame, after=now.frame))
        if next_first and part.last:
            after = next_first[1].picture() if len(next_first) > 1 else None
            if is_cut(part.last[-1].picture(), next_first[0].picture(), after):
                cuts.append(Cut(before=part.last[-1].frame, after=next_first[0].frame))
    return cuts

"""When each frame of a chunk is shown, also those that are not decoded."""

from pathlib import Path

from popcam.core.batch import MediaFacts, Span
from popcam.media.files.opening import open_video
from popcam.media.files.packets import steps_before_and_from


def span_times(path: Path, facts: MediaFacts, span: Span) -> list[int]:
    """Presentation times of the chunk's frames in the stream's time base, rising; `span.frames` of them. Packets are
    read and nothing is decoded.

    A file that is shorter than it was by now gives the last frames the last known pace: they were not looked at, and
    are covered wholly.

    Raises:
        SourceError: the file can't be read.
    """
    with open_video(path) as opened:
        _, steps = steps_before_and_from(opened, facts, span, lead=False)
        times: list[int] = []
        for step in steps:
            if step.key and span.end_pts is not None and step.pts >= span.end_pts:
                break
            if step.shown:
                times.append(step.pts)
    times.sort()
    while len(times) < span.frames:
        pace = times[-1] - times[-2] if len(times) > 1 else 1
        times.append((times[-1] if times else span.start_pts) + max(1, pace))
    return times[: span.frames]

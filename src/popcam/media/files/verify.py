"""Reads a result again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from av.error import FFmpegError

from popcam.core.errors import JobResultMismatchError, SourceError
from popcam.media.files.model import Report
from popcam.media.files.mp4_length import shown_length_s
from popcam.media.files.opening import OpenedVideo, open_video
from popcam.media.files.packets import Step, Walk
from popcam.media.files.spans import Ticks

_REPORT_EVERY: Final = 2000
_MOST_SHIFT_S: Final = 0.2


def verify(
    path: Path,
    times_s: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    chunk_starts: Ticks,
    tick_s: float,
    others: Mapping[int, int],
    *,
    shifted: bool,
    report: Report,
) -> float:
    """Read a result and compare it with what went in.

    Args:
        times_s: (N,) float64, when each picture is shown, sorted, and when the last ends, as (N + 1,).
        chunk_starts: numbers of the frames that begin a chunk; each of them is decoded on its own.
        tick_s: the source's time base: times may differ by half of it, or of the result's.
        others: packets written per further track, by index.
        shifted: the container may move all times by the same amount.

    Returns:
        Its length in seconds.

    Raises:
        JobResultMismatchError: it is not what went in.
    """
    try:
        with open_video(path) as opened:
            return _verify(
                path, opened, times_s, set(chunk_starts.tolist()), tick_s, others, shifted=shifted, report=report
            )
    except SourceError as error:
        raise JobResultMismatchError(f"the result can't be read: {error.detail}") from error


def _verify(
    path: Path,
    opened: OpenedVideo,
    times_s: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    starts: set[int],
    tick_s: float,
    others: Mapping[int, int],
    *,
    shifted: bool,
    report: Report,
) -> float:
    walk = Walk(opened)
    stream = opened.stream
    found: list[int] = []
    end = 0
    counts = dict.fromkeys(others, 0)
    for packet in opened.container.demux():
        if packet.size and packet.stream_index in counts:
            counts[packet.stream_index] += 1
        if not packet.size or packet.stream_index != stream.index:
            continue
        step = walk.step(packet)  # type: ignore[arg-type] # of the video track
        if len(found) in starts:
            _decode_alone(opened, step)
        found.append(step.pts)
        end = max(end, step.pts + (packet.duration or 0))
        if len(found) % _REPORT_EVERY == 0:
            report(len(found))
    if not found:
        raise JobResultMismatchError("no pictures are in it")
    length_s = shown_length_s(path, stream.id) if opened.container.format.name.startswith("mov") else None
    if length_s is not None:
        end = min(found) + round(length_s / opened.time_base)
    found_s = np.array([*sorted(found), end], np.float64) * float(opened.time_base)
    _compare(found_s, times_s, max(tick_s, float(opened.time_base)), shifted=shifted)
    if counts != others:
        raise JobResultMismatchError(f"tracks have {counts} packets instead of {dict(others)}")
    return float(times_s[-1] - times_s[0])


def _compare(
    found_s: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    times_s: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    tick_s: float,
    *,
    shifted: bool,
) -> None:
    if len(found_s) != len(times_s):
        raise JobResultMismatchError(f"{len(found_s) - 1} pictures instead of {len(times_s) - 1}")
    differences = found_s - times_s
    if shifted and abs(differences[0]) < _MOST_SHIFT_S:
        differences -= differences[0]
    worst = int(np.abs(differences[:-1]).argmax())
    if abs(differences[worst]) > tick_s * 0.51 + 1e-6:
        raise JobResultMismatchError(f"picture {worst} is shown at {found_s[worst]:.6f} s, not {times_s[worst]:.6f} s")
    # The end of the last picture is what containers round, and some do not say.
    if abs(differences[-1]) > _loose_end(times_s, tick_s):
        raise JobResultMismatchError(f"it ends at {found_s[-1]:.3f} s, not {times_s[-1]:.3f} s")


def _loose_end(times_s: "np.ndarray[tuple[int], np.dtype[np.float64]]", tick_s: float) -> float:
    """How far off the end may be: containers without durations take the pace of the last pictures."""
    pace = float(np.median(np.diff(times_s)))
    return max(2 * tick_s, pace, float(times_s[-1] - times_s[-2])) + 1e-6


def _decode_alone(opened: OpenedVideo, step: Step) -> None:
    """The first picture of a chunk decodes with nothing but the track's header."""
    context = opened.stream.codec_context
    try:
        pictures = [*context.decode(step.packet), *context.decode(None)]
        context.flush_buffers()
    except FFmpegError as error:
        raise JobResultMismatchError(f"the picture at {step.pts} does not decode: {error}") from error
    if not pictures:
        raise JobResultMismatchError(f"the picture at {step.pts} does not decode")

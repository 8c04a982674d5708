"""What a media file is, how long, and where it may be cut."""

from array import array
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from popcam.core.batch import MediaFacts, Span
from popcam.core.errors import MediaDepthReducedError, MediaError, SourceCorruptError
from popcam.media.files import nal
from popcam.media.files.ebml import is_cut_off
from popcam.media.files.model import Problems, Report, silent
from popcam.media.files.mp4_length import shown_length_s
from popcam.media.files.opening import OpenedVideo, open_video, photo_format, read_head
from popcam.media.files.packets import Step, Walk
from popcam.media.files.photo import inspect_photo
from popcam.media.files.pixels import YUV420
from popcam.media.files.spans import KeyPacket, Ticks, make_spans, reorder_depth, unlikely_gaps
from popcam.media.files.start import Start, colour_of, display_matrix_of, look_at_start
from popcam.media.sources.container import fps_of

_REPORT_EVERY: Final = 2000
_ROUNDED_S: Final = 0.001
_LONGEST_PICTURE_S: Final = 60
_TELLING: Final = frozenset({"h264", "hevc"})
"""Codecs whose keyframes say whether decoding begins afresh."""


def inspect_file(path: Path, span_frames: int = 300, report: Report = silent, *, least_frames: int = 0) -> MediaFacts:
    """Read all packets of a video's first video track (decoding one picture), or a photo's header.

    Args:
        span_frames: spans begin at the first fitting keyframe after this many frames. They are cut where no picture
            needs one beyond the cut; where a file has no such places for long, at any keyframe.
        least_frames: towards the end they become so short; 0 leaves them as long as they are.

    Returns:
        The facts. `problems` names damage that leaves something to work on, and reductions that encoding brings.

    Raises:
        SourceNotFoundError, SourcePermissionError, SourceEmptyError, SourceNotVideoError, SourceCorruptError,
        SourceNoVideoTrackError, SourceUnsupportedCodecError, SourcePhotoUnsupportedError,
        SourcePictureSizeError: nothing can be made of it.
    """
    if photo_format(read_head(path), path) is not None:
        return inspect_photo(path)
    problems = Problems()
    with open_video(path) as opened:
        count = _Count(opened, report)
        if not count.pts:
            raise SourceCorruptError(f"{path} announces a video track but holds no pictures")
        with open_video(path) as again:
            start = look_at_start(again, check_order=count.may_be_out_of_order)
        return _facts(path, opened, count, start, (span_frames, least_frames), problems)


class _Count:
    """All packets of the track, counted."""

    def __init__(self, opened: OpenedVideo, report: Report) -> None:
        self.pts = array("q")
        self.keys: list[KeyPacket] = []
        self.hidden_between = False
        self.damaged: list[int] = []
        self.sets = nal.SetNumbers()
        self.end = 0
        self.may_reorder = opened.stream.codec_context.reorder_depth > 0
        self._codec = opened.codec
        extradata = opened.stream.codec_context.extradata or b""
        self._length_bytes = nal.length_size(extradata, opened.codec)
        if opened.codec == "h264":
            self.sets.add(nal.parameter_sets(extradata, "h264"))
        self.walk = Walk(opened)
        for step in self.walk:
            self._add(step)
            if len(self.pts) % _REPORT_EVERY == 0:
                report(len(self.pts))

    @property
    def times(self) -> Ticks:
        return np.frombuffer(self.pts, np.int64)

    @property
    def may_be_out_of_order(self) -> bool:
        """Times grow with each packet although the codec reorders pictures: then they may be times of decoding."""
        return self.may_reorder and bool((np.diff(self.times) > 0).all())

    @property
    def timed(self) -> bool:
        """Whether every picture has a time of showing that no other has."""
        return not self.walk.untimed and len(np.unique(self.times)) == len(self.times)

    def _add(self, step: Step) -> None:
        if step.packet.is_corrupt:
            self.damaged.append(step.pts)
        if step.key:
            self.keys.append(KeyPacket(len(self.pts), step.pts, self._is_fresh(step)))
        if not step.shown:
            self.hidden_between = True
            return
        self.pts.append(step.pts)
        self.end = max(self.end, step.pts + (step.packet.duration or 0))

    def _is_fresh(self, step: Step) -> bool:
        if self._codec not in _TELLING:
            return True
        units = list(nal.units_of(bytes(step.packet), self._length_bytes))
        if self._codec == "h264":
            self.sets.add(units)
        kinds = (nal.is_clean_start(unit, self._codec) for unit in units)
        return next((kind for kind in kinds if kind is not None), False)


def _facts(
    path: Path,
    opened: OpenedVideo,
    count: _Count,
    start: Start | None,
    span_frames: tuple[int, int],
    problems: Problems,
) -> MediaFacts:
    if start is None:
        raise SourceCorruptError(f"{path}: not one of the first pictures can be decoded")
    times, picture = count.times, start.picture
    duration_s = float((_end_of(path, opened, count) - int(times.min())) * opened.time_base)
    timed = count.timed and start.in_order
    # Where times don't tell pictures apart, only the kind of a keyframe says that nothing refers across it.
    keys = count.keys if timed or opened.codec in _TELLING or not count.may_reorder else []
    spans = make_spans(times, keys, *span_frames, timed=timed)
    _name_damage(path, opened, count, problems)
    if picture.format.name not in YUV420 and picture.format.name != "gray":
        problems.add(MediaDepthReducedError, f"the input is {picture.format.name}")
    if picture.width % 2 or picture.height % 2:
        detail = f"{picture.width}x{picture.height} is odd: encoded video lacks the last row or column"
        problems.add(MediaError, detail)
    return MediaFacts(
        kind="video",
        container=opened.container.format.name,
        codec=opened.codec,
        width_px=picture.width,
        height_px=picture.height,
        rotation_deg=round(-picture.rotation / 90) * 90 % 360,
        frames=len(times),
        duration_s=duration_s,
        time_base_s=float(opened.time_base),
        fps=len(times) / duration_s if duration_s > 0 else (fps_of(opened.stream) or 0.0),
        has_audio=bool(opened.container.streams.audio),
        bytes=path.stat().st_size,
        spans=tuple(_open(span) for span in spans) if count.hidden_between else spans,
        problems=problems.found,
        time_base=opened.time_base.as_integer_ratio(),
        pixel_format=picture.format.name,
        sample_aspect=_ratio(opened.stream.sample_aspect_ratio),
        colour=colour_of(picture),
        display_matrix=display_matrix_of(picture),
        interlaced=bool(picture.interlaced_frame),
        profile=str(opened.stream.codec_context.profile or ""),
        parameter_set_id=count.sets.free if opened.codec == "h264" else -1,
        reorder=reorder_depth(times) if timed else 0,
        seekable=not count.walk.jumps and not count.walk.timeless,
        timed=timed,
    )


def _end_of(path: Path, opened: OpenedVideo, count: _Count) -> int:
    """When the last picture ends, in ticks."""
    first, last = int(count.times.min()), int(count.times.max())
    end = max(count.end, last)
    length_s = shown_length_s(path, opened.stream.id) if opened.container.format.name.startswith("mov") else None
    if length_s is None:
        return end
    told = first + round(length_s / opened.time_base)
    # Edits are often rounded to milliseconds: what packets say is finer where both agree.
    near = abs(told - end) * opened.time_base <= _ROUNDED_S
    return told if last < told <= end + _LONGEST_PICTURE_S / opened.time_base and not near else end


def _open(span: Span) -> Span:
    return Span(
        index=span.index,
        start_pts=span.start_pts,
        end_pts=span.end_pts,
        first_frame=span.first_frame,
        frames=span.frames,
    )


def _ratio(value: Fraction | None) -> tuple[int, int]:
    return value.as_integer_ratio() if value else (0, 1)


def _name_damage(path: Path, opened: OpenedVideo, count: _Count, problems: Problems) -> None:
    first = int(count.times.min())

    def seconds(ticks: int) -> float:
        return round(float((ticks - first) * opened.time_base), 3)

    for pts in count.damaged:
        problems.add(SourceCorruptError, "packets are damaged", seconds(pts), seconds(pts))
    if not opened.container.format.name.startswith("mov"):  # what MP4 leaves out on purpose stands in its index
        for begin, end in unlikely_gaps(count.times, float(opened.time_base)):
            problems.add(SourceCorruptError, "pictures are missing in the file", seconds(begin), seconds(end))
    promised = opened.stream.frames
    if count.walk.broken_at is not None:
        problems.add(SourceCorruptError, "the file can't be read beyond this time", seconds(count.end))
    elif promised > len(count.pts) and not count.hidden_between:
        detail = f"{promised - len(count.pts)} of {promised} pictures are missing in the file"
        problems.add(SourceCorruptError, detail, seconds(count.end))
    elif "matroska" in opened.container.format.name and is_cut_off(path):
        problems.add(SourceCorruptError, "the file ends early", seconds(count.end))

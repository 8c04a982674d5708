"""Chunks to a whole file."""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from heapq import merge
from pathlib import Path
from typing import Any, Final, NamedTuple

import av
import numpy as np
from av.container import OutputContainer
from av.error import FFmpegError

from popcam.core.batch import MediaFacts
from popcam.core.errors import (
    JobResultMismatchError,
    MediaContainerChangedError,
    MediaTrackDroppedError,
    PopcamError,
    StorageFullError,
    StorageReadOnlyError,
)
from popcam.media.files.chunk import ChunkIndex, read_index, read_packets
from popcam.media.files.clock import JoinClock
from popcam.media.files.containers import Container, choose_container, kept_tracks
from popcam.media.files.headers import TrackHeader, common_header
from popcam.media.files.model import JoinedFile, Problems, Report, silent
from popcam.media.files.opening import OpenedVideo, open_video
from popcam.media.files.others import OtherTracks
from popcam.media.files.packets import AnyPacket
from popcam.media.files.verify import verify

_ENCODERS: Final = {"h264": "libx264", "hevc": "libx265"}
_REPORT_EVERY: Final = 500
_OWN_METADATA: Final = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder"})
_FROM_ZERO: Final = frozenset({"mpegts", "mpeg"})
"""Containers whose times begin anywhere; results begin at 0."""
_FINE_ENOUGH: Final = 10_000
"""Ticks per second."""
_MOST_TICKS: Final = 10_000_000
"""Finest movie time scale: edit lists of tracks are rounded to it."""


class _Timed(NamedTuple):
    """A packet with the time by which tracks are interleaved."""

    at_s: float
    packet: AnyPacket
    frame: bool


def join(
    source: Path,
    facts: MediaFacts,
    chunks: Sequence[Path],
    output: Path,
    *,
    keep_pictures: bool = False,
    problems: Problems | None = None,
    report: Report = silent,
) -> JoinedFile:
    """Concatenate chunks (of `SpanWriter` and `copy_span`, one per span, in order) without encoding, with sound,
    subtitles, chapters, rotation and metadata from the source; then read the result again and compare.

    Args:
        output: its suffix says the container; another one is taken where it can't hold everything (the returned path
            has it then, and `problems` a `media.container_changed`).
        keep_pictures: keep cover pictures and further video tracks, which may show what is hidden in the first.

    Raises:
        JobChunkDamagedError: a chunk is not whole.
        JobResultMismatchError: the result's frames, times or length are not those of the chunks; it is removed.
        StorageFullError, StorageReadOnlyError: it can't be written.
        SourceError: the source can't be read any more.
    """
    problems = problems if problems is not None else Problems()
    indices = [(path, index) for path in chunks if len((index := read_index(path)).times)]
    _check(facts, [index for _, index in indices])
    try:
        return _joined(source, facts, indices, output, keep_pictures, problems, report)
    except _RefusedError:
        # Some of what a container can't hold shows only while it is written. Matroska takes nearly everything.
        again = Problems()
        made = _joined(source, facts, indices, output.with_suffix(".mkv"), keep_pictures, again, report)
        problems.add(MediaContainerChangedError, f"{output.suffix} became .mkv")
        return made


class _RefusedError(Exception):
    """The container refuses something that it promised to take."""


def _joined(
    source: Path,
    facts: MediaFacts,
    chunks: list[tuple[Path, ChunkIndex]],
    output: Path,
    keep_pictures: bool,
    problems: Problems,
    report: Report,
) -> JoinedFile:
    written: Path | None = None
    try:
        with open_video(source) as opened:
            joiner = _Joiner(opened, facts, chunks, output, keep_pictures, problems)
            written = joiner.container.path
            joiner.write(report)
        _flush(written)
        duration_s = joiner.verify(report)
    except BaseException:
        if written is not None:
            with suppress(OSError):
                written.unlink()
        raise
    return JoinedFile(written, len(joiner.clock.times), duration_s)


class _Joiner:
    """One join: what is decided before anything is written, then the writing."""

    def __init__(
        self,
        opened: OpenedVideo,
        facts: MediaFacts,
        chunks: list[tuple[Path, ChunkIndex]],
        output: Path,
        keep_pictures: bool,
        problems: Problems,
    ) -> None:
        self._opened = opened
        self._facts = facts
        self._chunks = chunks
        indices = [index for _, index in chunks]
        self._header = common_header(indices)
        tracks, left_out = kept_tracks(opened.container, opened.stream, keep_pictures=keep_pictures)
        self.container = choose_container(output, tracks)
        self._others = OtherTracks([track for track in tracks if track.index not in self.container.refused])
        left_out += [f"{track.type} track {track.index}" for track in tracks if track.index in self.container.refused]
        for name in left_out:
            problems.add(MediaTrackDroppedError, name)
        if self.container.path != output:
            became = f"{output.suffix or 'no suffix'} became {self.container.path.suffix}"
            problems.add(MediaContainerChangedError, became)
        source_tick = Fraction(*facts.time_base)
        self._origin = _origin(opened) if self.container.format != "mpegts" else 0
        scale = _scale_of(source_tick) if self.container.format in {"mp4", "mov"} else 1
        self._tick = source_tick / scale
        self._origin_s = self._origin * source_tick
        end = facts.spans[0].start_pts + round(facts.duration_s / float(source_tick))
        self.clock = JoinClock(indices, end, self._origin, scale)

    def write(self, report: Report) -> None:
        """Write the result.

        Raises:
            StorageFullError, StorageReadOnlyError: the disk refused.
        """
        with _naming_output(self.container.path):
            options = _options(self.container, self._opened, self._tick)
            with av.open(f"file:{self.container.path}", "w", format=self.container.format, options=options) as result:
                self._describe(result)
                stream = _add_video(result, self._chunks[0][1], self._facts, self._header, self._tick)
                self._keep_description(stream)
                self._others.add_to(result)
                video = self._video_packets(stream)
                others = self._others.packets(self._opened, self._facts, self._origin_s)
                frames = 0
                for timed in merge(video, (_Timed(at_s, packet, False) for at_s, packet in others), key=_at):
                    result.mux_one(timed.packet)
                    frames += timed.frame
                    if timed.frame and frames % _REPORT_EVERY == 0:
                        report(frames)

    def verify(self, report: Report) -> float:
        """Read the result; see `verify`."""
        tick_s = float(self._tick)
        lengths = [len(index.times) for _, index in self._chunks]
        times = np.append(self.clock.times, self.clock.end).astype(np.float64)
        starts = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
        # Neither can begin before 0: sound that does (most AAC in MP4) moves all tracks by the same little.
        shifted = self.container.format in {"mpegts", "matroska"}
        return verify(
            self.container.path, times * tick_s, starts, tick_s, self._others.written, shifted=shifted, report=report
        )

    def _video_packets(self, stream: Any) -> Iterator[_Timed]:
        in_band = self._header.in_band or self.container.format == "mpegts"
        for path, index in self._chunks:
            header = index.header if self._header.in_band else self._header.data
            for one in read_packets(path, index):
                times = self.clock.next_times(one.pts)
                packet: AnyPacket = AnyPacket(header + one.data if in_band and one.key else one.data)
                packet.pts, packet.dts, packet.duration = times.pts, times.dts, times.duration
                packet.time_base = self._tick
                packet.is_keyframe = one.key
                packet.stream = stream
                yield _Timed(float(packet.dts * self._tick), packet, True)

    def _describe(self, result: OutputContainer) -> None:
        source = self._opened.container
        result.metadata.update({key: text for key, text in source.metadata.items() if key not in _OWN_METADATA})
        if chapters := source.chapters():
            result.set_chapters(chapters)

    def _keep_description(self, stream: Any) -> None:
        source = self._opened.stream
        stream.metadata.update({key: text for key, text in source.metadata.items() if key not in _OWN_METADATA})
        stream.disposition = source.disposition


def _at(timed: _Timed) -> float:
    return timed.at_s


def _check(facts: MediaFacts, chunks: list[ChunkIndex]) -> None:
    if not chunks:
        raise JobResultMismatchError("no picture was written")
    kinds = {(chunk.codec, chunk.width_px, chunk.height_px, chunk.time_base) for chunk in chunks}
    if len(kinds) > 1 or chunks[0].time_base != facts.time_base:
        raise JobResultMismatchError(f"the chunks do not fit together: {sorted(kinds)}")


def _origin(opened: OpenedVideo) -> int:
    """What becomes time 0, in ticks of the video track."""
    start_us = opened.container.start_time
    if opened.container.format.name not in _FROM_ZERO or not start_us:
        return 0
    return int(Fraction(start_us, 1_000_000) / opened.time_base)


def _scale_of(tick: Fraction) -> int:
    """MP4 gets finer ticks than coarse time bases, so that there is room for decoding times."""
    scale = 1
    while tick.denominator * scale < _FINE_ENOUGH:
        scale *= 2
    return scale


def _options(container: Container, opened: OpenedVideo, tick: Fraction) -> dict[str, str]:
    if container.format == "mpegts":
        return {"mpegts_copyts": "1"}
    if container.format == "matroska":
        return {}
    flags = "+faststart"
    if any("." in key for key in opened.container.metadata):
        flags += "+use_metadata_tags"  # phones keep place and model under names of their own
    ticks = tick.denominator
    return {"movflags": flags, "video_track_timescale": str(ticks), "movie_timescale": str(min(ticks, _MOST_TICKS))}


def _add_video(
    result: OutputContainer, index: ChunkIndex, facts: MediaFacts, header: TrackHeader, tick: Fraction
) -> Any:
    """A track for ready-made packets that says all that the encoder's would have."""
    # FFmpeg's `null` takes every codec and opens no file; the template's codec is never opened.
    template = av.open("-", "w", format="null").add_stream(_ENCODERS[index.codec])
    stream: Any = result.add_stream_from_template(template, opaque=True)
    context = stream.codec_context
    context.width, context.height, context.pix_fmt = index.width_px, index.height_px, "yuv420p"
    context.extradata = header.data
    context.time_base = stream.time_base = tick
    context.framerate = Fraction(facts.fps).limit_denominator(1001) if facts.fps else Fraction(25)
    context.color_primaries, context.color_trc, context.colorspace, context.color_range = facts.colour
    if facts.sample_aspect[0]:
        context.sample_aspect_ratio = Fraction(*facts.sample_aspect)
    if index.codec == "hevc" and result.format.name in {"mp4", "mov"}:
        # Apple's players know HEVC by the first name alone, which promises that nothing stands in band.
        context.codec_tag = "hev1" if header.in_band else "hvc1"
    if facts.display_matrix:
        stream.set_display_matrix(facts.display_matrix)
    return stream


def _flush(path: Path) -> None:
    with _naming_output(path), path.open("r+b") as file:
        os.fsync(file.fileno())


@contextmanager
def _naming_output(path: Path) -> Iterator[None]:
    try:
        yield
    except PopcamError:
        raise
    except (OSError, FFmpegError) as error:
        number = getattr(error, "errno", None)
        if number == errno.EINVAL and path.suffix != ".mkv":
            raise _RefusedError from error
        ours = StorageFullError if number in {28, 122, 112} else StorageReadOnlyError
        raise ours(f"{path}: {error}") from error

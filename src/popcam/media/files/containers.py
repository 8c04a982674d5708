"""Which container a result gets. Pure: opens nothing."""

from collections.abc import Collection
from pathlib import Path
from typing import Final, NamedTuple

import av
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.stream import VideoStream

_OF_SUFFIX: Final = {
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".mkv": "matroska",
    ".ts": "mpegts",
    ".mts": "mpegts",
    ".m2ts": "mpegts",
}
_SUFFIXES: Final = {"mp4": ".mp4", "matroska": ".mkv"}
_TRANSPORTED: Final = frozenset({"aac", "aac_latm", "mp2", "mp3", "ac3", "eac3", "dts", "opus", "dvb_subtitle"})
"""What transport streams are known for; FFmpeg would write anything into them as private data."""


class Container(NamedTuple):
    """FFmpeg's name of a format, and the path with a suffix that fits."""

    format: str
    path: Path
    refused: tuple[int, ...]
    """Indices of the tracks that it can't hold either."""


def choose_container(output: Path, tracks: Collection[Stream]) -> Container:
    """The asked container when it holds all tracks, else MP4, else Matroska, which holds nearly everything.

    Args:
        output: its suffix asks.
        tracks: sound, subtitles and attachments to be kept.
    """
    asked = _OF_SUFFIX.get(output.suffix.lower())
    names = [name for name in (asked, "mp4", "matroska") if name is not None]
    for name in names:
        if not refused_by(name, tracks):
            return Container(name, _fitting(output, name, asked), ())
    return Container("matroska", _fitting(output, "matroska", asked), refused_by("matroska", tracks))


def refused_by(name: str, tracks: Collection[Stream]) -> tuple[int, ...]:
    """Indices of the tracks that a container can't hold."""
    if name == "mpegts":
        return tuple(track.index for track in tracks if _codec_of(track) not in _TRANSPORTED)
    with av.open("-", "w", format=name) as trial:
        return tuple(track.index for track in tracks if not _takes(trial, name, track))


def kept_tracks(
    container: InputContainer, video: VideoStream, *, keep_pictures: bool
) -> tuple[list[Stream], list[str]]:
    """Tracks to copy, and names of those that are left out by rule."""
    kept: list[Stream] = []
    left_out: list[str] = []
    chapters = bool(container.chapters())
    for stream in container.streams:
        if stream.index == video.index or (stream.type == "data" and _is_made_anew(stream, chapters=chapters)):
            continue
        if stream.type == "video" and not keep_pictures:
            cover = bool(stream.disposition & Disposition.attached_pic)
            left_out.append(f"{'cover picture' if cover else 'video track'} {stream.index}")
        elif stream.type in {"audio", "subtitle", "attachment", "video"} and _codec_of(stream):
            kept.append(stream)
        else:
            left_out.append(f"{stream.type} track {stream.index}")
    return kept, left_out


def _takes(trial: av.container.OutputContainer, name: str, track: Stream) -> bool:
    if track.type == "attachment":
        return name == "matroska"
    if name == "mp4" and _codec_of(track).startswith("pcm_"):
        return False  # few players know it there, and unnamed channels can't be told
    try:
        trial.add_stream_from_template(track, opaque=True)
    except ValueError:
        return False
    return True


def _codec_of(track: Stream) -> str:
    if track.type == "attachment":
        return "attachment"
    context = getattr(track, "codec_context", None)
    if context is None:
        return ""
    return str(context.codec.canonical_name)


def _is_made_anew(track: Stream, *, chapters: bool) -> bool:
    """Whether a data track only repeats what muxers write by themselves: time codes (also the video track's metadata),
    and the names of chapters as MP4 keeps them."""
    return bool(track.metadata.get("timecode")) or (chapters and track.name == "bin_data")


def _fitting(output: Path, name: str, asked: str | None) -> Path:
    return output if name == asked else output.with_suffix(_SUFFIXES[name])

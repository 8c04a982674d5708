"""What the parts of this folder hand to one another and to the batch pipeline."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, Protocol

from popcam.core.batch import MediaFacts
from popcam.core.errors import PopcamError
from popcam.core.frame import Frame, Planes, UInt8Array
from popcam.core.jobs import Problem

_MOST_PROBLEMS: Final = 200

PhotoFormat = Literal["jpeg", "png", "webp", "bmp", "tiff"]


class Report(Protocol):
    """Called now and then with the number of frames (packets, while inspecting or joining) done so far.

    What it raises goes through to the caller of the function that reports: that is how work is cancelled.
    """

    def __call__(self, frames_done: int, /) -> None: ...


def silent(frames_done: int, /) -> None:
    """Reports nothing."""


class Problems:
    """Collects what could not be done while the rest goes on. Neighbouring stretches of the same kind become one."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    @property
    def found(self) -> tuple[Problem, ...]:
        return tuple(self._found)

    def add(
        self, error: type[PopcamError], detail: str = "", start_s: float | None = None, end_s: float | None = None
    ) -> None:
        """Note a problem; `start_s` and `end_s` are times of the medium."""
        new = Problem(code=error.code, detail=detail, start_s=start_s, end_s=end_s)
        last = self._found[-1] if self._found else None
        if last is not None and _continues(last, new):
            ends = [one.end_s for one in (last, new) if one.end_s is not None]
            end = max(ends, default=None)
            self._found[-1] = Problem(code=last.code, detail=last.detail, start_s=last.start_s, end_s=end)
        elif len(self._found) < _MOST_PROBLEMS:
            self._found.append(new)

    def extend(self, problems: tuple[Problem, ...]) -> None:
        """Take over what others found."""
        self._found.extend(problems[: _MOST_PROBLEMS - len(self._found)])


def _continues(last: Problem, new: Problem) -> bool:
    if (last.code, last.detail) != (new.code, new.detail):
        return False
    if last.end_s is None or new.start_s is None:
        return last.end_s is new.start_s
    return last.start_s is not None and last.start_s <= new.start_s <= last.end_s + 0.5


@dataclass(frozen=True, slots=True)
class SpanFrame:
    """One decoded frame of a video.

    Attributes:
        index: its number in the whole file, in the order of showing, from 0. Skipped and damaged frames leave gaps.
        pts: when it is shown, in the stream's own time base (`MediaFacts.time_base`).
        frame: the picture as coded: neither turned by the file's rotation nor deinterlaced; 8-bit 4:2:0. Its planes
            are read-only views of the decoder's memory where the source is 8-bit 4:2:0:
            `popcam.media.sources.picture.writable` gives a frame that may be edited. `frame.pts_s` is `pts` in
            seconds, `frame.seq` is `index`.
        damaged: the decoder says that a part of the picture is guessed.
    """

    index: int
    pts: int
    frame: Frame
    damaged: bool = False


class ChunkFacts(NamedTuple):
    """What a chunk file holds, and what made it. `fallback`: why it is not the hardware that was asked for."""

    frames: int
    frames_copied: int
    encoder: str
    fallback: str = ""


class JoinedFile(NamedTuple):
    """A whole result, read again and found complete. Its suffix may differ from the one that was asked for."""

    path: Path
    frames: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo in memory.

    Attributes:
        facts: size as stored; `rotation_deg` is how far to turn it clockwise for showing (EXIF orientation).
        frame: its picture in 8-bit 4:2:0, full range, BT.601, as stored (not turned). Planes are read-only:
            `frame.planes.copy()` may be edited and given to `write_photo`.
        format: of the file's bytes, whatever its suffix says.
        data: the file's bytes.
        pixels: the picture in its own format, so that what is not changed stays as it was: three planes of a
            JPEG, or (height, width[, channels]) of 8 or 16 bits of another format, BGR order, alpha last.
    """

    facts: MediaFacts
    frame: Frame
    format: PhotoFormat
    data: bytes = field(repr=False)
    pixels: "Planes | UInt8Array | Any" = field(repr=False)
    quality: int | None = None
    """Quality by which libjpeg's own tables become those of this JPEG; None when they are others."""

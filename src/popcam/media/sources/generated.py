"""Sources that paint their own pictures: pace, numbering and decode modes; a painter supplies the picture."""

import time
from dataclasses import dataclass, replace
from typing import Protocol

from popcam.core.errors import SourceAddressError, SourceEndedError, SourcePictureSizeError
from popcam.core.frame import Chunk, DecodeMode, Frame, Planes, StreamInfo
from popcam.core.spec import SourceSpec
from popcam.media.sources.address import numbers_in_query
from popcam.media.sources.continuity import Continuity
from popcam.media.sources.pacing import Pace, Ticks
from popcam.media.sources.picture import new_picture

MAX_SIDE_PX = 8192
MAX_FPS = 240.0


@dataclass(frozen=True, slots=True)
class PictureShape:
    """Size and rate of generated pictures."""

    width_px: int
    height_px: int
    fps: float


class Painter(Protocol):
    """Paints one picture."""

    def paint(self, planes: Planes, *, index: int, seq: int, unix_s: float) -> None:
        """Fill the planes. `index` is the place on the time line, `seq` the frame's number."""
        ...


class GeneratedSource:
    """A live source: a reader that is late gets the newest picture and a gap in the numbers.

    Every picture stands for itself, so each frame is a keyframe; the mode `KEYFRAMES` gives one per second.
    """

    def __init__(self, name: str, shape: PictureShape, painter: Painter, continuity: Continuity) -> None:
        self._info = StreamInfo(
            codec="none",
            width_px=shape.width_px,
            height_px=shape.height_px,
            fps=shape.fps,
            container=name,
            decoder="generated",
        )
        self._painter = painter
        self._continuity = continuity
        self._pace = Pace()
        self._ticks = Ticks(shape.fps, self._pace)
        self._per_second = max(1, round(shape.fps))
        self._start_pts_s = continuity.start_s(time.monotonic(), 1 / shape.fps)
        continuity.new_generation()

    @property
    def info(self) -> StreamInfo:
        return self._info

    def read(self, mode: DecodeMode, *, linger_s: float = 0.0) -> Chunk:  # noqa: ARG002 - it has no packets
        tick = self._ticks.wait()
        if tick is None:
            raise SourceEndedError("the source was closed")
        index, missed = tick
        self._continuity.last_pts_s = self._start_pts_s + index / self._info.fps
        self._continuity.last_read_monotonic_s = time.monotonic()
        match mode:
            case DecodeMode.ALL | DecodeMode.NONREF:
                self._continuity.lose(missed)
                return self._chunk(index)
            case DecodeMode.KEYFRAMES if self._in_new_second(index, missed):
                return self._chunk(index)
            case _:
                return Chunk(None, ())

    def _chunk(self, index: int) -> Chunk:
        begun_s = time.perf_counter()
        frame = self._frame(index)
        return Chunk(None, (frame,), time.perf_counter() - begun_s)

    def close(self) -> None:
        self._pace.stop()

    def _in_new_second(self, index: int, missed: int) -> bool:
        return index % self._per_second <= missed

    def _frame(self, index: int) -> Frame:
        picture, planes = new_picture(self._info.width_px, self._info.height_px)
        frame = Frame(
            planes=planes,
            seq=self._continuity.take_seq(),
            pts_s=self._start_pts_s + index / self._info.fps,
            captured_monotonic_s=time.monotonic(),
            captured_unix_s=time.time(),
            keyframe=True,
            interval_s=1 / self._info.fps,
            owner=picture,
        )
        self._painter.paint(planes, index=index, seq=frame.seq, unix_s=frame.captured_unix_s)
        return frame


def shape_of(spec: SourceSpec, default: PictureShape) -> PictureShape:
    """Size and rate that an address and a spec ask for; what stands in the address counts.

    Raises:
        SourceAddressError: the query holds something unknown.
        SourcePictureSizeError: larger than 8192 pixels.
    """
    asked = numbers_in_query(spec.url, frozenset({"width", "height", "fps"}))
    shape = replace(
        default,
        width_px=round(asked.get("width", spec.width_px or default.width_px)),
        height_px=round(asked.get("height", spec.height_px or default.height_px)),
        fps=asked.get("fps", spec.fps or default.fps),
    )
    if not (1 <= shape.width_px <= MAX_SIDE_PX and 1 <= shape.height_px <= MAX_SIDE_PX):
        raise SourcePictureSizeError(f"{shape.width_px}x{shape.height_px}")
    if shape.fps > MAX_FPS:
        raise SourceAddressError(f"{shape.fps:g} frames per second; at most {MAX_FPS:g}")
    return shape

"""The small picture that a model sees, made straight from the YUV planes: no full picture is ever converted."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import cv2
import numpy as np

from popcam.core import copies
from popcam.core.frame import FloatArray, Planes, UInt8Array

_MOST_UPSCALING: Final = 2.0  # enlarging further finds nothing more and only costs
_MOST_KEPT: Final = 6

Colour = Literal["BGR", "RGB"]
_FROM_I420: Final[dict[Colour, int]] = {"BGR": cv2.COLOR_YUV2BGR_I420, "RGB": cv2.COLOR_YUV2RGB_I420}


@dataclass(frozen=True, slots=True)
class PictureContract:
    """How a model wants its picture.

    Attributes:
        colour: order of the channels.
        mean: what is taken off the values 0..255, per channel in that order.
        deviation: what they are then divided by.
        multiple_px: both sides are filled up with black to multiples of this.
        square_px: both sides are exactly this instead; None for free sizes.
    """

    colour: Colour
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    deviation: tuple[float, float, float] = (1.0, 1.0, 1.0)
    multiple_px: int = 32
    square_px: int | None = None


class SmallPicture(NamedTuple):
    """A model's input. It is the memory of its thread: valid until the same thread prepares the next picture.

    Attributes:
        tensor: (1, 3, H, W) float32.
        content_wh: how much of it the picture fills, from the upper left corner; the rest is black.
    """

    tensor: FloatArray
    content_wh: tuple[int, int]


class _Scaled:
    """Memory for the planes of a scaled picture, one below the other as OpenCV converts them (I420)."""

    def __init__(self, content_wh: tuple[int, int]) -> None:
        width, height = content_wh
        self.i420: UInt8Array = np.empty((height * 3 // 2, width), np.uint8)
        flat, quarter = self.i420.reshape(-1)[height * width :], width * height // 4
        self.y = self.i420[:height]
        self.u = flat[:quarter].reshape(height // 2, width // 2)
        self.v = flat[quarter:].reshape(height // 2, width // 2)

    def take(self, planes: Planes, *, full_range: bool) -> UInt8Array:
        """Scale a picture to this size, with luma in 16..235."""
        for mine, plane in zip((self.y, self.u, self.v), planes, strict=True):
            copies.note(mine.size)
            # Into memory that is kept: a new picture for each frame would be cold.
            cv2.resize(plane, (mine.shape[1], mine.shape[0]), dst=mine, interpolation=cv2.INTER_LINEAR)
        if full_range:
            self._to_limited_range()
        return self.i420

    def _to_limited_range(self) -> None:
        """OpenCV's conversion takes luma in 16..235; full-range pictures would come out too hard.

        Source: ITU-R BT.601, 219 steps of luma and 224 of chroma.
        """
        cv2.convertScaleAbs(self.y, dst=self.y, alpha=219 / 255, beta=16)
        for chroma in (self.u, self.v):
            cv2.convertScaleAbs(chroma, dst=chroma, alpha=224 / 255, beta=128 - 128 * 224 / 255)


class ColourCanvas:
    """A model's input as a picture with colours, and a black border around it.

    Args:
        memory: (1, H, W * 3) uint8 to draw on, three values for each pixel.
        colour: their order.
    """

    def __init__(self, memory: UInt8Array, colour: Colour) -> None:
        self.picture: UInt8Array = memory.reshape(memory.shape[1], memory.shape[2] // 3, 3)
        self._code = _FROM_I420[colour]
        self._content_wh = (0, 0)
        self._content = self.picture
        self._scaled: _Scaled | None = None

    def draw(self, planes: Planes, content_wh: tuple[int, int], *, full_range: bool) -> None:
        """Scale and convert a picture into the upper left corner.

        Args:
            planes: the picture.
            content_wh: the size that it gets; even.
            full_range: luma spans 0..255 in `planes`.
        """
        if content_wh != self._content_wh:
            self._prepare(content_wh)
        i420 = None if full_range else joined(planes, content_wh)
        if i420 is None:
            self._scaled = self._scaled or _Scaled(content_wh)
            i420 = self._scaled.take(planes, full_range=full_range)
        # Straight into the model's memory; where OpenCV took other memory instead, it is copied.
        made = cv2.cvtColor(i420, self._code, dst=self._content)
        if made is not self._content:
            np.copyto(self._content, made)
        copies.note(self._content.size)

    def _prepare(self, content_wh: tuple[int, int]) -> None:
        """Make all of it black, for a picture of another size."""
        self.picture[:] = 0
        self._content = self.picture[: content_wh[1], : content_wh[0]]
        self._content_wh = content_wh
        self._scaled = None


def joined(planes: Planes, size_wh: tuple[int, int]) -> UInt8Array | None:
    """The planes as the one array (H * 3 / 2, W) that they are views of, when they have this even size and lie in one
    memory without gaps, as `PicturePool.planes` gives them; else None."""
    y, u, v = planes
    if (y.shape[1], y.shape[0]) != size_wh or y.base is None or y.base is not u.base or y.base is not v.base:
        return None
    memory: UInt8Array = y.base
    begin = memory.__array_interface__["data"][0]
    wanted = (begin, begin + y.size, begin + y.size + u.size)
    if memory.size != y.size + u.size + v.size or tuple(map(_begin_of, planes)) != wanted:
        return None
    return memory.reshape(size_wh[1] * 3 // 2, size_wh[0])


def _begin_of(plane: UInt8Array) -> int:
    begin: int = plane.__array_interface__["data"][0]
    return begin


class _Buffers:
    """Memory for one pair of sizes. The tensor's border is black once and for all."""

    def __init__(self, content_wh: tuple[int, int], input_wh: tuple[int, int], contract: PictureContract) -> None:
        width, height = content_wh
        black = -np.array(contract.mean, np.float32) / np.array(contract.deviation, np.float32)
        self.scaled = _Scaled(content_wh)
        self.colour: UInt8Array = np.empty((height, width, 3), np.uint8)
        self.channels: list[UInt8Array] = [np.empty((height, width), np.uint8) for _ in range(3)]
        self.tensor: FloatArray = np.empty((1, 3, input_wh[1], input_wh[0]), np.float32)
        self.tensor[:] = black[:, None, None]


class Preprocessor:
    """Makes small pictures. Each thread has its own memory, so any number of threads may use one.

    Args:
        longest_side_px: the longer side of the small picture; the other keeps the shape of the picture.
        contract: what the model wants.
    """

    def __init__(self, longest_side_px: int, contract: PictureContract) -> None:
        self._longest_side_px = contract.square_px or longest_side_px
        self._contract = contract
        self._plain = (contract.mean, contract.deviation) == ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
        self._local = threading.local()

    def __call__(self, planes: Planes, *, full_range: bool) -> SmallPicture:
        """Scale, convert and letterbox one picture: 0.5 ms from 1280x720 to 640x384, 0.6 to 0.8 after a model run."""
        content_wh = content_size(planes.width_px, planes.height_px, self._longest_side_px)
        buffers = self._buffers(content_wh)
        i420 = buffers.scaled.take(planes, full_range=full_range)
        cv2.cvtColor(i420, _FROM_I420[self._contract.colour], dst=buffers.colour)
        copies.note(buffers.colour.nbytes)
        # Splitting first: numpy is twice as slow when it must gather each third byte.
        cv2.split(buffers.colour, buffers.channels)
        width, height = content_wh
        for index, channel in enumerate(buffers.channels):
            target = buffers.tensor[0, index, :height, :width]
            np.copyto(target, channel)
            if not self._plain:
                target -= np.float32(self._contract.mean[index])
                target /= np.float32(self._contract.deviation[index])
        return SmallPicture(buffers.tensor, content_wh)

    def sizes(self, planes: Planes) -> tuple[tuple[int, int], tuple[int, int]]:
        """Width and height of the model's input for such a picture, and how much of it the picture fills."""
        content_wh = content_size(planes.width_px, planes.height_px, self._longest_side_px)
        return self.input_size(content_wh), content_wh

    def input_size(self, content_wh: tuple[int, int]) -> tuple[int, int]:
        """Width and height of the tensor that holds a content of this size."""
        if self._contract.square_px is not None:
            return self._contract.square_px, self._contract.square_px
        step = self._contract.multiple_px
        return -(-content_wh[0] // step) * step, -(-content_wh[1] // step) * step

    def _buffers(self, content_wh: tuple[int, int]) -> _Buffers:
        """This thread's memory for a size, made when it is new."""
        kept: OrderedDict[tuple[int, int], _Buffers] | None = getattr(self._local, "buffers", None)
        if kept is None:
            kept = self._local.buffers = OrderedDict()
        buffers = kept.get(content_wh)
        if buffers is None:
            buffers = kept[content_wh] = _Buffers(content_wh, self.input_size(content_wh), self._contract)
        kept.move_to_end(content_wh)
        while len(kept) > _MOST_KEPT:
            kept.popitem(last=False)
        return buffers


def content_size(width_px: int, height_px: int, longest_side_px: int) -> tuple[int, int]:
    """Size of the scaled picture: even, at least 2x2, the longer side at most `longest_side_px`."""
    scale = min(longest_side_px / max(width_px, height_px), _MOST_UPSCALING)
    most = longest_side_px - longest_side_px % 2

    def even(length_px: int) -> int:
        return min(max(2, 2 * round(length_px * scale / 2)), most)

    return even(width_px), even(height_px)

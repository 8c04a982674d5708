"""What the first pictures of a video say that its header does not."""

import struct
from collections.abc import Iterator
from itertools import chain, islice, pairwise
from typing import Any, Final, NamedTuple

import av
from av.error import FFmpegError

from popcam.media.files.opening import OpenedVideo
from popcam.media.files.packets import Step, Walk

_TRIES: Final = 200
"""Packets of which the first picture must come."""
_ORDER_PICTURES: Final = 48
_MADE_OF_RGB: Final = (2, 2, 6, 1)
"""FFmpeg converts RGB to BT.601 in video range."""


class Start(NamedTuple):
    """The first picture, and whether the times of the first ones grow in the order of showing."""

    picture: av.VideoFrame
    in_order: bool


def look_at_start(opened: OpenedVideo, *, check_order: bool) -> Start | None:
    """Decode the first picture, or some dozens to see whether their times grow; None when nothing can be decoded."""
    wanted = _ORDER_PICTURES if check_order else 1
    context = opened.stream.codec_context
    context.thread_count = 1
    first: av.VideoFrame | None = None
    times: list[int] = []
    steps: Iterator[Step | None] = chain(islice(Walk(opened), _TRIES), (None,))
    for step in steps:
        try:
            pictures = context.decode(step.packet if step else None)
        except FFmpegError:
            continue
        for picture in pictures:
            first = first or picture
            times.append(picture.pts or 0)
        if len(times) >= wanted:
            break
    return Start(first, all(one < later for one, later in pairwise(times))) if first else None


def colour_of(picture: av.VideoFrame) -> tuple[int, int, int, int]:
    """Primaries, transfer, matrix and range as they are once the picture is 4:2:0."""
    if picture.format.is_rgb:
        return _MADE_OF_RGB
    return int(picture.color_primaries), int(picture.color_trc), int(picture.colorspace), int(picture.color_range)


def display_matrix_of(picture: av.VideoFrame) -> tuple[int, ...]:
    """How the picture is turned and mirrored for showing; empty when it is not."""
    side_data: Any = picture.side_data  # a sequence of buffers, whatever PyAV's stubs say
    for item in side_data:
        if item.type.name == "DISPLAYMATRIX":
            return struct.unpack("9i", bytes(item))
    return ()

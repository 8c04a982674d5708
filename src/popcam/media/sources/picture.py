"""Decoded pictures as planes: views without copies, and copies that may be written.

**Never write into a decoder's picture.** A decoder keeps it to predict the following ones from: covering a face in
place would smear the cover, and what it should hide, over all frames up to the next keyframe (measured: a mean error
of 127 grey levels in every following frame of an x264 stream). So the planes of decoded frames are read-only views,
and `writable` gives a frame of its own memory to whoever wants to edit. Each frame's `owner` is an `av.VideoFrame`
with exactly these planes, so an encoder can take it without another copy.

A view keeps the memory it looks at alive by itself, also after the frame, the source and the decoder are gone.
"""

from dataclasses import replace

import av
import numpy as np
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange

from popcam.core import copies
from popcam.core.frame import Frame, Planes, UInt8Array
from popcam.media.sources.pyav import bytes_of

YUV420 = frozenset({"yuv420p", "yuvj420p"})


def new_picture(width_px: int, height_px: int, *, full_range: bool = False) -> tuple[av.VideoFrame, Planes]:
    """A YUV 4:2:0 picture of undefined content in memory of its own, and its writable planes."""
    picture = av.VideoFrame(width_px, height_px, "yuv420p")
    picture.color_range = ColorRange.JPEG if full_range else ColorRange.MPEG
    return picture, planes_of(picture, writable=True)


def planes_of(picture: av.VideoFrame, *, writable: bool) -> Planes:
    """The planes of a yuv420p or yuvj420p picture as views."""
    y, u, v = picture.planes
    return Planes(view_of(y, writable=writable), view_of(u, writable=writable), view_of(v, writable=writable))


def writable(frame: Frame) -> Frame:
    """A frame whose planes may be edited in place: the same one, or a copy when its planes belong to a decoder.

    The copy costs about 0.1 ms at 1280x720. The original stays as it was, so a detector may go on looking at it.
    """
    if frame.planes.y.flags.writeable:
        return frame
    picture, planes = new_picture(frame.width_px, frame.height_px, full_range=frame.full_range)
    for to, came in zip(planes, frame.planes, strict=True):
        np.copyto(to, came)
        copies.note(to.nbytes)
    if isinstance(frame.owner, av.VideoFrame):
        picture.colorspace = frame.owner.colorspace
        picture.pts = frame.owner.pts
        if frame.owner.time_base is not None:
            picture.time_base = frame.owner.time_base
    return replace(frame, planes=planes, owner=picture)


def view_of(plane: VideoPlane, *, writable: bool = True) -> UInt8Array:
    """One plane of bytes as an array, (height, width) uint8."""
    line_bytes, shape = plane.line_size, (plane.height, plane.width)
    memory = bytes_of(plane) if writable else bytes_of(plane).toreadonly()
    # In one call: this is done for three planes of every picture.
    if line_bytes < 0:  # stored bottom up; the buffer starts at the last row
        whole: UInt8Array = np.ndarray(shape, np.uint8, memory, strides=(-line_bytes, 1))
        return whole[::-1]
    return np.ndarray(shape, np.uint8, memory, strides=(line_bytes, 1))

"""PyAV's types where its stubs know more than its classes."""

from typing import TYPE_CHECKING, TypeAlias

import av
from av.video.plane import VideoPlane
from av.video.stream import VideoStream

if TYPE_CHECKING:
    VideoPacket: TypeAlias = av.Packet[VideoStream]
else:
    VideoPacket = av.Packet  # generic only in the stubs

__all__ = ["VideoPacket", "bytes_of", "copy_packet", "own_packet"]


def bytes_of(source: "VideoPlane | VideoPacket") -> "memoryview[int]":
    """A plane or packet as a buffer, without a copy. PyAV's stubs do not tell that they are ones."""
    return memoryview(source)


def copy_packet(packet: VideoPacket) -> VideoPacket:
    """A packet of its own that shares the encoded bytes."""
    copy: VideoPacket = av.Packet(bytes_of(packet))  # type: ignore[arg-type,assignment] # it takes any buffer
    copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
    copy.time_base = packet.time_base
    copy.is_keyframe = packet.is_keyframe
    copy.stream = packet.stream
    return copy


def own_packet(packet: VideoPacket) -> VideoPacket:
    """A packet in memory of its own, for packets whose bytes lie in a driver's buffer (V4L2).

    FFmpeg unmaps such buffers when the device is closed, whoever still looks at them; a frame of raw video is such a
    look too, without a copy. It also gives a buffer back to the closed device when the last look ends.
    """
    copy: VideoPacket = av.Packet(packet.size)  # type: ignore[assignment] # generic only in the stubs
    copy.update(bytes_of(packet))  # type: ignore[arg-type] # it takes any buffer
    copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
    copy.time_base = packet.time_base
    copy.is_keyframe = packet.is_keyframe
    return copy

"""Packets to FFmpeg pictures, as far as the decode mode asks, with catch-up and a budget for damage."""

import time
from typing import Final

import av
from av.codec.context import ThreadType
from av.video.codeccontext import VideoCodecContext

from popcam.core.errors import SourceCorruptError
from popcam.core.frame import DecodeMode, StreamInfo
from popcam.media.sources.gop import GroupKeeper
from popcam.media.sources.pyav import VideoPacket

IDLE_INTERVAL_S: Final = 0.5
"""In the mode `KEYFRAMES` at most one picture in this time: streams of keyframes alone (MJPEG) would save nothing."""
DAMAGED_AFTER_S: Final = 5.0
DAMAGED_AFTER_PACKETS: Final = 25
"""When for this time and for so many packets nothing could be decoded, the stream counts as damaged."""

MOST_IN_STEP = 1920 * 1080 * 30
"""Pixels per second."""


class Decoder:
    """One decoder and what it needs to jump in anywhere.

    Args:
        context: the codec, not open yet; its thread settings are made already.
    """

    def __init__(self, context: VideoCodecContext) -> None:
        self._context = context
        self._group = GroupKeeper()
        self._mode = DecodeMode.ALL
        self._in_step = True  # the decoder has seen all packets of the group so far
        self._last_picture_s: float | None = None
        self._failed_since_s: float | None = None
        self._failed_in_row = 0
        self.caught_up = False
        """Whether the newest call of `decode` went back to the last keyframe."""
        self.failed = 0
        """Packets that could not be decoded, since the start."""
        self.pictures = 0
        """Pictures that came out, since the start."""

    @property
    def context(self) -> VideoCodecContext:
        return self._context

    def decode(self, packet: VideoPacket, mode: DecodeMode) -> list[av.VideoFrame]:
        """Take the next packet.

        Returns:
            The pictures it completed. After less decoding, all pictures of the group so far: the caller knows
            which of them it has had already.

        Raises:
            SourceCorruptError: nothing could be decoded for a while.
        """
        self._group.add(packet)
        self.caught_up = False
        match mode:
            case DecodeMode.NOTHING:
                self._in_step = False
                return []
            case DecodeMode.KEYFRAMES:
                self._in_step = False
                return self._decode_alone(packet) if packet.is_keyframe and self._idle_due(packet) else []
            case DecodeMode.ALL | DecodeMode.NONREF:
                return self._decode_on(packet, mode)

    def drain(self) -> list[av.VideoFrame]:
        """The pictures that are still inside, at the end of a stream."""
        if not self._in_step or not self._context.is_open:
            return []
        pictures = self._feed(None)
        self._context.flush_buffers()
        return pictures

    def lose_packets(self) -> None:
        """Packets are missing before the next one."""
        self._group.clear()
        if self._context.is_open:
            self._context.flush_buffers()
        self._in_step = False

    def _decode_on(self, packet: VideoPacket, mode: DecodeMode) -> list[av.VideoFrame]:
        self._context.skip_frame = "NONREF" if mode is DecodeMode.NONREF else "DEFAULT"
        if self._in_step:
            return self._feed(packet)
        if not self._group.complete:
            return []  # nothing to begin with before the next keyframe
        self._restart()
        self._in_step = True
        self.caught_up = len(self._group.packets) > 1
        return [picture for kept in self._group.packets for picture in self._feed(kept)]

    def _decode_alone(self, packet: VideoPacket) -> list[av.VideoFrame]:
        """One keyframe, out at once: a decoder that reorders or has threads would keep it back."""
        self._context.skip_frame = "DEFAULT"
        self._restart()
        pictures = self._feed(packet) + self._feed(None)
        self._context.flush_buffers()
        return pictures

    def _restart(self) -> None:
        if self._context.is_open:
            self._context.flush_buffers()

    def _idle_due(self, packet: VideoPacket) -> bool:
        if packet.dts is None or packet.time_base is None:
            return True
        now_s = float(packet.dts * packet.time_base)
        if self._last_picture_s is not None and 0 <= now_s - self._last_picture_s < IDLE_INTERVAL_S:
            return False
        self._last_picture_s = now_s
        return True

    def _feed(self, packet: VideoPacket | None) -> list[av.VideoFrame]:
        try:
            pictures = self._context.decode(packet)
        except av.error.EOFError:
            return []
        except (av.error.FFmpegError, ValueError) as error:
            self._fail(error)
            return []
        if pictures:
            self.pictures += len(pictures)
            self._failed_in_row = 0
            self._failed_since_s = None
        return pictures

    def _fail(self, error: Exception) -> None:
        now_s = time.monotonic()
        self.failed += 1
        self._failed_in_row += 1
        if self._failed_since_s is None:
            self._failed_since_s = now_s
        long_ago = now_s - self._failed_since_s >= DAMAGED_AFTER_S
        if long_ago and self._failed_in_row >= DAMAGED_AFTER_PACKETS:
            raise SourceCorruptError(f"{self._failed_in_row} packets in a row could not be decoded") from error


def plays_in_step(info: StreamInfo, *, realtime: bool) -> bool:
    """Whether one thread decodes the stream as fast as it comes: what is live must be, and a file that is played at its
    own speed is up to 1080p at 30 frames per second (3.5 ms of 33 each). More threads cost a quarter more CPU."""
    return info.live or (realtime and info.width_px * info.height_px * info.fps <= MOST_IN_STEP)


def set_threads(context: VideoCodecContext, *, in_step: bool, threads: int) -> None:
    """In step: threads within one picture, for no delay. Else as many as help, a picture of delay each."""
    context.thread_type = ThreadType.SLICE if in_step else ThreadType.AUTO
    context.thread_count = threads if in_step else 0

"""What a camera's stream says about the camera: rate, evenness, losses, clock, and whether its picture is alive."""

from typing import Final, NamedTuple

from popcam.core.clock import Clock
from popcam.core.frame import Chunk, StreamInfo
from popcam.core.spec import SourceSpec, source_kind
from popcam.media.sources import Continuity
from popcam.pipeline.flow import Flow
from popcam.pipeline.line import Line
from popcam.vision.picture_watch import PictureWatch

FILMS: Final = frozenset({"rtsp", "http", "device"})
"""Sources with a camera behind them. What is painted or replayed may stand still."""


class Signs(NamedTuple):
    """The fields of a `CameraStatus` with the same names."""

    received_fps: float | None
    bitrate_bps: float
    frozen_s: float | None
    dark: bool | None
    lively: bool
    clock_skew_s: float | None
    jitter_s: float | None
    lost_packets: int
    rtt_s: float | None


class Vitals:
    """Follows one stream over reconnects. `take` is called by the thread that reads, for what it read.

    Args:
        spec: the stream.
        continuity: the source's notes.
        clock: the machine's.
        lively: the camera's picture is known to change, from an earlier run.
    """

    def __init__(self, spec: SourceSpec, continuity: Continuity, clock: Clock, *, lively: bool) -> None:
        self._continuity = continuity
        self._clock = clock
        self._films = source_kind(spec.url) in FILMS
        self._flow = Flow()
        self._line = Line(spec, clock)
        self._timed = False
        self.picture = PictureWatch(lively=lively, can_freeze=self._films)

    def opened(self, info: StreamInfo) -> None:
        """The stream was opened, for the first time or again."""
        self._timed = info.container == "rtsp"
        self._flow.begin()
        if not info.live and self._films:  # a recording that a web server holds
            self._films = False
            self.picture = PictureWatch(can_freeze=False)

    def take(self, chunk: Chunk) -> None:
        """Take in what was read."""
        packet = chunk.packet
        if packet is None:
            self._flow.came(self._clock.monotonic_s(), 0)
        else:
            self._flow.came(packet.captured_monotonic_s, packet.size_bytes)
            if self._timed:
                self._flow.timed(packet.captured_monotonic_s, packet.dts_s)
        for frame in chunk.frames:
            self.picture.look(frame, frame.captured_monotonic_s)

    def signs(self, *, running: bool) -> Signs:
        """What is true now. `running`: pictures come, as far as is known."""
        now_s = self._clock.monotonic_s()
        if running:
            self._line.look()
        rate = self._flow.rate(now_s)
        frozen_s = self.picture.frozen_s(now_s) if running else None
        return Signs(
            received_fps=None if rate.fps is None else round(rate.fps, 2),
            bitrate_bps=round(rate.bitrate_bps),
            frozen_s=None if frozen_s is None else round(frozen_s, 1),
            dark=self.picture.dark if running else None,
            lively=self.picture.lively,
            clock_skew_s=_rounded(self._continuity.clock_skew_s),
            jitter_s=_rounded(self._flow.jitter_s),
            lost_packets=self._continuity.lost_packets,
            rtt_s=_rounded(self._line.rtt_s),
        )


def _rounded(seconds: float | None) -> float | None:
    """To a microsecond."""
    return None if seconds is None else round(seconds, 6)

"""The running figures of one camera between two status reports."""

from dataclasses import dataclass, field

from popcam.core.frame import DecodeMode
from popcam.pipeline.load import WINDOW_S, LoadState, LoadWindow, judge
from popcam.pipeline.packet_motion import PacketMotion


@dataclass(frozen=True, slots=True)
class Window:
    """Figures of the time since the last report."""

    fps: float
    latency_ms: float | None
    every_frame: bool


@dataclass(slots=True)
class _Sums:
    """What one window adds up."""

    frames: int = 0
    latency_s: float = 0.0
    busy_s: float = 0.0

    @property
    def mean_latency_s(self) -> float | None:
        return self.latency_s / self.frames if self.frames else None


@dataclass(slots=True)
class RunningFigures:
    """Counters that the camera's threads write and its status reads.

    Attributes:
        window_began_s: monotonic time of the last report.
        awake_until_s: every frame is decoded until then.
        decoded_s: when the last frame was decoded.
        frames: processed frames since the start.
        failed: frames that could not be processed.
        left_out: frames that were not processed because of the load.
        load: how much is left out now.
        mode: how the stream is decoded now.
        packets: judges motion by packet sizes.
        every_since_s: since when every picture is decoded; None while not all are.
    """

    window_began_s: float
    awake_until_s: float
    decoded_s: float = 0.0
    frames: int = 0
    failed: int = 0
    left_out: int = 0
    load: LoadState = field(default_factory=LoadState)
    mode: DecodeMode = DecodeMode.ALL
    packets: PacketMotion = field(default_factory=PacketMotion)
    every_since_s: float | None = None
    _sums: _Sums = field(default_factory=_Sums)
    _judged: _Sums = field(default_factory=_Sums)
    _judged_s: float | None = None
    _dropped_before: int = 0

    def decodes(self, mode: DecodeMode, now_s: float) -> None:
        """The next packet is decoded in this way. Skipping what no other picture needs is load, and no wish."""
        self.mode = mode
        if mode not in (DecodeMode.ALL, DecodeMode.NONREF):
            self.every_since_s = None
        elif self.every_since_s is None:
            self.every_since_s = now_s

    def took(self, latency_s: float, busy_s: float) -> None:
        """One frame went through, so long after its capture, and kept the processing thread busy for so long."""
        self.frames += 1
        for sums in (self._sums, self._judged):
            sums.frames += 1
            sums.latency_s += latency_s
            sums.busy_s += busy_s

    def close_window(self, now_s: float) -> Window:
        """Figures since the last call; begins a new window. `now_s` is monotonic time."""
        length_s = max(1e-3, now_s - self.window_began_s)
        sums, self._sums = self._sums, _Sums()
        every = self.every_since_s is not None and self.every_since_s <= self.window_began_s
        self.window_began_s = now_s
        latency_s = sums.mean_latency_s
        return Window(
            fps=sums.frames / length_s,
            latency_ms=round(1000 * latency_s, 2) if latency_s is not None else None,
            every_frame=every,
        )

    def judge_load(self, now_s: float, dropped: int, interval_s: float, *, settling: bool) -> None:
        """Decide anew how much is left out; too early after the last time, decide nothing.

        Args:
            now_s: monotonic time.
            dropped: frames that the mailbox dropped since the start.
            interval_s: time between the source's frames.
            settling: the stream was just opened, or the engines are still being loaded: that tells nothing of later.
        """
        seconds = now_s - self._judged_s if self._judged_s is not None else 0.0
        if seconds < WINDOW_S and self._judged_s is not None:
            return
        sums, self._judged, first = self._judged, _Sums(), self._judged_s is None
        lately, self._dropped_before, self._judged_s = dropped - self._dropped_before, dropped, now_s
        if first or settling:
            return
        window = LoadWindow(
            seconds=seconds,
            dropped=lately,
            busy_share=sums.busy_s / seconds,
            latency_s=sums.mean_latency_s,
            interval_s=interval_s,
        )
        self.load = judge(self.load, window)

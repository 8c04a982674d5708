"""A clock that moves only when told."""

from dataclasses import dataclass


@dataclass
class FakeClock:
    """Implements `popcam.core.clock.Clock`."""

    now_s: float = 1000.0
    unix_offset_s: float = 1_700_000_000.0

    def monotonic_s(self) -> float:
        return self.now_s

    def unix_s(self) -> float:
        return self.unix_offset_s + self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def pass_s(self, seconds: float) -> None:
        self.now_s += seconds

"""A clock that a test moves by hand."""


class HandClock:
    """Both times begin at given values; `pass_s` moves both, `jump_s` the wall clock alone."""

    def __init__(self, unix_s: float = 1_700_000_000.0, monotonic_s: float = 1000.0) -> None:
        self._unix_s = unix_s
        self._monotonic_s = monotonic_s

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def unix_s(self) -> float:
        return self._unix_s

    def sleep(self, seconds: float) -> None:
        self.pass_s(seconds)

    def pass_s(self, seconds: float) -> None:
        """Time goes by."""
        self._unix_s += seconds
        self._monotonic_s += seconds

    def jump_s(self, seconds: float) -> None:
        """Somebody sets the wall clock."""
        self._unix_s += seconds

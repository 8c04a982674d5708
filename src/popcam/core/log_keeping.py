"""How much of each log is kept, as this process was told. Log files of all processes follow the same rules."""

from dataclasses import dataclass

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogKeeping:
    """When a log file is put away, and how long it stays then.

    Attributes:
        max_bytes: a file is put away at this size, or when it began `max_age_s` ago.
        max_files: so many that were put away are kept, of each log.
        max_age_s: they are deleted after this time.
    """

    max_bytes: int = 10_000_000
    max_files: int = 5
    max_age_s: float = 14 * DAY_S


_kept = {"rules": LogKeeping()}


def keep_logs(rules: LogKeeping) -> None:
    """Follow these rules in this process, and in those that it starts from now on."""
    _kept["rules"] = rules


def log_keeping() -> LogKeeping:
    """What was said last."""
    return _kept["rules"]

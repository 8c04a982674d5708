"""The times and rates of supervision that are no settings: measured or chosen once, replaced in tests."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetTimings:
    """How patient the fleet is. What users set stands in `WorkersSpec`."""

    start_timeout_s: float = 30.0
    """From the start of a process to its first answer. A cold disk and a busy machine make imports slow."""
    command_timeout_s: float = 5.0
    """Longest wait for the answer to a command."""
    kill_grace_s: float = 1.0
    """From SIGTERM to SIGKILL for a worker that hangs: its cameras stand still meanwhile, so it is short."""
    tick_s: float = 1.0
    """Pings are sent and ages are looked at this often."""
    first_backoff_s: float = 0.25
    max_backoff_s: float = 30.0
    stable_after_s: float = 30.0
    """A worker or camera that ran this long starts again at the first back-off."""
    probation_s: float = 60.0
    """A suspect that lives this long in a worker of its own returns to a shared one; doubled at each repeat."""
    idle_linger_s: float = 30.0
    """A shared worker without a camera ends after this time, so that a restart of its camera finds it still there."""
    spare_after_s: float = 20.0
    """Once a worker has run so long another process is started in advance, for when one fails."""
    spawn_burst: int = 8
    """Processes that may start at once; then `spawns_per_s`. Nothing can turn the fleet into a fork storm."""
    spawns_per_s: float = 4.0

"""What is left out when the machine can't keep up, and when it is taken up again. Pure rules.

The policy: each level halves how many pictures are processed, and so previews and detection, down to an eighth. Two
bad seconds in a row begin it, and each further one raises the level; a calm time, in which twice as many pictures would
fit, lowers it. Who lowers it too early waits twice as long the next time. A camera that hides faces looks at each
picture that it shows, on every level: what is not looked at is not shown.
"""

from dataclasses import dataclass, replace
from typing import Final

MOST_LEVEL: Final = 3
"""An eighth of the pictures. Beyond that the mailbox drops what does not fit."""
WINDOW_S: Final = 0.9
"""The least time to judge by; workers report once a second."""
FIRST_BAD: Final = 2
"""So many bad windows in a row begin to leave pictures out: one alone is a hiccup of the machine."""
LATE_DROPS: Final = 3
"""This many dropped frames in one window count as overload."""
LATE_S: Final = 0.5
LATE_INTERVALS: Final = 4.0
"""Pictures that come out later than both of these count as overload too: they wait somewhere for a turn."""
ROOM_BUSY: Final = 0.4
"""A processing thread that is busy for less than this share could take twice as many pictures."""
PATIENCE_S: Final = 10.0
MOST_PATIENCE_S: Final = 160.0
"""How long it must be calm before the next lower level is tried: at first, and at most."""
RELAPSE_S: Final = 20.0
"""Overload within this time after a level was lowered: that was too early."""
FORGIVEN_S: Final = 300.0
"""After so long without any overload on level 0, patience is as at first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadWindow:
    """What happened in one window of a live camera.

    Attributes:
        seconds: its length.
        dropped: frames that were dropped because processing was busy.
        busy_share: share of the time that the processing thread was at work, waiting for the processor included.
        latency_s: mean time from capture to published; None without frames.
        interval_s: time between the source's frames.
    """

    seconds: float
    dropped: int
    busy_share: float
    latency_s: float | None
    interval_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadState:
    """How much is left out, and what is remembered for deciding about it.

    Attributes:
        level: 0 for nothing; each further one halves the pictures.
        bad: bad windows in a row, up to now.
        calm_s: how long there has been room for twice as many.
        since_lowered_s: time since the level was lowered.
        patience_s: how long it must be calm.
    """

    level: int = 0
    bad: int = 0
    calm_s: float = 0.0
    since_lowered_s: float = float("inf")
    patience_s: float = PATIENCE_S

    @property
    def factor(self) -> int:
        """One of so many pictures is processed."""
        factor: int = 2**self.level
        return factor


def judge(state: LoadState, window: LoadWindow) -> LoadState:
    """The state after one more window."""
    since_s = state.since_lowered_s + window.seconds
    if is_overload(window):
        return _worse(state, since_s)
    state = replace(state, bad=0)
    calm_s = state.calm_s + window.seconds if window.busy_share <= ROOM_BUSY else 0.0
    if state.level and calm_s >= state.patience_s:
        return replace(state, level=state.level - 1, calm_s=0.0, since_lowered_s=0.0)
    if not state.level and since_s >= FORGIVEN_S:
        return LoadState()
    return replace(state, calm_s=calm_s, since_lowered_s=since_s)


def _worse(state: LoadState, since_s: float) -> LoadState:
    """The state after a bad window, so long after the level was lowered."""
    if not state.level and state.bad + 1 < FIRST_BAD:
        return replace(state, bad=state.bad + 1, calm_s=0.0, since_lowered_s=since_s)
    relapse = since_s <= RELAPSE_S
    return LoadState(
        level=min(MOST_LEVEL, state.level + 1),
        bad=state.bad + 1,
        since_lowered_s=float("inf"),
        patience_s=min(MOST_PATIENCE_S, 2 * state.patience_s) if relapse else state.patience_s,
    )


def is_overload(window: LoadWindow) -> bool:
    """Whether this window shows that the machine can't keep up."""
    if window.dropped >= LATE_DROPS:
        return True
    return window.latency_s is not None and window.latency_s > max(LATE_S, LATE_INTERVALS * window.interval_s)

"""Alerts and their changes, for what tells people of them."""

from typing import Any

from popcam.core.alerts import Alert, AlertChange, AlertKey, AlertState

T0 = 1_700_000_000.0


def alert(subject: str = "front", state: AlertState = "firing", rule: str = "camera-offline", **more: Any) -> Alert:
    """An alert about a camera, unless more is said."""
    values: dict[str, Any] = {
        "name": "Camera offline",
        "severity": "critical",
        "since_unix_s": T0,
        "active_unix_s": T0,
        "camera_id": subject,
    }
    return Alert(key=AlertKey(rule, subject), state=state, **(values | more))


def fires(subject: str = "front", **more: Any) -> AlertChange:
    """It begins to fire."""
    return AlertChange(alert(subject, **more), "pending")


def over(subject: str = "front", **more: Any) -> AlertChange:
    """It is over."""
    return AlertChange(alert(subject, "resolved", **more), "firing")

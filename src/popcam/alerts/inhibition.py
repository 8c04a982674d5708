"""Which alert explains another one, so that the other stays quiet: nobody needs forty messages about one dead worker.

What tells that something happened (a person in a zone, a failed login) is never explained away. Pure.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from popcam.alerts.builtin import CAMERA_OFFLINE
from popcam.core.alerts import Alert, AlertKey, ConditionKind
from popcam.core.monitoring import SEVERITIES

EXPLAINED_KINDS: frozenset[ConditionKind] = frozenset({"metric", "check"})


class Causes(NamedTuple):
    """Alerts that fire and explain others."""

    workers: Mapping[str, Alert]
    cameras: Mapping[str, Alert]


def causes_among(alerts: Iterable[Alert]) -> Causes:
    """Those that explain others: a worker that fails its cameras, a camera without frames all else about it."""
    workers: dict[str, Alert] = {}
    cameras: dict[str, Alert] = {}
    for alert in alerts:
        if alert.state != "firing":
            continue
        if alert.worker_id and not alert.camera_id and alert.severity != "info":
            workers.setdefault(alert.worker_id, alert)
        elif alert.camera_id and alert.key.rule_id == CAMERA_OFFLINE:
            cameras[alert.camera_id] = alert
    return Causes(workers, cameras)


def explained_by(alert: Alert, kind: ConditionKind, causes: Causes, worker_of: Callable[[str], str]) -> AlertKey | None:
    """The alert that explains this one, or None.

    Args:
        alert: what is to be told.
        kind: of its rule's condition.
        causes: what fires and explains others.
        worker_of: the worker that runs a camera, or ran it last; empty for none.
    """
    if not alert.camera_id or kind not in EXPLAINED_KINDS:
        return None
    worker = causes.workers.get(worker_of(alert.camera_id))
    if worker is not None:
        return worker.key
    offline = causes.cameras.get(alert.camera_id)
    if offline is None or offline.key == alert.key or _rank(alert) > _rank(offline):
        return None
    return offline.key


def key_text(key: AlertKey | None) -> str:
    """A key as one text: `rule:subject`."""
    return "" if key is None else f"{key.rule_id}:{key.subject}"


def _rank(alert: Alert) -> int:
    return SEVERITIES.index(alert.severity)

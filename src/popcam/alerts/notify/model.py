"""What a notification tells, as plain values that stay readable in the database. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from popcam.core.alerts import Alert, AlertChange, AlertKey, AlertState
from popcam.core.monitoring import SEVERITIES, Severity

TOLD_STATES: frozenset[AlertState] = frozenset({"firing", "error"})
"""What people are told of. `no_data` shows in the console alone: a rule for which it is bad says so (`no_data`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One alert within a notification, as it stood then; the fields are those of `Alert`."""

    rule_id: str
    subject: str
    name: str
    severity: Severity
    state: AlertState
    before: str = "none"
    camera_id: str = ""
    worker_id: str = ""
    since_unix_s: float = 0.0
    active_unix_s: float | None = None
    fired_unix_s: float | None = None
    value: float | None = None
    detail: str = ""
    detail_zh: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> AlertKey:
        """Which alert it is."""
        return AlertKey(self.rule_id, self.subject)

    @property
    def over(self) -> bool:
        """Whether it tells that the alert is over."""
        return self.state == "resolved"


class ClipWanted(NamedTuple):
    """A clip that follows a message: of which camera, around which time."""

    camera_id: str
    at_unix_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What leaves as one message: items, the newest state of each alert, the worst first.

    Attributes:
        repeated: nothing is new, it only lasts on.
        maybe_repeated: it may have arrived before.
        test: somebody pressed the test button.
        clip: it is the clip that follows a message about these items.
    """

    items: tuple[Item, ...]
    repeated: bool = False
    maybe_repeated: bool = False
    test: bool = False
    clip: ClipWanted | None = None

    @property
    def severity(self) -> Severity:
        """The worst of what lasts, else of what is over."""
        lasting = [item.severity for item in self.items if not item.over]
        return max(lasting or [item.severity for item in self.items] or ["info"], key=SEVERITIES.index)

    @property
    def over(self) -> bool:
        """All that it tells of is over."""
        return all(item.over for item in self.items) and bool(self.items)


def is_quiet(alert: Alert) -> bool:
    """Whether a silence, another alert that explains it, or somebody who has seen it keeps it quiet. That it is over is
    told also to those of whom one has seen it."""
    acknowledged = alert.acknowledged_unix_s is not None and alert.state != "resolved"
    return bool(alert.silenced_by or alert.inhibited_by) or acknowledged


def item_of(change: AlertChange) -> Item:
    """What is told of a change."""
    alert = change.alert
    return Item(
        rule_id=alert.key.rule_id,
        subject=alert.key.subject,
        name=alert.name,
        severity=alert.severity,
        state=alert.state,
        before=change.before,
        camera_id=alert.camera_id,
        worker_id=alert.worker_id,
        since_unix_s=alert.since_unix_s,
        active_unix_s=alert.active_unix_s,
        fired_unix_s=alert.fired_unix_s,
        value=alert.value,
        detail=alert.detail,
        detail_zh=alert.detail_zh,
        labels=dict(alert.labels),
    )


def facts_of(items: Iterable[Item], *, repeated: bool = False) -> dict[str, Any]:
    """Items as the outbox keeps them; fields that are empty are left out."""
    return {"alerts": [_short(item) for item in items], "repeated": repeated}


def clip_facts(items: Iterable[Item], clip: ClipWanted) -> dict[str, Any]:
    """What the outbox keeps of a clip that follows a message about these items."""
    return facts_of(items) | {"clip": clip._asdict()}


def clip_in(facts: Mapping[str, Any]) -> ClipWanted | None:
    """The clip that facts are about; None for those of a message."""
    return ClipWanted(**facts["clip"]) if "clip" in facts else None


def items_in(facts: Mapping[str, Any]) -> tuple[Item, ...]:
    """What `facts_of` made, read again. Fields that a later version added are passed over."""
    return tuple(
        Item(**{name: value for name, value in one.items() if name in _NAMES}) for one in facts.get("alerts", ())
    )


def merged(all_facts: Iterable[Mapping[str, Any]], *, maybe_repeated: bool = False) -> Message:
    """One message of several notifications, the oldest first: of each alert the newest counts."""
    newest: dict[AlertKey, Item] = {}
    repeated = True
    clip = None
    for facts in all_facts:
        clip = clip_in(facts)
        repeated = repeated and bool(facts.get("repeated"))
        for item in items_in(facts):
            newest.pop(item.key, None)
            newest[item.key] = item
    order = sorted(newest.values(), key=lambda item: (item.over, -SEVERITIES.index(item.severity)))
    return Message(items=tuple(order), repeated=repeated, maybe_repeated=maybe_repeated, clip=clip)


_NAMES = tuple(Item.__slots__)
_ALWAYS = ("rule_id", "subject", "name", "severity", "state")


def _short(item: Item) -> dict[str, Any]:
    values = {name: getattr(item, name) for name in _NAMES}
    return {name: value for name, value in values.items() if name in _ALWAYS or value not in ("", None, {})}

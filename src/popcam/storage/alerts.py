"""Rules, alerts, their changes and silences as rows. All functions work on the caller's transaction."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, select
from sqlalchemy.dialects import sqlite

from popcam.storage.tables import alert_changes, alert_rules, alerts, check_changes, events, silences

CHUNK = 500
"""Rows that one statement deletes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """A rule of the console."""

    rule_id: str
    spec: dict[str, Any]
    version: int
    changed_unix_s: float
    changed_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """An alert that stands; `facts` is the rest of it as JSON."""

    rule_id: str
    subject: str
    state: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """A change of an alert's state; `change_id` is 0 for one that is not written yet, and grows with time."""

    rule_id: str
    subject: str
    camera_id: str
    severity: str
    at_unix_s: float
    before: str
    now: str
    facts: dict[str, Any] = field(default_factory=dict)
    change_id: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SilenceRow:
    """A silence."""

    silence_id: str
    matchers: list[dict[str, Any]]
    author: str
    reason: str
    begins_unix_s: float
    ends_unix_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFilter:
    """Which changes. `camera_ids`: of none but these cameras, so of nothing that is about no camera."""

    rule_id: str | None = None
    subject: str | None = None
    camera_id: str | None = None
    camera_ids: frozenset[str] | None = None
    since_unix_s: float | None = None
    until_unix_s: float | None = None


def rules(connection: Connection) -> list[RuleRow]:
    """All rules of the console, by id."""
    query = select(alert_rules).order_by(alert_rules.c.rule_id)
    return [RuleRow(**row) for row in connection.execute(query).mappings()]


def put_rule(connection: Connection, row: RuleRow) -> None:
    """Write a rule over what it was."""
    _upsert(connection, alert_rules, ["rule_id"], [_values(row)])


def remove_rule(connection: Connection, rule_id: str) -> bool:
    """Delete a rule of the console; whether there was one."""
    return connection.execute(delete(alert_rules).where(alert_rules.c.rule_id == rule_id)).rowcount > 0


def standing(connection: Connection) -> list[AlertRow]:
    """All alerts that stand."""
    return [AlertRow(**row) for row in connection.execute(select(alerts)).mappings()]


def put_standing(connection: Connection, rows: Sequence[AlertRow]) -> None:
    """Write alerts over what they were."""
    _upsert(connection, alerts, ["rule_id", "subject"], [_values(row) for row in rows])


def remove_standing(connection: Connection, keys: Iterable[tuple[str, str]]) -> None:
    """Alerts that are over."""
    for rule_id, subject in keys:
        connection.execute(delete(alerts).where(alerts.c.rule_id == rule_id, alerts.c.subject == subject))


def add_changes(connection: Connection, rows: Sequence[ChangeRow]) -> None:
    """Write what changed, oldest first."""
    if rows:
        values = [{key: value for key, value in _values(row).items() if key != "change_id"} for row in rows]
        connection.execute(alert_changes.insert(), values)


def changes(connection: Connection, wanted: ChangeFilter, before_id: int | None, limit: int) -> list[ChangeRow]:
    """Changes from the newest to the oldest, those before an id."""
    of = alert_changes.c
    query = select(alert_changes).order_by(of.change_id.desc()).limit(limit)
    for column, value in ((of.rule_id, wanted.rule_id), (of.subject, wanted.subject), (of.camera_id, wanted.camera_id)):
        if value is not None:
            query = query.where(column == value)
    if wanted.camera_ids is not None:
        query = query.where(of.camera_id.in_(sorted(wanted.camera_ids - {""})))
    if wanted.since_unix_s is not None:
        query = query.where(of.at_unix_s >= wanted.since_unix_s)
    if wanted.until_unix_s is not None:
        query = query.where(of.at_unix_s < wanted.until_unix_s)
    if before_id is not None:
        query = query.where(of.change_id < before_id)
    return [ChangeRow(**row) for row in connection.execute(query).mappings()]


def prune_changes(connection: Connection, before_unix_s: float, max_rows: int) -> int:
    """Delete changes that are older or too many, a chunk at most; gives how many."""
    of = alert_changes.c
    ids = set(connection.scalars(select(of.change_id).where(of.at_unix_s < before_unix_s).limit(CHUNK)))
    surplus = (connection.scalar(select(func.count()).select_from(alert_changes)) or 0) - max_rows - len(ids)
    if surplus > 0:
        oldest = select(of.change_id).order_by(of.change_id).limit(min(surplus, CHUNK) + len(ids))
        ids.update(connection.scalars(oldest))
    _delete_ids(connection, ids)
    return len(ids)


def all_silences(connection: Connection) -> list[SilenceRow]:
    """All silences, also those that ended."""
    query = select(silences).order_by(silences.c.begins_unix_s, silences.c.silence_id)
    return [SilenceRow(**row) for row in connection.execute(query).mappings()]


def put_silence(connection: Connection, row: SilenceRow) -> None:
    """Write a silence over what it was."""
    _upsert(connection, silences, ["silence_id"], [_values(row)])


def prune_silences(connection: Connection, before_unix_s: float) -> None:
    """Delete silences that ended before."""
    connection.execute(delete(silences).where(silences.c.ends_unix_s < before_unix_s))


def check_history(
    connection: Connection, name: str, since_unix_s: float, until_unix_s: float, limit: int
) -> list[RowMapping]:
    """How checks of a name changed, oldest first: `check_id`, `at_unix_s`, `before`, `now`."""
    of = check_changes.c
    # An upper bound rather than LIKE: `;` follows `:`, which stands between a check's name and its subject.
    named = (of.check_id == name) | ((of.check_id >= f"{name}:") & (of.check_id < f"{name};"))
    query = select(of.check_id, of.at_unix_s, of.before, of.now).where(named)
    query = query.where(of.at_unix_s >= since_unix_s, of.at_unix_s < until_unix_s)
    return list(connection.execute(query.order_by(of.at_unix_s, of.change_id).limit(limit)).mappings())


def event_history(
    connection: Connection, kinds: Collection[str], since_unix_s: float, until_unix_s: float, limit: int
) -> list[RowMapping]:
    """Events of some kinds (of all when empty), oldest first: `event_id`, `camera_id`, `kind`, `label`, `place`,
    `started_unix_s`. The newest ones where there are more than `limit`."""
    of = events.c
    columns = (of.event_id, of.camera_id, of.kind, of.label, of.place, of.started_unix_s)
    query = select(*columns).where(of.started_unix_s >= since_unix_s, of.started_unix_s < until_unix_s)
    if kinds:
        query = query.where(of.kind.in_(sorted(kinds)))
    newest = query.order_by(of.started_unix_s.desc(), of.event_id.desc()).limit(limit)
    return list(connection.execute(newest).mappings())[::-1]


def _upsert(connection: Connection, table: Any, keys: list[str], rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    statement = sqlite.insert(table)
    others = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=others), list(rows))


def _delete_ids(connection: Connection, ids: Collection[int]) -> None:
    ordered = sorted(ids)
    for first in range(0, len(ordered), CHUNK):
        part = ordered[first : first + CHUNK]
        connection.execute(delete(alert_changes).where(alert_changes.c.change_id.in_(part)))


def _values(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}

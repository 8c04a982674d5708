"""Rules, alerts and silences between memory and the database."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import structlog
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection

from popcam.alerts.model import Standing
from popcam.alerts.rules import Rule, document_of, spec_of
from popcam.alerts.silences import Matcher, Silence
from popcam.core.alerts import Alert, AlertChange, AlertKey
from popcam.storage import Database, notifications
from popcam.storage import alerts as rows
from popcam.storage.notifications import NotificationRow

log = structlog.get_logger(__name__)

_ALERT: TypeAdapter[Alert] = TypeAdapter(Alert)
_MATCHERS: TypeAdapter[tuple[Matcher, ...]] = TypeAdapter(tuple[Matcher, ...])
_ALERT_FACTS = tuple(one.name for one in fields(Alert) if one.name not in {"key", "state", "labels"})
_CHANGE_FACTS = ("name", "value", "detail", "detail_zh", "worker_id", "fired_unix_s", "acknowledged_by", "silenced_by")


@dataclass(frozen=True, slots=True)
class Kept:
    """What was found at the start."""

    rules: dict[str, Rule]
    standings: tuple[Standing, ...]
    silences: tuple[Silence, ...]


class AlertStore:
    """The tables of alerts.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self) -> Kept:
        """All that is kept.

        Raises:
            DatabaseError: it can't be read.
        """
        return await self._database.run(_load)

    async def write(
        self,
        changed: dict[AlertKey, Standing | None],
        changes: Sequence[tuple[float, AlertChange]],
        notices: Sequence[NotificationRow],
    ) -> None:
        """Write alerts as they stand now, what changed and what is to be told of it: all, or nothing.

        Raises:
            DatabaseError: nothing was written.
        """
        gone = [(key.rule_id, key.subject) for key, standing in changed.items() if standing is None]
        stand = [_standing_row(standing) for standing in changed.values() if standing is not None]
        history = [_change_row(at_s, change) for at_s, change in changes]

        def work(connection: Connection) -> None:
            rows.remove_standing(connection, gone)
            rows.put_standing(connection, stand)
            rows.add_changes(connection, history)
            notifications.add(connection, notices)

        await self._database.run(work)

    async def put_rule(self, rule: Rule) -> None:
        """Keep a rule of the console.

        Raises:
            DatabaseError.
        """
        row = rows.RuleRow(
            rule_id=rule.rule_id,
            spec=document_of(rule.spec),
            version=int(rule.version),
            changed_unix_s=rule.changed_unix_s,
            changed_by=rule.changed_by,
        )
        await self._database.run(lambda connection: rows.put_rule(connection, row))

    async def remove_rule(self, rule_id: str) -> None:
        """Forget a rule of the console.

        Raises:
            DatabaseError.
        """
        await self._database.run(lambda connection: rows.remove_rule(connection, rule_id))

    async def put_silence(self, silence: Silence) -> None:
        """Keep a silence.

        Raises:
            DatabaseError.
        """
        row = rows.SilenceRow(
            silence_id=silence.silence_id,
            matchers=[asdict(matcher) for matcher in silence.matchers],
            author=silence.author,
            reason=silence.reason,
            begins_unix_s=silence.begins_unix_s,
            ends_unix_s=silence.ends_unix_s,
        )
        await self._database.run(lambda connection: rows.put_silence(connection, row))

    async def changes(
        self, wanted: rows.ChangeFilter, before_id: int | None = None, limit: int = 50
    ) -> list[rows.ChangeRow]:
        """What happened, the newest first.

        Raises:
            DatabaseError.
        """
        return await self._database.run(lambda connection: rows.changes(connection, wanted, before_id, limit))

    async def check_history(
        self, name: str, since_unix_s: float, until_unix_s: float, limit: int
    ) -> list[tuple[str, float, str, str]]:
        """How the checks of a name changed, the oldest first: subject, time, state before and after.

        Raises:
            DatabaseError.
        """
        found = await self._database.run(
            lambda connection: rows.check_history(connection, name, since_unix_s, until_unix_s, limit)
        )
        return [(row["check_id"].partition(":")[2], row["at_unix_s"], row["before"], row["now"]) for row in found]

    async def event_history(
        self, kinds: Collection[str], since_unix_s: float, until_unix_s: float, limit: int
    ) -> list[dict[str, Any]]:
        """Events of some kinds, the oldest first.

        Raises:
            DatabaseError.
        """
        found = await self._database.run(
            lambda connection: rows.event_history(connection, kinds, since_unix_s, until_unix_s, limit)
        )
        return [dict(row) for row in found]

    async def prune(self, changes_before_unix_s: float, max_changes: int, silences_before_unix_s: float) -> int:
        """Delete old changes, a chunk at a time, and silences that ended long ago; gives the number of changes.

        Raises:
            DatabaseError.
        """

        def work(connection: Connection) -> int:
            rows.prune_silences(connection, silences_before_unix_s)
            return rows.prune_changes(connection, changes_before_unix_s, max_changes)

        deleted = 0
        while chunk := await self._database.run(work):
            deleted += chunk
        return deleted


def _load(connection: Connection) -> Kept:
    return Kept(
        {rule.rule_id: rule for row in rows.rules(connection) for rule in _rule(row)},
        tuple(standing for row in rows.standing(connection) for standing in _standing(row)),
        tuple(silence for row in rows.all_silences(connection) for silence in _silence(row)),
    )


def _rule(row: rows.RuleRow) -> Iterable[Rule]:
    try:
        spec = spec_of(row.spec)
    except ValidationError as error:
        log.warning("alert.rule_unreadable", rule_id=row.rule_id, problems=error.error_count())
        return
    yield Rule(
        rule_id=row.rule_id,
        spec=spec,
        origin="console",
        version=str(row.version),
        changed_unix_s=row.changed_unix_s,
        changed_by=row.changed_by,
    )


def _standing_row(standing: Standing) -> rows.AlertRow:
    alert = standing.alert
    facts = {name: getattr(alert, name) for name in _ALERT_FACTS}
    facts |= {"labels": dict(alert.labels), "gone_unix_s": standing.gone_unix_s}
    return rows.AlertRow(rule_id=alert.key.rule_id, subject=alert.key.subject, state=alert.state, facts=facts)


def _standing(row: rows.AlertRow) -> Iterable[Standing]:
    facts = {name: value for name, value in row.facts.items() if name != "gone_unix_s"}
    document = {**facts, "key": [row.rule_id, row.subject], "state": row.state}
    try:
        alert = _ALERT.validate_json(json.dumps(document))
    except ValidationError as error:
        log.warning("alert.unreadable", rule_id=row.rule_id, subject=row.subject, problems=error.error_count())
        return
    yield Standing(alert=alert, gone_unix_s=row.facts.get("gone_unix_s"))


def _change_row(at_unix_s: float, change: AlertChange) -> rows.ChangeRow:
    alert = change.alert
    told = {name: getattr(alert, name) for name in _CHANGE_FACTS}
    return rows.ChangeRow(
        rule_id=alert.key.rule_id,
        subject=alert.key.subject,
        camera_id=alert.camera_id,
        severity=alert.severity,
        at_unix_s=at_unix_s,
        before=change.before,
        now=alert.state,
        facts={name: value for name, value in told.items() if value not in ("", None)},
    )


def _silence(row: rows.SilenceRow) -> Iterable[Silence]:
    try:
        matchers = _MATCHERS.validate_json(json.dumps(row.matchers))
    except ValidationError as error:
        log.warning("alert.silence_unreadable", silence_id=row.silence_id, problems=error.error_count())
        return
    yield Silence(
        silence_id=row.silence_id,
        matchers=matchers,
        author=row.author,
        reason=row.reason,
        begins_unix_s=row.begins_unix_s,
        ends_unix_s=row.ends_unix_s,
    )

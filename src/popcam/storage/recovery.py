"""Recovery runs as rows: what they mean is said in `core/alerts.py`, what follows from them in `alerts/`."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, or_, select, tuple_
from sqlalchemy.dialects import sqlite

from popcam.core.alerts import AlertKey, RecoveryRun
from popcam.storage.tables import recovery_runs

MAX_LOADED = 20_000
"""Most runs that are read at a start: the newest ones."""


class RunFilter(NamedTuple):
    """Which runs are wanted.

    Attributes:
        subject: a camera or worker that the alert, or the action, was about.
        within: one of these, in the same way; None for no limit.
        since_unix_s: begun at this time or later.
        before: start and id of the last run of the page above.
    """

    subject: str = ""
    within: Collection[str] | None = None
    since_unix_s: float | None = None
    before: tuple[float, str] | None = None


def put(connection: Connection, run: RecoveryRun) -> None:
    """Write a run, or how it stands now."""
    statement = sqlite.insert(recovery_runs).values(_values(run))
    changed = {name: statement.excluded[name] for name in ("ended_unix_s", "outcome", "code", "detail")}
    connection.execute(statement.on_conflict_do_update(index_elements=["run_id"], set_=changed))


def since(connection: Connection, unix_s: float) -> list[RecoveryRun]:
    """All runs that began at this time or later, oldest first; the newest of them where they are too many."""
    query = select(recovery_runs).where(recovery_runs.c.started_unix_s >= unix_s)
    query = query.order_by(recovery_runs.c.started_unix_s.desc(), recovery_runs.c.run_id.desc()).limit(MAX_LOADED)
    return [_run(row) for row in connection.execute(query).mappings()][::-1]


def page(connection: Connection, wanted: RunFilter, limit: int) -> list[RecoveryRun]:
    """Newest first."""
    runs = recovery_runs.c
    rules: list[ColumnElement[bool]] = []
    if wanted.subject:
        rules.append(or_(runs.target == wanted.subject, runs.subject == wanted.subject))
    if wanted.within is not None:
        rules.append(or_(runs.target.in_(wanted.within), runs.subject.in_(wanted.within)))
    if wanted.since_unix_s is not None:
        rules.append(runs.started_unix_s >= wanted.since_unix_s)
    if wanted.before is not None:
        rules.append(tuple_(runs.started_unix_s, runs.run_id) < tuple_(*wanted.before))
    query = select(recovery_runs).where(*rules).order_by(runs.started_unix_s.desc(), runs.run_id.desc()).limit(limit)
    return [_run(row) for row in connection.execute(query).mappings()]


def prune(connection: Connection, before_unix_s: float) -> int:
    """Forget runs that began before this time. Gives how many."""
    return connection.execute(delete(recovery_runs).where(recovery_runs.c.started_unix_s < before_unix_s)).rowcount


def _values(run: RecoveryRun) -> Mapping[str, Any]:
    return {
        "run_id": run.run_id,
        "rule_id": run.key.rule_id,
        "subject": run.key.subject,
        "target": run.subject,
        "action": run.action,
        "active_unix_s": run.active_unix_s,
        "started_unix_s": run.started_unix_s,
        "ended_unix_s": run.ended_unix_s,
        "outcome": run.outcome,
        "attempt": run.attempt,
        "code": run.code,
        "detail": run.detail[:400],
    }


def _run(row: RowMapping) -> RecoveryRun:
    same = {name: row[name] for name in ("run_id", "action", "active_unix_s", "started_unix_s", "ended_unix_s")}
    rest = {name: row[name] for name in ("outcome", "attempt", "code", "detail")}
    return RecoveryRun(**same, **rest, key=AlertKey(row["rule_id"], row["subject"]), subject=row["target"])

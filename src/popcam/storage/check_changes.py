"""Changes of health checks as rows, and a small write that shows whether the database takes any."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, delete, func, insert, select

from popcam.core.language import Text
from popcam.core.monitoring import CheckChange, CheckState
from popcam.storage.tables import check_changes

PROBE = "database.probe"
"""Id of the row that `probe` writes and removes; no check has it."""


MOST_SCANNED = 20_000
"""Rows that one page looks at: a reader who may see few of them must not keep the database busy."""


class Standing(NamedTuple):
    """How a check stood last, and since when."""

    state: CheckState
    since_unix_s: float


def add(connection: Connection, changes: Iterable[CheckChange]) -> None:
    """Write changes, oldest first."""
    rows = [change._asdict() | {"detail": {"en": change.detail.en, "zh": change.detail.zh}} for change in changes]
    if rows:
        connection.execute(insert(check_changes), rows)


def newest(connection: Connection) -> Mapping[str, Standing]:
    """How each check stood last, by its id."""
    query = select(check_changes.c.check_id, check_changes.c.now, check_changes.c.at_unix_s)
    rows = connection.execute(query.where(check_changes.c.change_id.in_(_last_ids())))
    return {row.check_id: Standing(row.now, row.at_unix_s) for row in rows}


def since(connection: Connection, check_id: str, since_unix_s: float, limit: int) -> list[CheckChange]:
    """The newest changes of a check after a time, oldest first, with the one before them: it tells how all began."""
    mine = check_changes.c.check_id == check_id
    # By number where times are the same, or the clock was set back.
    order = (check_changes.c.at_unix_s.desc(), check_changes.c.change_id.desc())
    after = select(check_changes).where(mine, check_changes.c.at_unix_s > since_unix_s).order_by(*order).limit(limit)
    found = [_change(row) for row in connection.execute(after)]
    if len(found) < limit:
        before = select(check_changes).where(mine, check_changes.c.at_unix_s <= since_unix_s).order_by(*order).limit(1)
        found += [_change(row) for row in connection.execute(before)]
    return found[::-1]


class Page(NamedTuple):
    """Changes of many checks, newest first, each with its number; `older` leads to the next page, None at the end."""

    changes: list[tuple[int, CheckChange]]
    older: int | None


def page(
    connection: Connection,
    *,
    since_unix_s: float,
    before_id: int | None,
    limit: int,
    keep: Callable[[CheckChange], bool],
) -> Page:
    """The newest changes of all checks after a time that `keep` takes.

    Args:
        connection: the database.
        since_unix_s: changes after it.
        before_id: `older` of the page before.
        limit: most changes.
        keep: whether a change is wanted.
    """
    query = select(check_changes).where(check_changes.c.at_unix_s > since_unix_s)
    if before_id is not None:
        query = query.where(check_changes.c.change_id < before_id)
    rows = connection.execute(query.order_by(check_changes.c.change_id.desc()).limit(MOST_SCANNED))
    found: list[tuple[int, CheckChange]] = []
    scanned, last_id = 0, None
    for row in rows:
        if len(found) == limit:
            return Page(found, last_id)
        scanned, last_id = scanned + 1, row.change_id
        if keep(change := _change(row)):
            found.append((row.change_id, change))
    return Page(found, last_id if scanned == MOST_SCANNED else None)


def prune(connection: Connection, before_unix_s: float, max_rows: int) -> int:
    """Remove changes that are older than a time, except the last one of each check, and the oldest beyond a number.

    Returns:
        How many were removed.
    """
    old = check_changes.c.at_unix_s < before_unix_s
    removed = connection.execute(
        delete(check_changes).where(old, check_changes.c.change_id.not_in(_last_ids()))
    ).rowcount
    beyond = select(check_changes.c.change_id).order_by(check_changes.c.change_id.desc()).offset(max_rows).limit(1)
    if (number := connection.scalar(beyond)) is not None:
        removed += connection.execute(delete(check_changes).where(check_changes.c.change_id <= number)).rowcount
    return removed


def probe(connection: Connection, at_unix_s: float) -> bool:
    """Write a row, read it back, remove it: all of it reaches the disk as any change does.

    Returns:
        Whether what was read is what was written.
    """
    row = {"check_id": PROBE, "at_unix_s": at_unix_s, "before": "", "now": "", "code": "", "detail": {}}
    connection.execute(insert(check_changes), [row])
    mine = check_changes.c.check_id == PROBE
    found = connection.scalars(select(check_changes.c.at_unix_s).where(mine)).all()
    connection.execute(delete(check_changes).where(mine))
    return at_unix_s in found


def _last_ids() -> Any:
    return select(func.max(check_changes.c.change_id)).group_by(check_changes.c.check_id).scalar_subquery()


def _change(row: Row[Any]) -> CheckChange:
    return CheckChange(
        check_id=row.check_id,
        at_unix_s=row.at_unix_s,
        before=row.before,
        now=row.now,
        code=row.code,
        detail=Text(row.detail["en"], row.detail["zh"]),
    )

"""One-minute points of figures as rows: one per series and hour. What is packed in them is said in `monitoring`.

All functions work in the caller's transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select
from sqlalchemy.dialects import sqlite

from popcam.storage.tables import metric_hours, metric_series

DELETE_CHUNK = 2000
"""Rows that one transaction deletes: other writers must not wait long."""


class SeriesKey(NamedTuple):
    """A metric and its labels as text."""

    metric: str
    labels: str


class HourRow(NamedTuple):
    """The points of one series in one hour since 1970."""

    series_id: int
    hour: int
    points: bytes


def series_ids(connection: Connection, keys: Iterable[SeriesKey]) -> dict[SeriesKey, int]:
    """The ids of these series; those that are new get one."""
    wanted = list(keys)
    if not wanted:
        return {}
    rows = [{"metric": key.metric, "labels": key.labels} for key in wanted]
    connection.execute(sqlite.insert(metric_series).on_conflict_do_nothing(), rows)
    found: dict[SeriesKey, int] = {}
    for metric in {key.metric for key in wanted}:
        query = select(metric_series).where(metric_series.c.metric == metric)
        found.update((SeriesKey(row.metric, row.labels), row.series_id) for row in connection.execute(query))
    return {key: found[key] for key in wanted}


def put(connection: Connection, rows: Sequence[HourRow]) -> None:
    """Write hours; known ones are replaced."""
    if rows:
        insert = sqlite.insert(metric_hours)
        upsert = insert.on_conflict_do_update(
            index_elements=["series_id", "hour"], set_={"points": insert.excluded.points}
        )
        connection.execute(upsert, [row._asdict() for row in rows])


def hour(connection: Connection, wanted: int) -> Mapping[SeriesKey, bytes]:
    """All series of one hour."""
    query = (
        select(metric_series.c.metric, metric_series.c.labels, metric_hours.c.points)
        .join_from(metric_hours, metric_series)
        .where(metric_hours.c.hour == wanted)
    )
    return {SeriesKey(row.metric, row.labels): row.points for row in connection.execute(query)}


def history(connection: Connection, key: SeriesKey, first_hour: int, last_hour: int) -> list[tuple[int, bytes]]:
    """The hours of one series, oldest first; only those that are there."""
    query = (
        select(metric_hours.c.hour, metric_hours.c.points)
        .join_from(metric_hours, metric_series)
        .where(metric_series.c.metric == key.metric, metric_series.c.labels == key.labels)
        .where(metric_hours.c.hour.between(first_hour, last_hour))
        .order_by(metric_hours.c.hour)
    )
    return [(row.hour, row.points) for row in connection.execute(query)]


def labels_of(connection: Connection, metric: str) -> list[str]:
    """The labels of all series of a metric that have points."""
    query = select(metric_series.c.labels).where(metric_series.c.metric == metric)
    return list(connection.scalars(query))


def oldest_surplus(connection: Connection, max_bytes: int) -> int | None:
    """The newest hour that has to go, so that the points of all later ones fit; None when all do."""
    size = func.sum(func.length(metric_hours.c.points) + ROW_BYTES)
    sizes = connection.execute(
        select(metric_hours.c.hour, size).group_by(metric_hours.c.hour).order_by(metric_hours.c.hour.desc())
    )
    total = 0
    for hour_number, size_bytes in sizes:
        total += int(size_bytes)
        if total > max_bytes:
            return int(hour_number)
    return None


ROW_BYTES = 24
"""What a row takes beside its points: its key, its place in two indexes."""


def delete_until(connection: Connection, last_hour: int) -> int:
    """Delete some rows of this hour and before; gives how many. Less than `DELETE_CHUNK`: all are gone."""
    doomed = (
        select(metric_hours.c.series_id, metric_hours.c.hour)
        .where(metric_hours.c.hour <= last_hour)
        .order_by(metric_hours.c.hour)
        .limit(DELETE_CHUNK)
    )
    keys = connection.execute(doomed).all()
    for hour_number in {row.hour for row in keys}:
        ids = [row.series_id for row in keys if row.hour == hour_number]
        connection.execute(
            delete(metric_hours).where(metric_hours.c.hour == hour_number, metric_hours.c.series_id.in_(ids))
        )
    return len(keys)


def delete_orphans(connection: Connection) -> int:
    """Forget series of which no point is left; gives how many."""
    kept = select(metric_hours.c.series_id).distinct()
    return connection.execute(delete(metric_series).where(metric_series.c.series_id.not_in(kept))).rowcount

"""One-minute points: made from the last hour's seconds, kept for weeks in the database.

A series has one row per hour with the mean, least and most of each minute, packed. The row of the hour that runs is
written anew each minute; while the database refuses, the hour stays here and is written with the next minute. An hour
that could not be written waits, up to a bound.
"""

import asyncio
import json
import threading
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import structlog
from sqlalchemy import Connection

from popcam.core.errors import DatabaseError
from popcam.core.monitoring import Labels, Points
from popcam.monitoring.rings import Rings
from popcam.storage import Database, figures
from popcam.storage.figures import HourRow, SeriesKey

log = structlog.get_logger(__name__)

MINUTES = 60
MINUTE_S = 60.0
MAX_WAITING_HOURS = 6
MAX_KEYS = 200_000
Hour = npt.NDArray[np.float32]
"""(60, 3): mean, least and most of each minute, NaN where nothing was measured."""


def pack(hour: Hour) -> bytes:
    """An hour as bytes: zlib over the bytes of equal weight side by side, which are alike."""
    return zlib.compress(np.ascontiguousarray(hour.T, "<f4").view(np.uint8).reshape(-1, 4).T.tobytes(), 1)


def unpack(points: bytes) -> Hour:
    """What `pack` packed.

    Raises:
        ValueError: it did not.
    """
    try:
        raw = np.frombuffer(zlib.decompress(points), np.uint8)
    except zlib.error as error:
        raise ValueError("not packed points") from error
    if raw.size != MINUTES * 3 * 4:
        raise ValueError(f"{raw.size} bytes of points")
    return np.ascontiguousarray(raw.reshape(4, -1).T).view("<f4").reshape(3, MINUTES).T.astype(np.float32)


def key_of(metric: str, labels: Labels) -> SeriesKey:
    """How the database knows a series."""
    return SeriesKey(metric, json.dumps(labels, ensure_ascii=False, separators=(",", ":")))


class Taken(NamedTuple):
    """What one minute brought for one metric: labels by row, and (rows, 3) figures."""

    minute: int
    metric: str
    labels: dict[int, Labels]
    figures: npt.NDArray[np.float32]


class Book:
    """The hours that are not done: the one that runs, and those that the database has not taken."""

    def __init__(self) -> None:
        self.hours: dict[int, dict[SeriesKey, Hour]] = {}
        self.unwritten: dict[int, set[SeriesKey]] = {}
        self._keys: dict[tuple[str, Labels], SeriesKey] = {}

    def note(self, taken: Taken) -> None:
        """Put the figures of one minute since 1970."""
        number, place = divmod(taken.minute, MINUTES)
        hours = self.hours.setdefault(number, {})
        unwritten = self.unwritten.setdefault(number, set())
        known = ~np.isnan(taken.figures[:, 0])
        for row, labels in taken.labels.items():
            if row >= len(known) or not known[row]:
                continue
            key = self._key(taken.metric, labels)
            hour = hours.get(key)
            if hour is None:
                hour = hours[key] = np.full((MINUTES, 3), np.nan, np.float32)
            hour[place] = taken.figures[row]
            unwritten.add(key)

    def merge(self, number: int, stored: Mapping[SeriesKey, bytes]) -> None:
        """Minutes of an hour that were written before, by a server that ran before. What is known here stays."""
        hours = self.hours.setdefault(number, {})
        for key, points in stored.items():
            before = _readable(points, key, number)
            hour = hours.setdefault(key, before)
            missing = np.isnan(hour[:, 0])
            hour[missing] = before[missing]

    def written(self, number: int) -> None:
        """The database has all of this hour."""
        self.unwritten.pop(number, None)

    def close_before(self, number: int) -> int:
        """Forget hours that are written; gives how many had to be forgotten that are not."""
        for old in [old for old in self.hours if old < number and old not in self.unwritten]:
            del self.hours[old]
        surplus = sorted(old for old in self.unwritten if old < number)[:-MAX_WAITING_HOURS]
        for old in surplus:
            del self.hours[old], self.unwritten[old]
        if len(self._keys) > MAX_KEYS:
            self._keys.clear()
        return len(surplus)

    def _key(self, metric: str, labels: Labels) -> SeriesKey:
        key = self._keys.get((metric, labels))
        if key is None:
            key = self._keys[metric, labels] = key_of(metric, labels)
        return key


class Minutes:
    """Keeps one-minute points.

    Args:
        database: where.
        bounds: days and megabytes that are kept, asked each time.
    """

    def __init__(self, database: Database, bounds: Callable[[], tuple[float, float]]) -> None:
        self.spent_s = 0.0
        """Processor time of writing so far."""
        self._database = database
        self._bounds = bounds
        self._book = Book()
        self._lock = threading.Lock()
        self._minute = 0
        self._seconds = 0
        self._waiting: list[Taken] = []
        self.writing: asyncio.Task[None] | None = None
        """What writes now."""
        self._failing = ""
        self._ids: dict[SeriesKey, int] = {}
        self._merged: set[int] = set()
        self._pruned_hour = 0

    def passed(self, unix_s: float, seconds: int, rings: Rings) -> None:
        """Seconds have passed; a minute that is over is taken down and written."""
        minute = int(unix_s // MINUTE_S)
        if minute != self._minute and self._minute:
            self._close(rings, seconds)
        self._minute = minute
        self._seconds += seconds

    async def history(self, name: str, labels: Labels, since_unix_s: float, until_unix_s: float) -> Points:
        """The minutes of one series in a time.

        Raises:
            DatabaseError.
        """
        return await self._database.in_thread(
            lambda: self._history(key_of(name, labels), int(since_unix_s // MINUTE_S), int(until_unix_s // MINUTE_S))
        )

    async def stop(self, rings: Rings) -> None:
        """Write the minute that has begun."""
        if self._seconds:
            self._close(rings, 0)
        while self.writing is not None:
            await asyncio.wait((self.writing,))

    def _close(self, rings: Rings, newer: int) -> None:
        """Take down the minute; `newer` seconds that were taken already belong to the next."""
        columns, self._seconds = self._seconds, 0
        for family, labels, found in rings.minute(columns, newer):
            self._waiting.append(Taken(self._minute, family.metric.name, dict(labels), found))
        if self.writing is None:
            self.writing = asyncio.create_task(self._write_all(), name="figures writer")

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, []
                await self._database.in_thread(partial(self._write, waiting))
        finally:
            self.writing = None

    def _write(self, waiting: Sequence[Taken]) -> None:
        began_s = time.thread_time()
        with self._lock:
            for taken in waiting:
                self._book.note(taken)
            try:
                self._write_book()
                self._prune_when_due(waiting[-1].minute // MINUTES if waiting else 0)
            except DatabaseError as error:
                self._ids.clear()
                if self._failing != error.code:
                    self._failing = error.code
                    log.warning("figures.wait", code=error.code, detail=error.detail)
            else:
                if self._failing:
                    log.info("figures.written_again")
                    self._failing = ""
            if waiting and (lost := self._book.close_before(waiting[-1].minute // MINUTES)):
                log.warning("figures.lost", hours=lost)
        self.spent_s += time.thread_time() - began_s

    def _write_book(self) -> None:
        book = self._book
        for number in sorted(book.unwritten):
            if number not in self._merged:
                book.merge(number, self._database.run_sync(partial(figures.hour, wanted=number)))
                self._merged = {number, *(old for old in self._merged if old in book.unwritten)}
            hours = book.hours[number]
            packed = {key: pack(hours[key]) for key in book.unwritten[number]}
            self._database.run_sync(partial(self._put, number, packed))
            book.written(number)

    def _put(self, number: int, packed: Mapping[SeriesKey, bytes], connection: Connection) -> None:
        new = [key for key in packed if key not in self._ids]
        ids = {**self._ids, **figures.series_ids(connection, new)} if new else self._ids
        figures.put(connection, [HourRow(ids[key], number, points) for key, points in packed.items()])
        self._ids = ids

    def _prune_when_due(self, hour: int) -> None:
        if hour <= self._pruned_hour:
            return
        keep_days, max_mb = self._bounds()
        last = hour - round(keep_days * 24)
        surplus = self._database.run_sync(partial(figures.oldest_surplus, max_bytes=int(max_mb * 1e6)))
        last = last if surplus is None else max(last, min(surplus, hour - 1))
        deleted = 0
        while (count := self._database.run_sync(partial(figures.delete_until, last_hour=last))) > 0:
            deleted += count
        if deleted:
            self._database.run_sync(figures.delete_orphans)
            self._ids.clear()
            log.info("figures.pruned", rows=deleted)
        self._pruned_hour = hour

    def _history(self, key: SeriesKey, first: int, last: int) -> Points:
        """Minutes from `first` to `last`, both included, in numbers since 1970."""
        first_hour, last_hour = first // MINUTES, last // MINUTES
        rows = self._database.run_sync(partial(figures.history, key=key, first_hour=first_hour, last_hour=last_hour))
        hours = {number: _readable(points, key, number) for number, points in rows}
        with self._lock:
            for number, known in self._book.hours.items():
                if first_hour <= number <= last_hour and key in known:
                    hours[number] = _over(known[key], hours.get(number))
        if not hours:
            return Points(MINUTE_S, (), (), (), ())
        begin = max(first, min(hours) * MINUTES)
        end = min(last, max(hours) * MINUTES + MINUTES - 1)
        found = np.full((end // MINUTES - begin // MINUTES + 1, MINUTES, 3), np.nan, np.float32)
        for number, hour in hours.items():
            found[number - begin // MINUTES] = hour
        flat = found.reshape(-1, 3)[begin % MINUTES :][: end - begin + 1]
        known_minutes = np.flatnonzero(~np.isnan(flat[:, 0]))
        if not len(known_minutes):
            return Points(MINUTE_S, (), (), (), ())
        flat = flat[known_minutes[0] : known_minutes[-1] + 1]
        times = (begin + known_minutes[0] + np.arange(len(flat))) * MINUTE_S
        return Points(MINUTE_S, times.tolist(), *(flat[:, place].tolist() for place in range(3)))


def _over(newer: Hour, older: Hour | None) -> Hour:
    return newer.copy() if older is None else np.where(np.isnan(newer[:, :1]), older, newer)


def _readable(points: bytes, key: SeriesKey, number: int) -> Hour:
    """An hour of the database. One that can't be read counts as not measured: figures are no reason to stop."""
    try:
        return unpack(points)
    except ValueError as error:
        log.warning("figures.damaged", metric=key.metric, labels=key.labels, hour=number, reason=str(error))
        return np.full((MINUTES, 3), np.nan, np.float32)

"""Finished results get their names, whole or not at all, and exactly once even when the server dies in between.

1. A name is chosen, and kept in the database with the result's hash: the file is `staged`.
2. The bytes are flushed and the file gets its name in one step.
3. The file's end is kept.

Whoever finds a staged file at a start looks for its hash under the name: there, step 2 was done; not there, it is done
now.
"""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from popcam.core.batch import FileRef
from popcam.core.errors import (
    JobDiskShortError,
    JobOutputExistsError,
    JobOutputRefusedError,
    PopcamError,
)
from popcam.core.jobs import ItemState, JobSpec, Problem
from popcam.jobs import disk
from popcam.jobs.model import item_end
from popcam.jobs.naming import split, with_suffix
from popcam.jobs.store import JobStore, problems_json, problems_of
from popcam.jobs.work import Outcome
from popcam.storage.jobs import ItemRow

Change = dict[str, object]
RESULT_COLUMNS = ("output", "output_sha256", "frames", "frames_copied", "faces", "bytes_out", "problems")
PUT_TRIES = 5
"""Names that others may snatch from us before it counts as refused."""


class Published(NamedTuple):
    """`ends` are the last changes of rows by number. Rows that are `staged` still wait for room on the disk."""

    ends: dict[int, Change]
    staged: tuple[ItemRow, ...] = ()
    short: JobDiskShortError | None = None


class Publisher:
    """Gives the results of one job their names."""

    def __init__(self, job_id: str, spec: JobSpec, store: JobStore) -> None:
        self._job_id = job_id
        self._spec = spec
        self._store = store

    async def publish(self, outcomes: Sequence[tuple[ItemRow, Outcome]]) -> Published:
        """Let results appear. The caller keeps their ends."""
        ends: dict[int, Change] = {}
        staged: list[tuple[ItemRow, bool]] = []
        for (row, _), chosen in zip(outcomes, await asyncio.to_thread(self._choose_all, outcomes), strict=True):
            if isinstance(chosen, dict):
                ends[row.item_id] = chosen
            else:
                staged.append(chosen)
        if staged:
            await self._store.change_items(self._job_id, {row.item_id: _as_staged(row) for row, _ in staged})
        put = await asyncio.to_thread(self._put_all, staged)
        return Published(ends | put.ends, put.staged, put.short)

    async def finish(self, row: ItemRow) -> Published | None:
        """What becomes of a row whose result was staged when the server ended; None when it has to be made again."""
        return await asyncio.to_thread(self._finish, row)

    def _finish(self, row: ItemRow) -> Published | None:
        final, staged = Path(row.output), Path(row.staged)
        if _has(final, row.output_sha256):
            staged.unlink(missing_ok=True)  # a second name of the same file, where the death was between two steps
            return Published({row.item_id: _end(row)})
        if not _has(staged, row.output_sha256):
            return None
        return self._put_all([(row, False)])

    def _choose_all(self, outcomes: Sequence[tuple[ItemRow, Outcome]]) -> list[tuple[ItemRow, bool] | Change]:
        return [self._choose(row, outcome) for row, outcome in outcomes]

    def _choose(self, row: ItemRow, outcome: Outcome) -> tuple[ItemRow, bool] | Change:
        """The row with its result's name, and whether this file may be written over; or how it ended before."""
        earlier = Path(row.output) if row.output else None
        own = earlier is not None and _has(earlier, row.output_sha256)
        try:
            final = earlier if own else disk.choose_name(_planned(row, outcome), self._spec.on_conflict)
            if final is None:
                return {"state": "skipped", "staged": ""}
            if os.path.realpath(final) == row.path:
                raise JobOutputRefusedError(f"{final} is the input itself")
        except PopcamError as error:
            return failed(row, error, outcome.problems)
        return _staged(row, outcome, final), own or self._spec.on_conflict == "replace"

    def _put_all(self, staged: Sequence[tuple[ItemRow, bool]]) -> Published:
        ends: dict[int, Change] = {}
        for index, (row, over) in enumerate(staged):
            try:
                ends[row.item_id] = self._put(row, over=over)
            except JobDiskShortError as error:
                return Published(ends, tuple(row for row, _ in staged[index:]), error)
        return Published(ends)

    def _put(self, row: ItemRow, *, over: bool) -> Change:
        final = Path(row.output)
        try:
            for _ in range(PUT_TRIES):
                try:
                    disk.put(Path(row.staged), final, replace=over)
                except FileExistsError:
                    if (chosen := disk.choose_name(final, self._spec.on_conflict)) is None:
                        return {"state": "skipped", "staged": "", "output": ""}
                    final = chosen
                else:
                    return _end(replace(row, output=str(final)))
        except (JobOutputRefusedError, JobOutputExistsError) as error:
            return failed(row, error, problems_of(row.problems))
        return failed(row, JobOutputExistsError(row.output), problems_of(row.problems))


def failed(row: ItemRow, error: PopcamError | Problem, before: tuple[Problem, ...] = ()) -> Change:
    """The end of a file of which nothing came."""
    problem = error if isinstance(error, Problem) else Problem(code=error.code, detail=error.detail)
    problems = tuple(dict.fromkeys((*before, problem)))
    return {"state": "failed", "staged": "", "problems": problems_json(problems), "frames": row.frames}


def _planned(row: ItemRow, outcome: Outcome) -> Path:
    """The planned name, with the container that the worker really took."""
    planned = Path(row.planned)
    if outcome.file is None:
        return planned
    suffix = split(Path(outcome.file.path).name)[1]
    if suffix.lower() == split(planned.name)[1].lower():
        return planned
    return planned.with_name(with_suffix(planned.name, suffix))


def _staged(row: ItemRow, outcome: Outcome, final: Path) -> ItemRow:
    file = outcome.file or FileRef(path="", sha256="", bytes=0)
    return replace(
        row,
        output=str(final),
        output_sha256=file.sha256,
        staged=file.path,
        frames=outcome.frames,
        frames_copied=outcome.frames_copied,
        faces=outcome.faces,
        bytes_out=file.bytes,
        problems=problems_json(outcome.problems),
    )


def _as_staged(row: ItemRow) -> Change:
    return {name: getattr(row, name) for name in ("staged", *RESULT_COLUMNS)}


def _end(row: ItemRow) -> Change:
    state: ItemState = item_end(problems_of(row.problems))
    return {"state": state, "staged": "", **{name: getattr(row, name) for name in RESULT_COLUMNS}}


def _has(path: Path, sha256: str) -> bool:
    try:
        return bool(sha256) and disk.sha256_of(path) == sha256
    except OSError:
        return False

"""Jobs, their files and finished chunks as rows: what they mean is said in `jobs/`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    case,
    delete,
    func,
    insert,
    not_,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import sqlite

from popcam.storage.tables import job_items, job_tasks, jobs

INSERT_CHUNK = 2000
"""Rows that one statement inserts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """One job. `totals` are sums over its files, `problem` is why it failed as a whole."""

    job_id: str
    kind: str
    name: str
    state: str
    priority: int
    created_unix_s: float
    started_unix_s: float | None = None
    ended_unix_s: float | None = None
    spec: dict[str, Any] = field(default_factory=dict, repr=False)
    output_dir: str = ""
    problem: dict[str, Any] | None = None
    totals: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """One file of a job.

    Attributes:
        source: as people named it; `path` is where it is.
        planned: where the result is to go when nothing is in the way.
        output: where it is, or was about to be put; its bytes have `output_sha256`.
        staged: the finished result before it is put there; empty while it is not finished.
    """

    job_id: str
    item_id: int
    source: str
    path: str
    planned: str = ""
    output: str = ""
    output_sha256: str = ""
    staged: str = ""
    state: str = "queued"
    frames: int = 0
    frames_copied: int = 0
    faces: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    problems: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """One chunk: `done` with its file and the worker's answer, or `failed` after so many attempts."""

    job_id: str
    item_id: int
    stage: str
    span: int
    state: str
    attempts: int = 0
    file: str = ""
    sha256: str = ""
    size_bytes: int = 0
    result: bytes = field(default=b"", repr=False)


JOB_COLUMNS = tuple(JobRow.__dataclass_fields__)
ITEM_COLUMNS = tuple(ItemRow.__dataclass_fields__)
TASK_COLUMNS = tuple(TaskRow.__dataclass_fields__)


def add_job(connection: Connection, row: JobRow, items: Sequence[ItemRow]) -> None:
    """Put a new job with all its files."""
    connection.execute(insert(jobs).values(_values(row, JOB_COLUMNS)))
    for start in range(0, len(items), INSERT_CHUNK):
        values = [_values(item, ITEM_COLUMNS) for item in items[start : start + INSERT_CHUNK]]
        connection.execute(insert(job_items), values)


def get_job(connection: Connection, job_id: str) -> JobRow | None:
    """One job."""
    row = connection.execute(select(jobs).where(jobs.c.job_id == job_id)).mappings().one_or_none()
    return None if row is None else JobRow(**row)


def list_jobs(
    connection: Connection,
    *,
    states: Collection[str] = (),
    kinds: Collection[str] = (),
    since_unix_s: float | None = None,
    before: tuple[float, str] | None = None,
    limit: int,
) -> list[JobRow]:
    """Newest first; `before` is the last row of the page above."""
    query = select(jobs)
    if states:
        query = query.where(jobs.c.state.in_(states))
    if kinds:
        query = query.where(jobs.c.kind.in_(kinds))
    if since_unix_s is not None:
        query = query.where(jobs.c.created_unix_s >= since_unix_s)
    if before is not None:
        query = query.where(tuple_(jobs.c.created_unix_s, jobs.c.job_id) < tuple_(*before))
    query = query.order_by(jobs.c.created_unix_s.desc(), jobs.c.job_id.desc()).limit(limit)
    return [JobRow(**row) for row in connection.execute(query).mappings()]


def open_jobs(connection: Connection) -> list[JobRow]:
    """Jobs that have not ended, oldest first."""
    query = select(jobs).where(jobs.c.state.in_(("queued", "running")))
    query = query.order_by(jobs.c.created_unix_s, jobs.c.job_id)
    return [JobRow(**row) for row in connection.execute(query).mappings()]


def unfinished(connection: Connection) -> set[str]:
    """Ids of jobs of which something can still be done."""
    return set(connection.scalars(select(jobs.c.job_id).where(jobs.c.state != "succeeded")))


def ended_before(connection: Connection, unix_s: float, limit: int) -> list[str]:
    """Ids of jobs that ended before this time, oldest first."""
    query = select(jobs.c.job_id).where(jobs.c.state.not_in(("queued", "running")), jobs.c.ended_unix_s < unix_s)
    return list(connection.scalars(query.order_by(jobs.c.ended_unix_s).limit(limit)))


def specs(connection: Connection) -> Iterable[dict[str, Any]]:
    """What was asked of each job that is known."""
    return list(connection.scalars(select(jobs.c.spec)))


def change_job(connection: Connection, job_id: str, **values: object) -> bool:
    """Set columns. False: there is no such job."""
    return connection.execute(update(jobs).where(jobs.c.job_id == job_id).values(values)).rowcount == 1


def delete_job(connection: Connection, job_id: str) -> bool:
    """Remove a job with its files and chunks. False: there was none."""
    return connection.execute(delete(jobs).where(jobs.c.job_id == job_id)).rowcount == 1


def list_items(
    connection: Connection,
    job_id: str,
    *,
    wanted: ColumnElement[bool] | None = None,
    after: int = 0,
    limit: int,
) -> list[ItemRow]:
    """Files with a greater number than `after`, in their order."""
    query = select(job_items).where(job_items.c.job_id == job_id, job_items.c.item_id > after)
    if wanted is not None:
        query = query.where(wanted)
    return [ItemRow(**row) for row in connection.execute(query.order_by(job_items.c.item_id).limit(limit)).mappings()]


def in_states(states: Collection[str]) -> ColumnElement[bool]:
    """Files in these states."""
    return job_items.c.state.in_(states)


def in_states_now(states: Collection[str], active: Collection[int]) -> ColumnElement[bool]:
    """Files in these states, where those that are `active` are kept as queued and count as running."""
    kept: ColumnElement[bool] = job_items.c.state.in_([state for state in states if state not in {"queued", "running"}])
    waiting, working = job_items.c.state == "queued", job_items.c.item_id.in_(active)
    if "queued" in states:
        kept = or_(kept, and_(waiting, not_(working)))
    if "running" in states:
        kept = or_(kept, and_(waiting, working))
    return kept


def get_item(connection: Connection, job_id: str, item_id: int) -> ItemRow | None:
    """One file of a job."""
    where = (job_items.c.job_id == job_id, job_items.c.item_id == item_id)
    row = connection.execute(select(job_items).where(*where)).mappings().one_or_none()
    return None if row is None else ItemRow(**row)


def change_items(connection: Connection, job_id: str, changes: Mapping[int, Mapping[str, object]]) -> None:
    """Set columns of files, each its own."""
    for item_id, values in changes.items():
        where = (job_items.c.job_id == job_id, job_items.c.item_id == item_id)
        connection.execute(update(job_items).where(*where).values(**values))


def change_states(connection: Connection, job_id: str, before: Collection[str], after: str, **values: object) -> int:
    """Bring all files of some states into another; gives their number."""
    where = (job_items.c.job_id == job_id, job_items.c.state.in_(before))
    return connection.execute(update(job_items).where(*where).values(state=after, **values)).rowcount


def wake_items(connection: Connection, job_id: str, states: Collection[str]) -> int:
    """Let files of some states wait again, if they have a path at all; gives their number. A video's frames are counted
    when it is done, a photo's one always."""
    where = (job_items.c.job_id == job_id, job_items.c.state.in_(states), job_items.c.path != "")
    frames = case((job_items.c.frames > 1, 0), else_=job_items.c.frames)
    again = update(job_items).where(*where).values(state="queued", problems=[], staged="", frames=frames)
    return connection.execute(again).rowcount


def lost_items(connection: Connection, job_id: str, stage: str) -> list[int]:
    """Files of which a step of this stage has failed for good."""
    where = (job_tasks.c.job_id == job_id, job_tasks.c.stage == stage, job_tasks.c.state == "failed")
    return list(connection.scalars(select(job_tasks.c.item_id).where(*where).distinct()))


@dataclass(frozen=True, slots=True, kw_only=True)
class StateSums:
    """Sums over the files of one job that are in one state."""

    state: str
    items: int
    frames: int
    frames_copied: int
    bytes_in: int


def sums(connection: Connection, job_id: str) -> list[StateSums]:
    """Sums by state."""
    columns = (
        job_items.c.state,
        func.count().label("items"),
        func.sum(job_items.c.frames).label("frames"),
        func.sum(job_items.c.frames_copied).label("frames_copied"),
        func.sum(job_items.c.bytes_in).label("bytes_in"),
    )
    query = select(*columns).where(job_items.c.job_id == job_id).group_by(job_items.c.state)
    return [StateSums(**row) for row in connection.execute(query).mappings()]


def item_tasks(connection: Connection, job_id: str, item_id: int) -> list[TaskRow]:
    """The chunks of one file that are known, in order."""
    query = select(job_tasks).where(job_tasks.c.job_id == job_id, job_tasks.c.item_id == item_id)
    query = query.order_by(job_tasks.c.stage, job_tasks.c.span)
    return [_task(row) for row in connection.execute(query).mappings()]


def put_task(connection: Connection, row: TaskRow) -> None:
    """Remember a chunk, in the place of what was known of it."""
    values = _values(row, TASK_COLUMNS)
    statement = sqlite.insert(job_tasks).values(values)
    keys = ["job_id", "item_id", "stage", "span"]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=values))


def forget_tasks(
    connection: Connection, job_id: str, *, item_id: int | None = None, stages: Collection[str] = (), state: str = ""
) -> None:
    """Forget chunks of a job: of one file, of some stages, in one state, where these are named."""
    query = delete(job_tasks).where(job_tasks.c.job_id == job_id)
    if item_id is not None:
        query = query.where(job_tasks.c.item_id == item_id)
    if stages:
        query = query.where(job_tasks.c.stage.in_(stages))
    if state:
        query = query.where(job_tasks.c.state == state)
    connection.execute(query)


def forget_task(connection: Connection, job_id: str, item_id: int, stage: str, span: int) -> None:
    """Forget one chunk."""
    where = (job_tasks.c.job_id == job_id, job_tasks.c.item_id == item_id)
    connection.execute(delete(job_tasks).where(*where, job_tasks.c.stage == stage, job_tasks.c.span == span))


def _task(row: RowMapping) -> TaskRow:
    return TaskRow(**{**row, "result": bytes(row["result"])})


def _values(row: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}

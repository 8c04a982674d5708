"""The end of a job: what was not begun is named as what it is, and the sums are kept with the state."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from popcam.core.errors import JobCancelledError, PopcamError
from popcam.core.jobs import JobState, Problem
from popcam.jobs.model import RETRIED_ITEMS, Totals, job_end, weight_of
from popcam.jobs.store import JobStore, problems_json
from popcam.storage import jobs as rows
from popcam.storage.jobs import JobRow, StateSums

if TYPE_CHECKING:
    from popcam.jobs.run import JobRun


async def end_job(run: "JobRun", store: JobStore, unix_s: float, reason: PopcamError | None) -> JobRow:
    """Keep how a job ended; finished chunks stay, so that it can be retried.

    Args:
        reason: why it did not come to its end by itself; None when it did.
    """
    cancelled = isinstance(reason, JobCancelledError)
    rest = "cancelled" if cancelled else "failed"
    problem = None if reason is None else Problem(code=reason.code, detail=reason.detail)
    told = problem if not cancelled else None
    item_problems = problems_json([told] if told is not None else [])

    def work(connection: Connection) -> JobRow:
        rows.change_states(connection, run.job_id, ("queued",), rest, problems=item_problems)
        totals = sums_of(rows.sums(connection, run.job_id))
        state: JobState = "cancelled" if cancelled else job_end(totals.item_counts())
        row = replace(
            run.row,
            state=state,
            ended_unix_s=unix_s,
            totals=totals.as_json(),
            problem=None if told is None else problems_json([told])[0],
        )
        names = ("state", "ended_unix_s", "totals", "problem")
        rows.change_job(connection, run.job_id, **{name: getattr(row, name) for name in names})
        return row

    return await store.keep(work)


def sums_of(states: Sequence[StateSums]) -> Totals:
    """The sums of a job from those of its files by state."""
    totals = Totals()
    for one in states:
        weight = one.bytes_in + weight_of(0) * one.items
        totals.counts[one.state] = one.items
        totals.bytes_total += weight
        totals.frames_total += one.frames
        if one.state != "queued":
            totals.bytes_done += weight
        if one.state in {"succeeded", "partial"}:
            totals.frames_done += one.frames
            totals.frames_copied += one.frames_copied
    return totals


def wake_job(connection: Connection, job_id: str) -> None:
    """Let an ended job do again what did not succeed. Finished chunks stay, unless they follow from a lost
    one."""
    for item_id in rows.lost_items(connection, job_id, "find"):
        rows.forget_tasks(connection, job_id, item_id=item_id, stages=("follow", "write", "join"))
    for item_id in rows.lost_items(connection, job_id, "write"):
        rows.forget_tasks(connection, job_id, item_id=item_id, stages=("join",))
    for state in ("failed", "tried"):
        rows.forget_tasks(connection, job_id, state=state)
    rows.wake_items(connection, job_id, RETRIED_ITEMS)
    totals = sums_of(rows.sums(connection, job_id))
    rows.change_job(connection, job_id, state="queued", ended_unix_s=None, problem=None, totals=totals.as_json())

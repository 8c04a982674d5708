"""How a job in work stands, in the words of `core.jobs`. Pure."""

from typing import TYPE_CHECKING, Any, Literal

import msgspec

from popcam.core.jobs import FINISHED_STATES, ItemState, JobItem, JobStatus, Problem
from popcam.jobs.model import Stage, Totals, weight_of
from popcam.jobs.store import problems_of
from popcam.jobs.work import VideoWork

if TYPE_CHECKING:
    from popcam.jobs.run import JobRun
    from popcam.storage.jobs import ItemRow, JobRow

ShownStage = Literal["", "waiting", "inspecting", "finding", "writing", "joining", "yielding"]
SHOWN: dict[Stage, ShownStage] = {
    "inspect": "inspecting",
    "find": "finding",
    "follow": "finding",
    "photo": "writing",
    "write": "writing",
    "join": "joining",
}


def standing(run: "JobRun", now_s: float, *, waits: bool, yields: bool) -> JobStatus:
    """How a job in work stands.

    Args:
        now_s: monotonic.
        waits: others are before it.
        yields: cameras need the processor.
    """
    totals = run.totals
    works = list(run.works.values())
    frames_done = totals.frames_done + sum(int(work.fraction() * work.frames) for work in works)
    frames_total = totals.frames_total + sum(work.frames for work in works if isinstance(work, VideoWork))
    weights = ((work, sum(weight_of(row.bytes_in) for row in work.rows)) for work in works)
    done = totals.bytes_done + sum(weight * work.fraction() for work, weight in weights)
    fraction = min(1.0, done / totals.bytes_total) if totals.bytes_total else 0.0
    hindrance = run.hindrance.error if run.hindrance is not None else run.database_failure
    stage: ShownStage = "waiting" if waits or hindrance is not None else "yielding" if yields else _stage(run)
    if run.running and not yields:
        run.pace.note(now_s, frames_done, fraction)
    else:
        run.pace.rest()
    return JobStatus(
        **_known(run.row),
        fraction=fraction,
        frames_done=frames_done,
        frames_total=max(frames_total, frames_done),
        frames_copied=totals.frames_copied + sum(work.frames_copied for work in works),
        speed_fps=run.pace.speed_fps(now_s),
        left_s=run.pace.left_s(now_s),
        stage=stage,
        items=totals.item_counts(running=sum(len(work.rows) for work in works if work.running or work.fraction())),
        problem=None if hindrance is None else Problem(code=hindrance.code, detail=hindrance.detail),
    )


def resting(row: "JobRow") -> JobStatus:
    """How a job stands that nobody works on: it waits, or it has ended."""
    totals = Totals.of_json(row.totals)
    ended = row.state in FINISHED_STATES
    return JobStatus(
        **_known(row),
        fraction=1.0
        if row.state == "succeeded"
        else totals.bytes_done / totals.bytes_total
        if totals.bytes_total
        else 0,
        frames_done=totals.frames_done,
        frames_total=max(totals.frames_total, totals.frames_done),
        frames_copied=totals.frames_copied,
        stage="" if ended else "waiting",
        items=totals.item_counts(),
        problem=None if row.problem is None else Problem(**row.problem),
    )


def item_of(row: "ItemRow", run: "JobRun | None") -> JobItem:
    """How a file stands, with what is known of it while it is in work."""
    fraction = run.fraction_of(row.item_id) if run is not None and row.state == "queued" else None
    ended = row.state not in {"queued", "cancelled"}
    return JobItem(
        item_id=row.item_id,
        job_id=row.job_id,
        source=row.source,
        output=row.output if row.state in {"succeeded", "partial"} else "",
        state=_item_state(row.state if fraction is None else "running"),
        fraction=fraction if fraction is not None else float(ended),
        frames=row.frames,
        frames_copied=row.frames_copied,
        faces=row.faces,
        bytes_in=row.bytes_in,
        bytes_out=row.bytes_out,
        problems=problems_of(row.problems),
    )


def _item_state(word: str) -> ItemState:
    state: ItemState = msgspec.convert(word, ItemState)
    return state


def _known(row: "JobRow") -> dict[str, Any]:
    names = ("job_id", "kind", "name", "state", "priority", "created_unix_s", "started_unix_s", "ended_unix_s")
    return {name: getattr(row, name) for name in names}


def _stage(run: "JobRun") -> ShownStage:
    for item_id in sorted(run.works):
        work = run.works[item_id]
        if work.running:
            return SHOWN[next(iter(work.course.running)).stage] if isinstance(work, VideoWork) else "writing"
    return "waiting"

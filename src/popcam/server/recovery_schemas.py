"""What the API answers about recovery, as declared models."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from popcam.core.alerts import RecoveryKind, RecoveryOutcome, RecoveryRun


class RecoveryRunOut(BaseModel):
    """One try to mend something, or a note that nothing was done and why."""

    run_id: str
    rule_id: str = Field(description="The alert rule that asked for it; `manual` for a person.")
    about: str = Field(description="What the alert is about: a camera, a worker, ...; empty for all of popcam.")
    action: RecoveryKind
    subject: str = Field(description="The camera or worker that was acted on.")
    active_unix_s: float | None = Field(description="Since when there was something to mend; null for a person's.")
    started_unix_s: float
    ended_unix_s: float | None = Field(description="Null while it runs.")
    outcome: RecoveryOutcome = Field(
        description="`budget_spent`, `resting` (the breaker is open) and `off` (recovery is switched off): nothing was "
        "done."
    )
    attempt: int = Field(description="The how-manieth for this alert.")
    code: str = Field(description="Public code of the failure; empty without one.")
    detail: str = Field(description="What was done, or why it failed; in English.")


class RecoveryPage(BaseModel):
    """What was done, newest first."""

    items: list[RecoveryRunOut]
    next_cursor: str | None = Field(description="For the next page; null on the last one.")
    mean_recovery_s: dict[str, float] = Field(
        description="Mean time from the fault to its recovery (MTTR) over the last thirty days, by camera or worker."
    )


class RecoveryIn(BaseModel):
    """What to do now. Webhooks and commands are run by rules alone."""

    model_config = ConfigDict(extra="forbid")
    action: Literal[
        "restart_stream", "restart_camera", "move_camera", "restart_worker", "use_sub_stream", "onvif_reboot"
    ]
    camera_id: str = Field(default="", max_length=64, description="For all but `restart_worker`.")
    worker_id: str = Field(
        default="", max_length=64, description="For `restart_worker`; with a camera instead, the worker that runs it."
    )
    target: Literal["", "main"] = Field(
        default="", description="`use_sub_stream`: `main` goes back to the main stream."
    )


def run_of(run: RecoveryRun) -> RecoveryRunOut:
    """A run as it is told."""
    return RecoveryRunOut(
        run_id=run.run_id,
        rule_id=run.key.rule_id,
        about=run.key.subject,
        action=run.action,
        subject=run.subject,
        active_unix_s=run.active_unix_s,
        started_unix_s=run.started_unix_s,
        ended_unix_s=run.ended_unix_s,
        outcome=run.outcome,
        attempt=run.attempt,
        code=run.code,
        detail=run.detail,
    )

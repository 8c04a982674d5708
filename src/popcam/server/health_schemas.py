"""What the API answers about health checks, as declared models."""

from pydantic import BaseModel, Field

from popcam.core.language import Language
from popcam.core.monitoring import Check, CheckChange, CheckGroup, CheckResult, CheckState, Severity
from popcam.monitoring.health import camera_of

GOOD: frozenset[CheckState] = frozenset({"ok", "absent"})


class CheckOut(BaseModel):
    """One thing that is looked at, and how it stands; texts in the reader's language."""

    check_id: str = Field(description="Name and subject: `camera.frozen:door`.")
    name: str = Field(description="Stable name, `area.what`.")
    subject: str = Field(description="Camera, worker, folder ... where there are several; else empty.")
    group: CheckGroup
    title: str
    about: str = Field(description="What it looks at.")
    severity: Severity = Field(description="How bad a failure is.")
    state: CheckState = Field(
        description="`unknown`: not looked at yet, or that could not be done; `absent`: there is nothing to look at."
    )
    detail: str = Field(description="What was found; may be empty.")
    code: str = Field(description="Public code of the failure where it has one, or empty.")
    remedy: str = Field(description="What to do; empty while all is well.")
    figure: float | None = Field(description="What was measured, in the unit that `detail` names.")
    since_unix_s: float = Field(description="Since when it is in this state.")
    checked_unix_s: float = Field(description="When it was looked at last; 0 for never.")
    took_s: float
    every_s: float = Field(description="How often it is looked at.")
    ready: bool = Field(description="`/ready` answers 503 while it fails.")


class HealthOut(BaseModel):
    """All checks that the caller may know of."""

    state: CheckState = Field(description="The worst of all.")
    checks: list[CheckOut] = Field(description="By group, then by name and subject.")


class CheckChangeOut(BaseModel):
    """A check went from one state to another."""

    at_unix_s: float
    before: CheckState
    now: CheckState
    code: str
    detail: str = Field(description="What was found then, in the reader's language.")


class CheckChanges(BaseModel):
    """Changes of one check."""

    items: list[CheckChangeOut] = Field(
        description="Oldest first. The first may be older than what was asked for: it tells how all began."
    )


class HealthChangeOut(CheckChangeOut):
    """A change of any check, with what it is about; texts in the reader's language."""

    change_id: int
    check_id: str
    name: str
    subject: str
    group: CheckGroup
    camera_id: str = Field(description="The camera that it is about; empty for none.")
    severity: Severity
    title: str


class HealthChanges(BaseModel):
    """Changes of all checks."""

    items: list[HealthChangeOut] = Field(description="Newest first.")
    next_cursor: str | None = Field(description="For the next page; null on the last one.")


class CheckNews(BaseModel):
    """An item of the live topic `health`: a check went from one state to another. As one text goes to all, it holds
    both languages.
    """

    check_id: str
    name: str
    subject: str
    group: CheckGroup
    camera_id: str = Field(description="The camera that it is about; empty for none.")
    severity: Severity
    title: str
    title_zh: str
    at_unix_s: float
    before: CheckState
    now: CheckState
    code: str
    detail: str
    detail_zh: str


def check_of(result: CheckResult, language: Language) -> CheckOut:
    """A check as it is told to a reader."""
    check, outcome = result.check, result.outcome
    remedy = outcome.remedy if outcome.remedy.en else check.remedy
    return CheckOut(
        check_id=check.check_id,
        name=check.name,
        subject=check.subject,
        group=check.group,
        title=check.title.in_language(language),
        about=check.about.in_language(language),
        severity=check.severity,
        state=outcome.state,
        detail=outcome.detail.in_language(language),
        code=outcome.code,
        remedy="" if outcome.state in GOOD else remedy.in_language(language),
        figure=outcome.figure,
        since_unix_s=result.since_unix_s,
        checked_unix_s=result.checked_unix_s,
        took_s=result.took_s,
        every_s=check.every_s,
        ready=check.ready,
    )


def change_of(change: CheckChange, language: Language) -> CheckChangeOut:
    """A change as it is told to a reader."""
    return CheckChangeOut(
        at_unix_s=change.at_unix_s,
        before=change.before,
        now=change.now,
        code=change.code,
        detail=change.detail.in_language(language),
    )


def health_change_of(change_id: int, check: Check, change: CheckChange, language: Language) -> HealthChangeOut:
    """A change of any check as it is told to a reader."""
    return HealthChangeOut(
        **change_of(change, language).model_dump(),
        change_id=change_id,
        check_id=check.check_id,
        name=check.name,
        subject=check.subject,
        group=check.group,
        camera_id=camera_of(check),
        severity=check.severity,
        title=check.title.in_language(language),
    )


def news_json(check: Check, change: CheckChange) -> str:
    """A change as an item of the live topic."""
    return CheckNews(
        check_id=check.check_id,
        name=check.name,
        subject=check.subject,
        group=check.group,
        camera_id=camera_of(check),
        severity=check.severity,
        title=check.title.en,
        title_zh=check.title.zh,
        at_unix_s=change.at_unix_s,
        before=change.before,
        now=change.now,
        code=change.code,
        detail=change.detail.en,
        detail_zh=change.detail.zh,
    ).model_dump_json()

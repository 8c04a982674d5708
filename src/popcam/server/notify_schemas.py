"""What the API takes and answers about notification channels and notifications, as declared models."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from popcam.alerts.notify.apprise_service import Service
from popcam.alerts.notify.channels import Channel
from popcam.alerts.notify.model import Item, Message, merged
from popcam.alerts.notify.templates import NameOf, clip_title, name_of_rule, render
from popcam.core.alerts import ID_PATTERN, AlertState, ChannelSpec, RuleOrigin
from popcam.core.clean import clean
from popcam.core.errors import PopcamError, error_of_code
from popcam.core.language import Language, Text
from popcam.core.monitoring import Severity
from popcam.storage.notifications import NotificationRow, NotificationState

MAX_ALERTS = 50
"""Alerts that are told of one notification."""
Address = Annotated[str, Field(min_length=1, max_length=2048)]


class ChannelIn(BaseModel):
    """What a channel is, without its address."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(default="", max_length=120, description="What people call it; the id when empty.")
    enabled: bool = Field(default=True, description="Whether anything is sent.")
    language: Literal["en", "zh"] = Field(default="en", description="Language of what is sent.")
    min_severity: Severity = Field(default="info", description="Less severe alerts are not sent.")
    picture: bool = Field(default=True, description="Send a picture of the camera where the service takes one.")
    clip: bool = Field(
        default=False,
        description="Send a short clip of the recording after it, where there is one and the service takes videos.",
    )
    clip_max_mb: float = Field(
        default=8.0, ge=0.1, le=50.0, description="Largest clip (1 MB = 10^6 bytes); a longer one is shortened."
    )
    resolved: bool = Field(default=True, description="Tell, too, when an alert is over.")


class ChannelNewIn(ChannelIn):
    """A new channel."""

    id: str = Field(pattern=ID_PATTERN)
    apprise_url: Address = Field(
        description="Address in Apprise's form, such as `ntfy://topic`. It holds secrets, and is never shown again."
    )


class ChannelChangeIn(ChannelIn):
    """All of a channel anew."""

    apprise_url: Address | None = Field(default=None, description="Left out, the one that is saved stays.")


class ProblemOut(BaseModel):
    """What is wrong, in the reader's language."""

    code: str = Field(description="Public code; `GET /api/v1/errors/{code}` says more.")
    title: str
    detail: str
    hint: str


class ChannelOut(BaseModel):
    """A way to tell people of alerts. Its address is never shown."""

    id: str
    name: str
    origin: RuleOrigin = Field(description="Of the settings file, or made in the console.")
    enabled: bool
    language: Literal["en", "zh"]
    min_severity: Severity
    picture: bool
    clip: bool
    clip_max_mb: float
    resolved: bool
    scheme: str = Field(description="Kind of address, such as `ntfy`; empty where it can't be read.")
    service: str = Field(description="What the service calls itself.")
    takes_pictures: bool = Field(description="Whether the service takes pictures.")
    takes_clips: bool = Field(description="Whether the service takes videos.")
    used_by: list[str] = Field(description="Ids of the rules that name it. Those that name all channels are left out.")
    problem: ProblemOut | None = Field(description="Why nothing can be sent; null while it can.")
    version: str = Field(description="What `ETag` says.")
    changed_unix_s: float | None = Field(description="Null for channels of the settings file.")


class ChannelList(BaseModel):
    """All channels, by id."""

    items: list[ChannelOut]


class ChannelTested(BaseModel):
    """A test message left, and the service took it."""

    ok: Literal[True] = True
    took_s: float


class NotifiedAlert(BaseModel):
    """One alert of a notification, as it stood then."""

    rule_id: str
    subject: str
    name: str
    severity: Severity
    state: AlertState
    camera_id: str = Field(description="Empty when it is about no camera.")


class NotificationOut(BaseModel):
    """One notification to one channel."""

    id: int = Field(description="Grows with time.")
    channel_id: str
    state: NotificationState = Field(description="`dead`: it was given up; it can be tried again.")
    title: str = Field(description="First line of what is told, in the reader's language.")
    made_unix_s: float
    due_unix_s: float = Field(description="When it leaves, at the earliest; of one that failed its next try.")
    ended_unix_s: float | None = Field(description="When it was sent or given up.")
    attempts: int
    maybe_repeated: bool = Field(description="An earlier try may have arrived.")
    problem: ProblemOut | None = Field(description="Why the last try failed; null when none has.")
    alerts: list[NotifiedAlert] = Field(description=f"At most {MAX_ALERTS}; `alert_count` tells all.")
    alert_count: int
    clip: bool = Field(description="It is the clip that follows a message about these alerts.")


class NotificationCounts(BaseModel):
    """How many notifications there are in each state."""

    waiting: int
    sending: int
    sent: int
    dead: int


class NotificationPage(BaseModel):
    """Notifications, the newest first."""

    items: list[NotificationOut]
    counts: NotificationCounts
    next_cursor: str | None = Field(description="For the next page; null on the last one.")


def spec_of(wanted: ChannelIn, apprise_url: str) -> ChannelSpec:
    """What a client sent, as a channel."""
    return ChannelSpec(
        apprise_url=apprise_url,
        name=wanted.name,
        enabled=wanted.enabled,
        language=wanted.language,
        min_severity=wanted.min_severity,
        picture=wanted.picture,
        clip=wanted.clip,
        clip_max_mb=wanted.clip_max_mb,
        resolved=wanted.resolved,
    )


def channel_of(
    channel: Channel, service: Service | None, problem: PopcamError | None, used_by: list[str], language: Language
) -> ChannelOut:
    """A channel as it is told."""
    spec = channel.spec or ChannelSpec(apprise_url="", enabled=False)
    return ChannelOut(
        id=channel.channel_id,
        name=spec.name or channel.channel_id,
        origin=channel.origin,
        enabled=spec.enabled,
        language=spec.language,
        min_severity=spec.min_severity,
        picture=spec.picture,
        clip=spec.clip,
        clip_max_mb=spec.clip_max_mb,
        resolved=spec.resolved,
        scheme=service.scheme if service else "",
        service=service.name if service else "",
        takes_pictures=service.pictures if service else False,
        takes_clips=service.clips if service else False,
        used_by=used_by,
        problem=None if problem is None else problem_of(problem, language),
        version=str(channel.version),
        changed_unix_s=channel.changed_unix_s,
    )


def problem_of(error: PopcamError, language: Language) -> ProblemOut:
    """A failure as a part of an answer."""
    return ProblemOut(
        code=error.code,
        title=error.title.in_language(language),
        detail=clean(Text(error.detail, error.detail_zh).in_language(language)),
        hint=error.hint.in_language(language),
    )


def notification_of(row: NotificationRow, language: Language, name_of: NameOf, now_unix_s: float) -> NotificationOut:
    """A notification as it is told."""
    message = merged([row.facts])
    problem = error_of_code(row.code)(row.detail) if row.code else None
    return NotificationOut(
        id=row.notification_id,
        channel_id=row.channel_id,
        state=row.state,
        title=_title(message, language, name_of, now_unix_s),
        made_unix_s=row.made_unix_s,
        due_unix_s=row.due_unix_s,
        ended_unix_s=row.ended_unix_s,
        attempts=row.attempts,
        maybe_repeated=row.maybe_repeated,
        problem=None if problem is None else problem_of(problem, language),
        alerts=[_alert_of(item, language) for item in message.items[:MAX_ALERTS]],
        alert_count=len(message.items),
        clip=message.clip is not None,
    )


def _title(message: Message, language: Language, name_of: NameOf, now_unix_s: float) -> str:
    if not message.items:
        return ""
    if message.clip is not None:
        return clip_title(message, language, name_of)
    return render(message, language, name_of, now_unix_s).title


def _alert_of(item: Item, language: Language) -> NotifiedAlert:
    return NotifiedAlert(
        rule_id=item.rule_id,
        subject=item.subject,
        name=name_of_rule(item, language),
        severity=item.severity,
        state=item.state,
        camera_id=item.camera_id,
    )

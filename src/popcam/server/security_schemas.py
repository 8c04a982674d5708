"""What the API answers about security, as declared models."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from popcam.core.language import Language
from popcam.core.security import TITLES, SecurityEvent, SecurityKind, Severity
from popcam.security.lockdown import MAX_REASON, LockdownState
from popcam.security.watch import Block
from popcam.server.exposure import Port, Reach
from popcam.server.exposure_finding import Finding
from popcam.server.exposure_finding import Severity as FindingSeverity


class SecurityEventOut(BaseModel):
    """Something that was seen, or the same several times within a while."""

    event_id: int = Field(description="Grows with time.")
    kind: SecurityKind
    severity: Severity
    title: str = Field(description="The kind in the reader's language.")
    first_unix_s: float
    last_unix_s: float
    count: int = Field(description="How often it was seen.")
    address: str = Field(description="Address or network that it came from; empty for none.")
    account: str = Field(description="Account or API token that it is about; empty for none.")
    path: str = Field(description="What was asked for last; empty for nothing.")
    detail: str = Field(description="More about it, in English.")


class SecurityEventPage(BaseModel):
    """Security events, newest first."""

    items: list[SecurityEventOut]
    next_cursor: str | None = Field(description="For the next page; null on the last one.")


class BlockOut(BaseModel):
    """An address that is shut out for a while."""

    address: str = Field(description="An address, or for IPv6 the network of one line.")
    since_unix_s: float
    until_unix_s: float
    earlier_blocks: int = Field(description="How often it was blocked before; each time is longer.")
    reason: SecurityKind


class LockdownOut(BaseModel):
    """Incident mode."""

    on: bool
    since_unix_s: float | None = Field(description="Null when it is off.")
    by: str = Field(description="Who began it.")
    reason: str
    sessions_ended: int
    tokens_paused: int
    outputs_stopped: list[str] = Field(description="Of `security.lockdown_stops`. Recordings go on.")


class LockdownIn(BaseModel):
    """Why incident mode begins. Those who are shut out see it."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(default="", max_length=MAX_REASON)


class PortOut(BaseModel):
    """Something that listens, what protects it, and what it exposes; texts in the reader's language."""

    name: str
    transport: Literal["tcp", "udp", "ipc"]
    address: str = Field(description="A folder for `ipc`.")
    port: int | None = Field(description="Null where it has none, or a new one each time.")
    reach: Reach = Field(description="Programs of this user, everybody on this machine, or in its networks.")
    protected_by: str
    exposes: str


class FindingOut(BaseModel):
    """Something that was looked at; texts in the reader's language."""

    code: str = Field(description="Stable name, `area.what`.")
    severity: FindingSeverity
    on: str = Field(description="The file or setting that it is about.")
    what: str
    fix: str = Field(description="Empty when nothing is to be done.")


class SecurityOut(BaseModel):
    """How things stand."""

    worst: FindingSeverity = Field(description="The worst of all findings.")
    findings: list[FindingOut] = Field(description="The worst first; as `popcam doctor` tells them.")
    ports: list[PortOut]
    lockdown: LockdownOut
    blocks: list[BlockOut]
    events: list[SecurityEventOut] = Field(description="The newest ones.")


def event_of(event: SecurityEvent, language: Language) -> SecurityEventOut:
    """An event as it is told to a reader."""
    return SecurityEventOut(
        event_id=event.event_id,
        kind=event.kind,
        severity=event.severity,
        title=TITLES[event.kind].in_language(language),
        first_unix_s=event.first_unix_s,
        last_unix_s=event.last_unix_s,
        count=event.count,
        address=event.address,
        account=event.account,
        path=event.path,
        detail=event.detail,
    )


def event_json(event: SecurityEvent) -> str:
    """An event as an item of the live topic `security`: as in lists, its title in English, as one text goes to all."""
    return event_of(event, "en").model_dump_json()


def finding_of(finding: Finding, language: Language) -> FindingOut:
    """A finding as it is told to a reader."""
    return FindingOut(
        code=finding.code,
        severity=finding.severity,
        on=finding.on,
        what=finding.what.in_language(language),
        fix=finding.fix.in_language(language),
    )


def port_of(port: Port, language: Language) -> PortOut:
    """A port as it is told to a reader."""
    return PortOut(
        name=port.name.in_language(language),
        transport=port.transport,
        address=port.address,
        port=port.port,
        reach=port.reach,
        protected_by=port.protected_by.in_language(language),
        exposes=port.exposes.in_language(language),
    )


def block_of(block: Block) -> BlockOut:
    """A block as it is told."""
    return BlockOut(
        address=block.place,
        since_unix_s=block.since_unix_s,
        until_unix_s=block.until_unix_s,
        earlier_blocks=block.strikes,
        reason=block.reason,
    )


def lockdown_of(state: LockdownState) -> LockdownOut:
    """Incident mode as it is told."""
    return LockdownOut(
        on=state.on,
        since_unix_s=state.since_unix_s if state.on else None,
        by=state.by,
        reason=state.reason,
        sessions_ended=state.sessions_ended,
        tokens_paused=len(state.tokens_paused),
        outputs_stopped=list(state.outputs_stopped),
    )

"""What the audit log looks like in the API."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from popcam.core.language import Language
from popcam.security.audit_chain import parse
from popcam.security.audit_report import AuditReport, Break
from popcam.storage.audit import AuditFilter, AuditPage, AuditRow


class AuditWho(BaseModel):
    """Who did it."""

    name: str = Field(description="Name of the account or of the API token.")
    user_id: str
    via: str = Field(description="`session`, `token`, `shell`, `open` (no login is asked for), `nobody` or `server`.")
    role: str | None
    credential_id: str = Field(description="Public id of the session or token.")
    address: str


class AuditEntry(BaseModel):
    """One thing that was done, or refused."""

    seq: int = Field(description="Its place in the chain, from 1 without gaps.")
    unix_s: float
    action: str = Field(description="Stable name, `area.what`.")
    result: Literal["ok", "refused", "failed"]
    who: AuditWho
    on: str = Field(description="What it was done to, such as `camera:front`.")
    detail: str = Field(description="More about it; the error's code where it failed.")
    before: JsonValue = Field(description="What changed, as it was; secrets masked.")
    after: JsonValue
    request_id: str = Field(description="The answer's `X-Request-ID`.")
    prev: str = Field(description="Hash of the entry before.")
    hash: str = Field(description="SHA-256 over this entry as canonical JSON.")


class AuditPageOut(BaseModel):
    """Entries newest first. `next_cursor` leads to older ones; null at the end."""

    items: list[AuditEntry]
    next_cursor: str | None


class AuditFinding(BaseModel):
    """The first thing that is wrong."""

    kind: Break
    seq: int = Field(description="The first entry that is not as it was written.")
    until: int = Field(description="The last one that it may concern; 0 when it is that one alone.")
    message: str = Field(description="The same in words, in the language of `Accept-Language`.")


class AuditVerified(BaseModel):
    """What a verification found."""

    ok: bool
    entries: int = Field(description="That were looked at, up to the first that is wrong.")
    first_seq: int
    last_seq: int
    last_hash: str = Field(description="Note it down elsewhere: `popcam audit verify --known` compares with it later.")
    signed_until: int = Field(description="The newest entry that a signature vouches for.")
    key_id: str = Field(description="Fingerprint of the instance's key.")
    broken: AuditFinding | None


class AuditQuery(BaseModel):
    """Which entries. `action` and `object` may end with `*`."""

    model_config = ConfigDict(extra="forbid")

    actor: Annotated[str | None, Field(description="Only by this person or token.", max_length=80)] = None
    action: Annotated[str | None, Field(description="Only this; `camera.*` for all of cameras.", max_length=64)] = None
    object: Annotated[str | None, Field(description="Only on this, such as `camera:front`.", max_length=200)] = None
    result: Annotated[
        Literal["ok", "refused", "failed"] | None,
        Field(description="Only what went well, was refused, or failed."),
    ] = None
    since: Annotated[
        float | None, Field(allow_inf_nan=False, description="At or after this time, seconds since 1970.")
    ] = None
    until: Annotated[float | None, Field(allow_inf_nan=False, description="Before this time, seconds since 1970.")] = (
        None
    )

    def filter(self) -> AuditFilter:
        """As the database takes it."""
        return AuditFilter(
            actor=self.actor,
            action=self.action,
            object=self.object,
            result=self.result,
            since_unix_s=self.since,
            until_unix_s=self.until,
        )


class AuditListQuery(AuditQuery):
    """Which entries, page by page."""

    cursor: Annotated[str | None, Field(description="`next_cursor` of the page before.", max_length=200)] = None
    limit: Annotated[int, Field(ge=1, le=500, description="Most on one page.")] = 50


def entry_of(row: AuditRow) -> AuditEntry:
    """The public face of an entry."""
    fields = parse(row.entry)
    return AuditEntry(**{name: fields[name] for name in AuditEntry.model_fields if name != "hash"}, hash=row.hash)


def page_of(page: AuditPage) -> AuditPageOut:
    """The public face of a page."""
    return AuditPageOut(items=[entry_of(row) for row in page.rows], next_cursor=page.next_cursor)


def verified_of(report: AuditReport, language: Language) -> AuditVerified:
    """The public face of a verification."""
    finding = report.broken
    broken = None
    if finding is not None:
        message = finding.in_language(language)
        broken = AuditFinding(kind=finding.kind, seq=finding.seq, until=finding.until, message=message)
    return AuditVerified(
        ok=report.ok,
        entries=report.entries,
        first_seq=report.first_seq,
        last_seq=report.last_seq,
        last_hash=report.last_hash,
        signed_until=report.signed_until,
        key_id=report.key_id,
        broken=broken,
    )

"""/api/v1/audit: what was done, by whom; to read, to export and to verify."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Annotated

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse

from popcam.core.access import AuditNote, Permission
from popcam.core.errors import AuditFileError, AuditKeyError, DatabaseError, NotFoundError, RequestInvalidError
from popcam.security.audit import AuditLog
from popcam.security.audit_keys import open_key
from popcam.server import audit_examples as samples
from popcam.server import audit_schemas as schemas
from popcam.server.examples import of
from popcam.server.needs import Router, Who, needs
from popcam.server.problems import responses
from popcam.server.rates import rate
from popcam.server.services import Reader, Services, Use

router = Router(prefix="/api/v1/audit", tags=["audit"])

JSON_LINES = "application/x-ndjson"
PEM = "application/x-pem-file"
LINES_AT_ONCE = 200


def audit_of(services: Services) -> AuditLog:
    """The audit log.

    Raises:
        NotFoundError: the server was made without.
    """
    if services.security is None:
        raise NotFoundError("this server keeps no audit log", "此服务器不保存审计日志")
    return services.security.audit


@router.get(
    "",
    dependencies=[needs(Permission.ADMIN, action="audit.read")],
    summary="Audit log",
    responses={200: of(samples.ENTRIES), **responses(NotFoundError, RequestInvalidError, DatabaseError)},
)
async def list_audit(services: Use, wanted: Annotated[schemas.AuditListQuery, Query()]) -> schemas.AuditPageOut:
    """What was done or refused, newest first, page by page. New entries come over `/api/v1/live`, topic `audit`."""
    page = await audit_of(services).page(wanted.filter(), wanted.cursor, wanted.limit)
    return schemas.page_of(page)


@router.get(
    "/export",
    dependencies=[needs(Permission.ADMIN, action="audit.export"), rate("export")],
    summary="Export the audit log",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {JSON_LINES: {"schema": {"type": "string"}, "example": samples.EXPORT}},
            "description": "One entry a line, oldest first, and signatures; `popcam audit verify FILE` checks it.",
        },
        **responses(AuditKeyError, NotFoundError, RequestInvalidError, DatabaseError),
    },
)
async def export_audit(
    services: Use, who: Who, request: Request, wanted: Annotated[schemas.AuditQuery, Query()]
) -> StreamingResponse:
    """A file to keep elsewhere: it proves what it holds, also without this server. A filter is no harm to that."""
    audit = audit_of(services)
    pieces = _pieces(audit.export(wanted.filter()))
    first = await asyncio.to_thread(next, pieces)  # what can go wrong does so before the answer begins
    after = wanted.model_dump(exclude_none=True)
    audit.note(AuditNote("audit.export", "ok", who, "audit", after=after, request_id=request.scope["request_id"]))
    name = datetime.fromtimestamp(services.clock.unix_s(), UTC).strftime("popcam-audit-%Y%m%dT%H%M%SZ.jsonl")
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(chain([first], pieces), media_type=JSON_LINES, headers=headers)


@router.post(
    "/verify",
    dependencies=[needs(Permission.ADMIN, action="audit.verify"), rate("verify")],
    summary="Verify the audit log",
    responses={
        200: of(samples.VERIFIED, "What was found; `ok` false when an entry is not what was written."),
        **responses(AuditFileError, AuditKeyError, NotFoundError),
    },
)
async def verify_audit(services: Use, language: Reader, request: Request) -> schemas.AuditVerified:
    """Look at every entry as it is in the database now, and name the first that is not what was written. Who does not
    trust this server takes an export and verifies it elsewhere."""
    report = await audit_of(services).verify()
    found = schemas.verified_of(report, language)
    if report.broken is not None and services.security is not None:
        services.security.watch.audit_broken(report.broken.in_language("en"))
    request.state.audit = {"on": "audit", "after": found.model_dump(mode="json", exclude_none=True)}
    return found


@router.get(
    "/key",
    dependencies=[needs(Permission.ADMIN, action="audit.key")],
    summary="Public key of the audit log",
    response_class=Response,
    responses={
        200: {
            "content": {PEM: {"schema": {"type": "string"}, "example": samples.PUBLIC_KEY}},
            "description": "The key that signs, as PEM: what `popcam audit verify --key` takes.",
        },
        **responses(AuditKeyError, NotFoundError),
    },
)
async def get_audit_key(services: Use) -> Response:
    """The public half of the instance's key, for verifying elsewhere."""
    key, _ = await asyncio.to_thread(open_key, audit_of(services).keys_dir)
    return Response(key.public.pem, media_type=PEM, headers={"X-Key-Id": key.public.key_id})


def _pieces(lines: Iterator[str]) -> Iterator[bytes]:
    """Some lines at once: each piece costs the server a change of threads."""
    for batch in iter(lambda: list(islice(lines, LINES_AT_ONCE)), []):
        yield "".join(f"{line}\n" for line in batch).encode()

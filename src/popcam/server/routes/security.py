"""/api/v1/security: what was seen, who is shut out, and incident mode."""

import asyncio
from typing import TYPE_CHECKING, Annotated

from fastapi import Body, Path, Query, Request

from popcam.core.access import Permission
from popcam.core.errors import BlockNotFoundError, DatabaseError, NotFoundError, RequestInvalidError
from popcam.core.security import SecurityKind
from popcam.server import examples
from popcam.server import security_examples as own_examples
from popcam.server import security_schemas as schemas
from popcam.server.clean_text import check_text
from popcam.server.exposure import findings
from popcam.server.needs import Router, Who, needs
from popcam.server.problems import responses
from popcam.server.services import Reader, Services, Use

if TYPE_CHECKING:
    from popcam.security.service import Security

router = Router(prefix="/api/v1/security", tags=["security"])

NEWEST = 20
"""Events that the overview shows."""
EventId = Annotated[str | None, Query(description="`next_cursor` of the page before.", pattern="^[0-9]{1,15}$")]


def security_of(services: Services) -> "Security":
    """The security part.

    Raises:
        NotFoundError: it was made without.
    """
    if services.security is None:
        raise NotFoundError("this server watches over nothing", "此服务器未启用安全功能")
    return services.security


@router.get(
    "",
    dependencies=[needs(Permission.ADMIN, action="security.look")],
    summary="Security",
    responses={200: examples.of(own_examples.SECURITY), **responses(NotFoundError)},
)
async def get_security(services: Use, language: Reader) -> schemas.SecurityOut:
    """What listens, what protects it and what is wrong about it, with the fix; incident mode, blocked addresses and the
    newest events."""
    security = security_of(services)
    settings = services.settings.started_with()
    exposure = await asyncio.to_thread(findings, settings, services.clock.unix_s(), port=services.options.port)
    return schemas.SecurityOut(
        worst=exposure.worst,
        findings=[schemas.finding_of(finding, language) for finding in exposure.findings],
        ports=[schemas.port_of(port, language) for port in exposure.ports],
        lockdown=schemas.lockdown_of(security.lockdown.state),
        blocks=[schemas.block_of(block) for block in security.watch.blocks()],
        events=[schemas.event_of(event, language) for event in security.watch.book.newest(limit=NEWEST)],
    )


@router.get(
    "/events",
    dependencies=[needs(Permission.ADMIN, action="security.look")],
    summary="Security events",
    responses={200: examples.of(own_examples.EVENTS), **responses(NotFoundError, RequestInvalidError)},
)
async def list_security_events(
    services: Use,
    language: Reader,
    kind: Annotated[list[SecurityKind] | None, Query(description="Only of this kind; may be repeated.")] = None,
    cursor: EventId = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Most on one page.")] = 50,
) -> schemas.SecurityEventPage:
    """What was seen, newest first, page by page. The newest 200 of each kind are kept; the audit log has more."""
    book = security_of(services).watch.book
    before_id = None if cursor is None else int(cursor)
    found = book.newest(kinds=kind or (), before_id=before_id, limit=limit + 1)
    page = found[:limit]
    return schemas.SecurityEventPage(
        items=[schemas.event_of(event, language) for event in page],
        next_cursor=str(page[-1].event_id) if len(found) > limit else None,
    )


@router.delete(
    "/blocks/{address:path}",
    dependencies=[needs(Permission.ADMIN, action="security.unblock")],
    summary="Remove a block",
    status_code=204,
    responses=responses(BlockNotFoundError, NotFoundError, RequestInvalidError),
)
async def remove_block(
    address: Annotated[str, Path(description="As in the list: an address or a network.", max_length=64)],
    services: Use,
    request: Request,
) -> None:
    """Let an address in again, and forgive it what it did."""
    request.state.audit = {"on": f"address:{address}"}
    if not security_of(services).watch.unblock(address):
        raise BlockNotFoundError(address)


@router.post(
    "/lockdown",
    dependencies=[needs(Permission.ADMIN, action="security.lockdown")],
    summary="Begin incident mode",
    responses={
        200: examples.of(own_examples.LOCKDOWN),
        **responses(NotFoundError, RequestInvalidError, DatabaseError),
    },
)
async def begin_lockdown(
    services: Use,
    who: Who,
    given: Annotated[schemas.LockdownIn, Body(openapi_examples=own_examples.LOCKDOWN_IN)],
) -> schemas.LockdownOut:
    """End all sessions but your own, pause all API tokens, make the outputs quiet that the settings name, and let in
    administrators alone. Recordings go on. It lasts over restarts, until somebody ends it."""
    check_text(given.reason, "reason")
    return schemas.lockdown_of(await security_of(services).lockdown.begin(who, given.reason))


@router.post(
    "/unlock",
    dependencies=[needs(Permission.ADMIN, action="security.unlock")],
    summary="End incident mode",
    responses={200: examples.of(own_examples.UNLOCKED), **responses(NotFoundError, DatabaseError)},
)
async def end_lockdown(services: Use, who: Who) -> schemas.LockdownOut:
    """Paused tokens and outputs work again; people log in anew. Without incident mode nothing happens."""
    return schemas.lockdown_of(await security_of(services).lockdown.end(who))

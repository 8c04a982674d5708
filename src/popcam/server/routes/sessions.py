"""/api/v1/auth/sessions: the browsers that one is signed in with."""

from typing import Annotated

from fastapi import Path, Request

from popcam.core.access import Permission
from popcam.core.errors import DatabaseError, NotFoundError, SessionNotFoundError
from popcam.server import access_examples, access_schemas, examples
from popcam.server.needs import Router, Who, needs
from popcam.server.problems import responses
from popcam.server.secured import Guard, note, person

router = Router(prefix="/api/v1/auth/sessions", tags=["access"])

SessionId = Annotated[str, Path(description="Id of the session.", max_length=32)]


@router.get(
    "",
    summary="One's own sessions",
    dependencies=[needs(Permission.SELF, person=True)],
    responses={200: examples.of(access_examples.SESSIONS), **responses(NotFoundError, DatabaseError)},
)
async def list_sessions(security: Guard, who: Who) -> access_schemas.SessionList:
    """The browsers that one is signed in with, the newest first."""
    found = await security.sessions.list(person(who))
    return access_schemas.SessionList(items=[access_schemas.session_out(one, who.credential_id) for one in found])


@router.delete(
    "",
    summary="End one's other sessions",
    dependencies=[needs(Permission.SELF, person=True, action="session.end_others")],
    responses={200: examples.of({"ended": 2}), **responses(NotFoundError, DatabaseError)},
)
async def end_other_sessions(request: Request, security: Guard, who: Who) -> access_schemas.Ended:
    """Sign all other browsers out."""
    user_id = person(who)
    note(request, f"user:{user_id}")
    return access_schemas.Ended(ended=await security.sessions.revoke_all(user_id, but=who.credential_id))


@router.delete(
    "/{session_id}",
    summary="End a session",
    status_code=204,
    dependencies=[needs(Permission.SELF, person=True, action="session.end")],
    responses=responses(SessionNotFoundError, NotFoundError, DatabaseError),
)
async def end_session(session_id: SessionId, request: Request, security: Guard, who: Who) -> None:
    """Sign a browser out: one's own; administrators also those of others."""
    owner = person(who) if not who.may(Permission.ADMIN) else None
    note(request, f"session:{session_id}")
    await security.sessions.revoke(session_id, owner)

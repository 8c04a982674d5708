"""/api/v1/auth/totp: one's own second factor."""

from typing import Annotated

from fastapi import Body, Request, Response

from popcam.core.access import Permission
from popcam.core.errors import (
    CodeWrongError,
    DatabaseError,
    NotFoundError,
    PasswordWrongError,
    RequestInvalidError,
    SecretKeyError,
    TooManyRequestsError,
    UserNotFoundError,
)
from popcam.server import access_examples, access_schemas, examples
from popcam.server.cookies import session_cookie
from popcam.server.needs import Router, Who, needs
from popcam.server.problems import responses
from popcam.server.rates import rate
from popcam.server.secured import Guard, note, person
from popcam.server.services import Use

router = Router(prefix="/api/v1/auth/totp", tags=["access"])

FRESH_S = 900.0
COMMON = (RequestInvalidError, TooManyRequestsError, UserNotFoundError, NotFoundError, DatabaseError)
PasswordBody = Annotated[access_schemas.PasswordIn, Body(openapi_examples=access_examples.PASSWORD_IN)]


@router.post(
    "",
    summary="Begin a second factor",
    dependencies=[needs(Permission.SELF, person=True, action="user.totp_begin"), rate("password")],
    responses={200: examples.of(access_examples.TOTP), **responses(PasswordWrongError, *COMMON)},
)
async def begin_totp(
    request: Request,
    response: Response,
    security: Guard,
    services: Use,
    who: Who,
    confirmed: Annotated[access_schemas.PasswordIn | None, Body(openapi_examples=access_examples.PASSWORD_IN)] = None,
) -> access_schemas.TotpBegun:
    """A new secret for an authenticator app. It counts once a code confirmed it.

    Who signed in more than a quarter of an hour ago confirms it by their password: nobody else at their browser may.
    """
    user_id = person(who)
    note(request, f"user:{user_id}")
    signed_in = await security.sessions.find(session_cookie(request.scope))
    opened_unix_s = 0.0 if signed_in is None else signed_in.session.created_unix_s
    if confirmed is not None or services.clock.unix_s() - opened_unix_s > FRESH_S:
        await security.users.confirm(user_id, confirmed.password if confirmed else "")
    made = await security.users.begin_totp(user_id)
    response.headers["Cache-Control"] = "no-store"
    return access_schemas.TotpBegun(secret=made.secret, uri=made.uri, qr_svg=made.qr_svg())


@router.post(
    "/confirm",
    summary="Confirm the second factor",
    dependencies=[needs(Permission.SELF, person=True, action="user.totp_add"), rate("password")],
    responses={
        200: examples.of(access_examples.RECOVERY_CODES),
        **responses(CodeWrongError, SecretKeyError, *COMMON),
    },
)
async def confirm_totp(
    shown: Annotated[access_schemas.CodeIn, Body(openapi_examples=access_examples.CODE_IN)],
    request: Request,
    response: Response,
    security: Guard,
    who: Who,
) -> access_schemas.RecoveryCodes:
    """Show that the app has the secret. From now on logins ask for a code; the recovery codes are told once."""
    user_id = person(who)
    note(request, f"user:{user_id}", {"totp": False}, {"totp": True})
    codes = await security.users.confirm_totp(user_id, shown.code)
    response.headers["Cache-Control"] = "no-store"
    return access_schemas.RecoveryCodes(recovery_codes=list(codes))


@router.delete(
    "",
    summary="Remove the second factor",
    status_code=204,
    dependencies=[needs(Permission.SELF, person=True, action="user.totp_remove"), rate("password")],
    responses=responses(PasswordWrongError, *COMMON),
)
async def remove_totp(confirmed: PasswordBody, request: Request, security: Guard, who: Who) -> None:
    """Ask for codes no longer, after one's password."""
    user_id = person(who)
    note(request, f"user:{user_id}", {"totp": True}, {"totp": False})
    await security.users.confirm(user_id, confirmed.password)
    await security.users.remove_totp(user_id)

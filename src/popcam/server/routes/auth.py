"""/api/v1/auth: sign in and out, who asks, the first account, one's own password."""

import asyncio
import contextlib
from typing import Annotated

from fastapi import Body, Request, Response

from popcam.core.access import MAY, Permission, Principal
from popcam.core.errors import (
    DatabaseError,
    LockedDownError,
    LoginFailedError,
    NotFoundError,
    PasswordRefusedError,
    PasswordWrongError,
    RequestInvalidError,
    SecondFactorNeededError,
    SecretKeyError,
    SessionNotFoundError,
    SetupClosedError,
    TooManyRequestsError,
    UserNotFoundError,
)
from popcam.security.accounts import User, principal_of
from popcam.security.names import name_key
from popcam.security.service import Security
from popcam.server import access_examples, access_schemas, examples
from popcam.server.cookies import drop_session_cookie, session_cookie, set_session_cookie
from popcam.server.needs import Router, Who, needs
from popcam.server.problems import responses
from popcam.server.rates import rate
from popcam.server.secured import Guard, note, person
from popcam.server.services import Services, Use

router = Router(prefix="/api/v1/auth", tags=["access"])


@router.post(
    "/login",
    summary="Sign in",
    dependencies=[needs(Permission.PUBLIC, action="user.login"), rate("login")],
    responses={
        200: examples.of(access_examples.SIGNED_IN),
        **responses(
            LoginFailedError,
            SecondFactorNeededError,
            LockedDownError,
            TooManyRequestsError,
            RequestInvalidError,
            NotFoundError,
            SecretKeyError,
            DatabaseError,
        ),
    },
)
async def login(
    wanted: Annotated[access_schemas.LoginIn, Body(openapi_examples=access_examples.LOGIN_IN)],
    request: Request,
    response: Response,
    security: Guard,
    services: Use,
    who: Who,
) -> access_schemas.SignedInOut:
    """Sign in with name, password and, where the account asks for it, a code. The session comes as a cookie."""
    account = name_key(wanted.name)
    await asyncio.sleep(services.logins.check(account, who.address))
    try:
        user = await security.users.verify(wanted.name, wanted.password, wanted.code, who.address)
    except LoginFailedError:
        services.logins.failed(account, who.address)
        await _note_failure(request, security, wanted.name, who.address)
        raise
    services.logins.succeeded(account, who.address)
    await sign_in(request, response, security, user)
    return access_schemas.SignedInOut(user=access_schemas.user_out(user))


async def sign_in(request: Request, response: Response, security: Security, user: User) -> None:
    """Open a session for an account, and end the one that the browser had.

    Raises:
        LockedDownError: incident mode is on, and it is no administrator.
    """
    address = request.state.principal.address
    note(request, f"user:{user.user_id}")
    security.lockdown.check(principal_of(user, "", address))
    value, session = await security.sessions.open(user, address, request.headers.get("user-agent", ""))
    request.state.principal = principal_of(user, session.session_id, address)
    await _end_former(request, security, user)
    set_session_cookie(response, request, value, session.expires_unix_s - session.created_unix_s)


@router.post(
    "/logout",
    summary="Sign out",
    dependencies=[needs(Permission.PUBLIC, action="user.logout")],
    responses={200: examples.of(access_examples.SIGNED_OUT), **responses(DatabaseError)},
)
async def logout(request: Request, response: Response, services: Use, who: Who) -> access_schemas.SignedOutOut:
    """End the session of this browser. Without one nothing happens."""
    if services.security is not None and who.via == "session":
        note(request, f"user:{who.user_id}")
        with contextlib.suppress(SessionNotFoundError):
            await services.security.sessions.revoke(who.credential_id, who.user_id)
    drop_session_cookie(response, request)
    return access_schemas.SignedOutOut(redirect=None)


@router.get(
    "/me",
    summary="Who asks",
    dependencies=[needs(Permission.PUBLIC)],
    responses={200: examples.of(access_examples.ME), **responses(DatabaseError)},
)
async def get_me(response: Response, services: Use, who: Who) -> access_schemas.MeOut:
    """Who asks, what they may do, and whether a login is needed. It answers nobody as well."""
    response.headers["Cache-Control"] = "no-store"
    security = services.security
    required = who.via != "open"
    user = await _account(security, who)
    return access_schemas.MeOut(
        login_required=required,
        setup_needed=required and not who.known and security is not None and await security.setup.needed(),
        oidc=required and security is not None and security.oidc.offered,
        known=who.known,
        user=user,
        role=who.role,
        permissions=sorted(MAY[who.role] if who.role is not None else (), key=list(Permission).index),
        lockdown=_lockdown(services, who),
    )


@router.post(
    "/setup",
    summary="Make the first administrator",
    dependencies=[needs(Permission.PUBLIC, action="user.setup"), rate("setup")],
    responses={
        200: examples.of(access_examples.SIGNED_IN),
        **responses(
            SetupClosedError,
            PasswordRefusedError,
            RequestInvalidError,
            TooManyRequestsError,
            NotFoundError,
            LockedDownError,
            DatabaseError,
        ),
    },
)
async def set_up(
    wanted: Annotated[access_schemas.SetupIn, Body(openapi_examples=access_examples.SETUP_IN)],
    request: Request,
    response: Response,
    security: Guard,
) -> access_schemas.SignedInOut:
    """Make the first administrator, with the token of the address that the server printed, and sign them in."""
    user = await security.setup.claim(wanted.token, wanted.name, wanted.password)
    await sign_in(request, response, security, user)
    return access_schemas.SignedInOut(user=access_schemas.user_out(user))


@router.post(
    "/password",
    summary="Change one's own password",
    status_code=204,
    dependencies=[needs(Permission.SELF, person=True, action="user.password"), rate("password")],
    responses=responses(
        PasswordWrongError,
        PasswordRefusedError,
        RequestInvalidError,
        TooManyRequestsError,
        UserNotFoundError,
        DatabaseError,
    ),
)
async def change_password(
    wanted: Annotated[access_schemas.PasswordChangeIn, Body(openapi_examples=access_examples.PASSWORD_CHANGE_IN)],
    request: Request,
    security: Guard,
    who: Who,
) -> None:
    """Give oneself a new password. One's other sessions end."""
    user_id = person(who)
    note(request, f"user:{user_id}")
    await security.users.change_password(user_id, wanted.old, wanted.new, keep_session=who.credential_id)


async def _account(security: Security | None, who: Principal) -> access_schemas.UserOut | None:
    if security is None or who.via != "session":
        return None
    return access_schemas.user_out(await security.users.get(who.user_id))


def _lockdown(services: Services, who: Principal) -> access_schemas.LockdownOut | None:
    """Incident mode, for whoever is known; others learn that it is on by not getting in."""
    state = None if services.security is None else services.security.lockdown.state
    if state is None or not state.on:
        return None
    told = who.known
    return access_schemas.LockdownOut(
        active=True,
        reason=state.reason if told else "",
        since_unix_s=state.since_unix_s if told else None,
        by=state.by if told else "",
    )


async def _end_former(request: Request, security: Security, user: User) -> None:
    former = session_cookie(request.scope)
    held = await security.sessions.find(former) if former else None
    if held is not None and held.user.user_id == user.user_id:
        with contextlib.suppress(SessionNotFoundError):
            await security.sessions.revoke(held.session.session_id, user.user_id)


async def _note_failure(request: Request, security: Security, name: str, address: str) -> None:
    """Names that nobody has are not kept: people type their password there."""
    user = await security.users.by_name(name)
    note(request, "" if user is None else f"user:{user.user_id}")
    security.watch.failed_login(address, name if user else "", exists=user is not None)

"""/api/v1/auth/oidc: sign in by an identity provider. A browser goes through both addresses by itself."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import RedirectResponse

from popcam.core.access import AuditNote, Permission
from popcam.core.errors import NotFoundError, PopcamError, RequestInvalidError, TooManyRequestsError
from popcam.security.service import Security
from popcam.server.cookies import is_secure
from popcam.server.needs import Router, needs
from popcam.server.problems import responses
from popcam.server.rates import rate
from popcam.server.routes.auth import sign_in
from popcam.server.secured import Guard

router = Router(prefix="/api/v1/auth/oidc", tags=["access"])

COOKIE = "popcam_oidc"
PATH = "/api/v1/auth/oidc"
MAX_AGE_S = 600
MAX_LETTERS = 4000
Page = Annotated[str, Query(max_length=MAX_LETTERS, description="Page of the console to go to afterwards.")]
State = Annotated[str, Query(max_length=MAX_LETTERS, description="What the login was begun with.")]
Code = Annotated[str, Query(max_length=MAX_LETTERS, description="What the provider gives for who signed in.")]
Refusal = Annotated[str, Query(max_length=MAX_LETTERS, description="Why the provider let nobody in.")]
REDIRECT: dict[int | str, dict[str, Any]] = {
    302: {"description": "Where the browser goes next.", "headers": {"Location": {"schema": {"type": "string"}}}}
}


@router.get(
    "/start",
    summary="Go to the identity provider",
    status_code=302,
    response_class=RedirectResponse,
    dependencies=[needs(Permission.PUBLIC), rate("login")],
    responses={**REDIRECT, **responses(NotFoundError, RequestInvalidError, TooManyRequestsError)},
)
async def start_oidc(request: Request, security: Guard, to: Page = "/") -> RedirectResponse:
    """Send the browser to the identity provider; `to` is the page of the console that it wants in the end."""
    try:
        away = await security.oidc.begin(_callback_url(request), own_page(to))
    except NotFoundError:
        raise
    except PopcamError as error:
        return _to_login(error)
    answer = RedirectResponse(away.url, 302, headers={"Cache-Control": "no-store"})
    answer.set_cookie(
        COOKIE, away.browser, MAX_AGE_S, path=PATH, secure=is_secure(request.scope), httponly=True, samesite="lax"
    )
    return answer


@router.get(
    "/callback",
    summary="Come back from the identity provider",
    status_code=302,
    response_class=RedirectResponse,
    dependencies=[needs(Permission.PUBLIC), rate("login")],
    responses={**REDIRECT, **responses(NotFoundError, RequestInvalidError, TooManyRequestsError)},
)
async def finish_oidc(
    request: Request, security: Guard, state: State = "", code: Code = "", error: Refusal = ""
) -> RedirectResponse:
    """Sign the browser in, and show the page that it wanted; a failure is told on the login page."""
    try:
        arrival = await security.oidc.finish(state, request.cookies.get(COOKIE, ""), code, error)
        answer = RedirectResponse(arrival.back_to, 302, headers={"Cache-Control": "no-store"})
        await sign_in(request, answer, security, arrival.user)
        _tell_audit(request, security, f"user:{arrival.user.user_id}")
    except PopcamError as failure:
        _tell_audit(request, security, "", failure)
        answer = _to_login(failure)
    answer.delete_cookie(COOKIE, path=PATH, secure=is_secure(request.scope), httponly=True, samesite="lax")
    return answer


def own_page(to: str) -> str:
    """A page of this console; anything else, such as another site's, becomes the first page.

    Browsers take a backslash for a slash, and leave tabs and line ends out.
    """
    begins_right = to.startswith("/") and not to.startswith(("//", "/\\", "/api"))
    return to if begins_right and to.isprintable() and " " not in to and "\\" not in to else "/"


def _callback_url(request: Request) -> str:
    """As the browser knows this server; the host was checked by `Edge`."""
    return f"{request.url.scheme}://{request.url.netloc}{PATH}/callback"


def _to_login(error: PopcamError) -> RedirectResponse:
    where = f"/login?{urlencode({'problem': error.code})}"
    return RedirectResponse(where, 302, headers={"Cache-Control": "no-store"})


def _tell_audit(request: Request, security: Security, on: str, failure: PopcamError | None = None) -> None:
    """Said here, because both ends of it answer with the way to a page."""
    code = "" if failure is None else failure.code
    result: Literal["ok", "refused", "failed"] = "ok"
    if failure is not None:
        result = "refused" if failure.http_status in {401, 403} else "failed"
    request_id = request.scope.get("request_id", "")
    security.audit.note(
        AuditNote("user.login", result, request.state.principal, on, detail=code, request_id=request_id)
    )

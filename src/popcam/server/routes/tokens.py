"""/api/v1/tokens: API tokens for machines. One's own; administrators see and end all."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import Body, Path, Query, Request

from popcam.core.access import Permission, Principal, Scope
from popcam.core.errors import (
    AccessRefusedError,
    DatabaseError,
    NotFoundError,
    RequestInvalidError,
    TokenNotFoundError,
    UserNotFoundError,
)
from popcam.security.accounts import ApiToken
from popcam.security.service import Security
from popcam.server import access_examples, access_schemas, examples
from popcam.server.needs import Router, Who, needs
from popcam.server.problems import responses
from popcam.server.secured import Guard, check_names, note, person, told_scope
from popcam.server.services import Use

router = Router(prefix="/api/v1/tokens", tags=["access"])

TokenId = Annotated[str, Path(description="Id of the token.", max_length=32)]
Owner = Annotated[
    str, Query(max_length=32, description="Of this account; administrators only, unless it is one's own.")
]
All = Annotated[bool, Query(alias="all", description="Of all accounts; administrators only.")]
FOR_ALL = (NotFoundError, DatabaseError)
DAY_S = 86_400.0


@router.get(
    "",
    summary="API tokens",
    dependencies=[needs(Permission.SELF)],
    responses={
        200: examples.of(access_examples.TOKENS),
        **responses(AccessRefusedError, RequestInvalidError, *FOR_ALL),
    },
)
async def list_tokens(
    security: Guard, who: Who, user_id: Owner = "", everybody: All = False
) -> access_schemas.TokenList:
    """One's own tokens, the newest first; also those that ended. Their texts are not kept."""
    wanted = None if everybody else user_id or who.user_id or None
    if wanted != who.user_id or not who.user_id:
        _check_admin(who)
    found = await security.tokens.list(wanted)
    return access_schemas.TokenList(items=await _told(security, found))


@router.post(
    "",
    summary="Make an API token",
    status_code=201,
    dependencies=[needs(Permission.SELF, person=True, action="token.create")],
    responses={
        201: examples.of(access_examples.TOKEN_MADE),
        **responses(AccessRefusedError, UserNotFoundError, RequestInvalidError, *FOR_ALL),
    },
)
async def create_token(
    wanted: Annotated[access_schemas.TokenIn, Body(openapi_examples=access_examples.TOKEN_IN)],
    request: Request,
    security: Guard,
    services: Use,
    who: Who,
) -> access_schemas.TokenMade:
    """Make a token for a machine. It may do no more than its owner may; its text is told once."""
    own_id = person(who)  # a token that was stolen would outlive its own end
    owner_id = wanted.user_id or own_id
    if owner_id != own_id:
        _check_admin(who)
    scope = told_scope(wanted.cameras, wanted.groups)
    check_names(services.cameras, scope, who.scope)
    text, token = await security.tokens.create(
        owner_id, wanted.name, wanted.role, _own_scope(scope, who), _end_of(wanted, services.clock.unix_s())
    )
    note(request, f"token:{token.token_id}", None, facts_of(token))
    shown = (await _told(security, [token]))[0]
    return access_schemas.TokenMade(token=text, **shown.model_dump())


@router.patch(
    "/{token_id}",
    summary="Rename or pause an API token",
    dependencies=[needs(Permission.SELF, action="token.update")],
    responses={
        200: examples.of(access_examples.TOKEN),
        **responses(TokenNotFoundError, RequestInvalidError, AccessRefusedError, *FOR_ALL),
    },
)
async def change_token(
    token_id: TokenId,
    wanted: Annotated[access_schemas.TokenPatch, Body(openapi_examples=access_examples.TOKEN_PATCH)],
    request: Request,
    security: Guard,
    who: Who,
) -> access_schemas.TokenOut:
    """Give a token another name, pause it, or let it work again."""
    before = await _known(security, token_id, who)
    note(request, f"token:{token_id}", facts_of(before))
    after = await security.tokens.change(token_id, name=wanted.name, paused=wanted.paused)
    note(request, f"token:{token_id}", facts_of(before), facts_of(after))
    return (await _told(security, [after]))[0]


@router.delete(
    "/{token_id}",
    summary="Revoke an API token",
    status_code=204,
    dependencies=[needs(Permission.SELF, action="token.delete")],
    responses=responses(TokenNotFoundError, AccessRefusedError, *FOR_ALL),
)
async def delete_token(token_id: TokenId, request: Request, security: Guard, who: Who) -> None:
    """End a token for good."""
    before = await _known(security, token_id, who)
    note(request, f"token:{token_id}", facts_of(before))
    await security.tokens.revoke(token_id)
    security.watch.token_gone(token_id)


def facts_of(token: ApiToken) -> dict[str, object]:
    """What the audit log keeps of a token."""
    return {
        "name": token.name,
        "role": token.role,
        "cameras": access_schemas.names(token.scope.cameras),
        "groups": access_schemas.names(token.scope.groups),
        "expires_unix_s": token.expires_unix_s,
        "paused": token.paused,
    }


async def _known(security: Security, token_id: str, who: Principal) -> ApiToken:
    """A token that the caller may change: to others it is as if there were none."""
    token = await security.tokens.get(token_id)
    if token.user_id != who.user_id and not who.may(Permission.ADMIN):
        raise TokenNotFoundError(token_id)
    if who.via == "token" and not who.may(Permission.ADMIN):
        raise AccessRefusedError("a token can't change tokens", "令牌不能更改令牌")
    return token


async def _told(security: Security, found: Iterable[ApiToken]) -> list[access_schemas.TokenOut]:
    names = {user.user_id: user.name for user in await security.users.list()}
    return [access_schemas.token_out(token, names.get(token.user_id, "")) for token in found]


def _check_admin(who: Principal) -> None:
    if not who.may(Permission.ADMIN):
        raise AccessRefusedError("the tokens of others are for administrators", "仅管理员可管理他人的令牌")


def _own_scope(wanted: Scope, who: Principal) -> Scope:
    """Who is limited makes tokens of the same limit, unless they say less."""
    return who.scope if wanted.whole else wanted


def _end_of(wanted: access_schemas.TokenIn, now_unix_s: float) -> float | None:
    return None if wanted.expires_days is None else now_unix_s + wanted.expires_days * DAY_S

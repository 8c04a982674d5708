"""Login by an identity provider: OpenID Connect, authorization code flow with PKCE, state and nonce.

Accounts are known by issuer and subject, never by a name or an address that somebody could take over. Source: OpenID
Connect Core 1.0, sections 3.1.2 and 3.1.3; RFC 7636; RFC 9700 (security best practice).
"""

import asyncio
import hmac
import importlib.util
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import structlog

from popcam.config.model import SecuritySettings
from popcam.core.access import ROLES, Role
from popcam.core.clock import Clock
from popcam.core.errors import (
    AccessRefusedError,
    LoginFailedError,
    NotFoundError,
    RequestInvalidError,
    UserExistsError,
)
from popcam.security.accounts import User
from popcam.security.names import MAX_LETTERS, clean_name
from popcam.security.oidc_provider import Provider
from popcam.security.users import Users

log = structlog.get_logger(__name__)

SCOPES = "openid profile email"
BEGUN_S = 600.0
MAX_BEGUN = 500
"""Logins that wait for people to come back; the oldest is forgotten when there are more."""
NAMES_TRIED = 9
NAME_CLAIMS = ("preferred_username", "name", "email", "sub")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """A browser that was sent to the provider."""

    browser: str
    nonce: str
    verifier: str
    redirect_uri: str
    back_to: str
    until_s: float


class Departure(NamedTuple):
    """Where a browser is sent, and what it is to hold meanwhile, so that nobody else comes back in its place."""

    url: str
    browser: str


class Arrival(NamedTuple):
    """Who came back, and to which page they want."""

    user: User
    back_to: str


class Oidc:
    """Sign-in by the provider of the settings.

    Args:
        settings: issuer, client and which claims make which role.
        users: accounts are made and kept up to date there.
        clock: the time.
    """

    def __init__(self, settings: SecuritySettings, users: Users, clock: Clock) -> None:
        self._settings = settings
        self._users = users
        self._clock = clock
        self._provider = Provider(settings, clock)
        self._begun: OrderedDict[str, _Begun] = OrderedDict()

    @property
    def offered(self) -> bool:
        """Whether the settings name a provider, and what it takes is installed."""
        return bool(self._settings.oidc_issuer and self._settings.oidc_client_id) and _installed()

    async def begin(self, redirect_uri: str, back_to: str) -> Departure:
        """Send a browser to the provider.

        Args:
            redirect_uri: where the provider sends it back to.
            back_to: page of the console that it wants in the end.

        Raises:
            NotFoundError: the settings name no provider.
            IdentityProviderError: it does not answer as it should.
        """
        if not self.offered:
            raise NotFoundError("no identity provider is set up", "未配置身份提供方")
        where = (await self._provider.metadata()).authorization_endpoint
        begun = _Begun(
            browser=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            redirect_uri=redirect_uri,
            back_to=back_to,
            until_s=self._clock.monotonic_s() + BEGUN_S,
        )
        state = secrets.token_urlsafe(32)
        self._begun[state] = begun
        while len(self._begun) > MAX_BEGUN:
            self._begun.popitem(last=False)
        return Departure(f"{where}{'&' if urlsplit(where).query else '?'}{self._question(state, begun)}", begun.browser)

    async def finish(self, state: str, browser: str, code: str, error: str = "") -> Arrival:
        """Take a browser that comes back.

        Args:
            state, code, error: what the provider sent with it.
            browser: what `begin` gave it to hold.

        Raises:
            LoginFailedError: it is not one that was sent, or the provider did not let them in.
            AccessRefusedError: they have no role here.
            IdentityProviderError: the provider does not answer as it should.
            LastAdminError: they are the last administrator here and no longer one there.
        """
        begun = self._begun.pop(state, None)
        if begun is None or not hmac.compare_digest(begun.browser.encode(), browser.encode()):
            raise LoginFailedError("this login was not begun in this browser", "此登录不是在本浏览器中发起的")
        if self._clock.monotonic_s() > begun.until_s:
            raise LoginFailedError("it took too long", "登录耗时过长")
        if error or not code:
            raise LoginFailedError(f"the provider says: {error[:80]}", f"身份提供方返回：{error[:80]}")
        claims = await self._provider.claims(code, begun.redirect_uri, begun.verifier, begun.nonce)
        return Arrival(await self._account(claims), begun.back_to)

    def _question(self, state: str, begun: _Begun) -> str:
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]

        return urlencode(
            {
                "response_type": "code",
                "client_id": self._settings.oidc_client_id,
                "redirect_uri": begun.redirect_uri,
                "scope": SCOPES,
                "state": state,
                "nonce": begun.nonce,
                "code_challenge": create_s256_code_challenge(begun.verifier),
                "code_challenge_method": "S256",
            }
        )

    async def _account(self, claims: Mapping[str, Any]) -> User:
        """The account of these claims, made or brought up to date."""
        role = role_of(claims, self._settings)
        if role is None:
            raise AccessRefusedError("the identity provider gives you no role here", "身份提供方未授予您在此的角色")
        subject = f"{self._settings.oidc_issuer.rstrip('/')} {claims['sub']}"
        user = await self._users.by_subject(subject)
        if user is None:
            user = await self._made(claims, role, subject)
        elif user.disabled:
            log.warning("login.failed", reason="account")
            raise LoginFailedError
        elif user.role != role:
            user = await self._users.set_role(user.user_id, role)
        await self._users.note_login(user.user_id)
        return user

    async def _made(self, claims: Mapping[str, Any], role: Role, subject: str) -> User:
        """A new account. An account of the same name is somebody else's: nothing proves that it is not."""
        wanted = _name_of(claims)
        host = urlsplit(self._settings.oidc_issuer).hostname or ""
        for number in range(NAMES_TRIED):
            mark = "" if number == 0 else f" ({host})" if number == 1 else f" ({host} {number})"
            try:
                return await self._users.create(wanted[: MAX_LETTERS - len(mark)] + mark, None, role, subject=subject)
            except UserExistsError:
                await asyncio.sleep(0)
        raise UserExistsError(wanted)


@cache
def _installed() -> bool:
    return all(importlib.util.find_spec(name) for name in ("authlib", "httpx", "joserfc"))


def role_of(claims: Mapping[str, Any], settings: SecuritySettings) -> Role | None:
    """The highest role that the claim gives; None for none.

    The claim's name may be a path: `realm_access.roles`. Its value is one word or a list of words.
    """
    value = claim_of(claims, settings.oidc_role_claim)
    held = {value} if isinstance(value, str) else {str(one) for one in value} if isinstance(value, list) else set()
    wanted: dict[Role, tuple[str, ...]] = {
        "admin": settings.oidc_admins,
        "operator": settings.oidc_operators,
        "viewer": settings.oidc_viewers,
    }
    return next((role for role in reversed(ROLES) if not held.isdisjoint(wanted[role])), None)


def claim_of(claims: Mapping[str, Any], path: str) -> object:
    """A claim by its name, which may itself have dots (`https://example.org/roles`), or by its path."""
    if path in claims:
        return claims[path]
    value: object = claims
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _name_of(claims: Mapping[str, Any]) -> str:
    for claim in NAME_CLAIMS:
        value = claims.get(claim)
        if isinstance(value, str):
            try:
                return clean_name(value[:MAX_LETTERS])
            except RequestInvalidError:
                continue
    return "user"

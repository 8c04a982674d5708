"""What accounts, sessions and tokens are to the rest: plain values without hashes and secrets."""

from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from popcam.core.access import EVERYTHING, ROLES, Principal, Role, Scope
from popcam.storage.access import SessionRow, TokenRow, UserRow


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An account.

    Attributes:
        scope: cameras that it is limited to.
        has_password: False for one that signs in at an identity provider alone.
        totp: a second factor is asked for.
        recovery_codes: how many are left.
        subject: issuer and subject at the identity provider; empty for none.
    """

    user_id: str
    name: str
    role: Role
    scope: Scope = EVERYTHING
    has_password: bool = True
    totp: bool = False
    recovery_codes: int = 0
    subject: str = ""
    disabled: bool = False
    created_unix_s: float = 0.0
    password_unix_s: float = 0.0
    last_login_unix_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A browser that is signed in. `session_id` is public; what the browser holds is not kept."""

    session_id: str
    user_id: str
    created_unix_s: float
    seen_unix_s: float
    expires_unix_s: float
    address: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A token of a machine. It may what its role may, and never more than its owner may now."""

    token_id: str
    user_id: str
    name: str
    role: Role
    scope: Scope = EVERYTHING
    created_unix_s: float = 0.0
    expires_unix_s: float | None = None
    used_unix_s: float | None = None
    used_address: str = ""
    paused: bool = False


class SignedIn(NamedTuple):
    """A session with its account."""

    session: Session
    user: User

    def principal(self, address: str = "") -> Principal:
        """Who sends a request with this session's cookie."""
        return principal_of(self.user, self.session.session_id, address)


class TokenUse(NamedTuple):
    """A token with its owner."""

    token: ApiToken
    owner: User

    def principal(self, address: str = "") -> Principal:
        """Who sends a request with this token: the lesser role and the narrower scope of token and owner."""
        return Principal(
            via="token",
            role=min(self.token.role, self.owner.role, key=ROLES.index),
            scope=narrower(self.token.scope, self.owner.scope),
            user_id=self.owner.user_id,
            name=self.token.name,
            credential_id=self.token.token_id,
            address=address,
        )


def principal_of(user: User, session_id: str, address: str = "") -> Principal:
    """The account as who sends a request."""
    return Principal(
        via="session",
        role=user.role,
        scope=user.scope,
        user_id=user.user_id,
        name=user.name,
        credential_id=session_id,
        address=address,
    )


def narrower(one: Scope, other: Scope) -> Scope:
    """What lies in both, as far as names tell; in doubt less, never more."""
    if one.within(other):
        return one
    if other.within(one):
        return other
    return Scope(
        cameras=(one.cameras or frozenset()) & (other.cameras or frozenset()),
        groups=(one.groups or frozenset()) & (other.groups or frozenset()),
    )


def user_of(row: UserRow) -> User:
    """The account of a row."""
    return User(
        user_id=row.user_id,
        name=row.name,
        role=cast(Role, row.role),
        scope=scope_of(row.cameras, row.groups),
        has_password=bool(row.password_hash),
        totp=row.totp_secret is not None,
        recovery_codes=len(row.recovery_hashes),
        subject=row.subject or "",
        disabled=row.disabled,
        created_unix_s=row.created_unix_s,
        password_unix_s=row.password_unix_s,
        last_login_unix_s=row.last_login_unix_s,
    )


def session_of(row: SessionRow) -> Session:
    """The session of a row."""
    return Session(
        session_id=row.session_id,
        user_id=row.user_id,
        created_unix_s=row.created_unix_s,
        seen_unix_s=row.seen_unix_s,
        expires_unix_s=row.expires_unix_s,
        address=row.address,
        agent=row.agent,
    )


def token_of(row: TokenRow) -> ApiToken:
    """The token of a row."""
    return ApiToken(
        token_id=row.token_id,
        user_id=row.user_id,
        name=row.name,
        role=cast(Role, row.role),
        scope=scope_of(row.cameras, row.groups),
        created_unix_s=row.created_unix_s,
        expires_unix_s=row.expires_unix_s,
        used_unix_s=row.used_unix_s,
        used_address=row.used_address,
        paused=row.paused,
    )


def scope_of(cameras: list[str] | None, groups: list[str] | None) -> Scope:
    """The scope of two columns."""
    return Scope(None if cameras is None else frozenset(cameras), None if groups is None else frozenset(groups))


def scope_columns(scope: Scope) -> dict[str, Any]:
    """The two columns of a scope."""
    return {
        "cameras": None if scope.cameras is None else sorted(scope.cameras),
        "groups": None if scope.groups is None else sorted(scope.groups),
    }

"""What the API takes and answers about accounts, sessions and API tokens."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from popcam.core.access import Permission, Role
from popcam.security.accounts import ApiToken, Session, User
from popcam.security.names import MAX_LETTERS as MAX_NAME
from popcam.security.passwords import MAX_LETTERS as MAX_PASSWORD

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
Password = Annotated[str, Field(min_length=1, max_length=MAX_PASSWORD)]
Code = Annotated[str, Field(max_length=40, description="Of the authenticator app, or a recovery code.")]
CameraIds = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=1000)]
GroupNames = Annotated[list[Annotated[str, Field(max_length=80)]], Field(max_length=1000)]
LIMIT = "Null for no limit; cameras and groups add up."


class _In(BaseModel):
    """What a client sends: nothing that we do not know, so that a typo is found at once."""

    model_config = ConfigDict(extra="forbid")


class LoginIn(_In):
    """Who wants to sign in."""

    name: Annotated[str, Field(max_length=MAX_NAME)]
    password: Annotated[str, Field(max_length=MAX_PASSWORD)]
    code: Code = ""


class SetupIn(_In):
    """The first administrator."""

    token: Annotated[str, Field(max_length=400, description="Of the address that the server printed.")]
    name: Name
    password: Password


class PasswordChangeIn(_In):
    """One's own new password."""

    old: Annotated[str, Field(max_length=MAX_PASSWORD)]
    new: Password


class PasswordIn(_In):
    """A password: the new one of somebody, or one's own to confirm a change."""

    password: Password


class CodeIn(_In):
    """A code of the authenticator app."""

    code: Code


class UserIn(_In):
    """A new account."""

    name: Name
    password: Password
    role: Role
    cameras: Annotated[CameraIds | None, Field(description=LIMIT)] = None
    groups: Annotated[GroupNames | None, Field(description=LIMIT)] = None


class UserPatch(_In):
    """What is to change; what is left out stays."""

    name: Name | None = None
    role: Role | None = None
    cameras: Annotated[CameraIds | None, Field(description=LIMIT)] = None
    groups: Annotated[GroupNames | None, Field(description=LIMIT)] = None
    disabled: bool | None = None


class TokenIn(_In):
    """A new API token."""

    name: Name
    role: Role = "viewer"
    cameras: Annotated[CameraIds | None, Field(description=LIMIT)] = None
    groups: Annotated[GroupNames | None, Field(description=LIMIT)] = None
    expires_days: Annotated[float | None, Field(gt=0, le=3650, description="Null: it never ends by itself.")] = 365.0
    user_id: Annotated[str, Field(max_length=32, description="Whose it is to be; one's own when left out.")] = ""


class TokenPatch(_In):
    """What is to change; what is left out stays."""

    name: Name | None = None
    paused: bool | None = None


class UserOut(BaseModel):
    """An account."""

    id: str
    name: str
    role: Role
    cameras: list[str] | None = Field(description=LIMIT)
    groups: list[str] | None = Field(description=LIMIT)
    disabled: bool
    has_password: bool = Field(description="False for one that signs in at an identity provider alone.")
    external: bool = Field(description="An identity provider knows it.")
    totp: bool = Field(description="A second factor is asked for.")
    recovery_codes: int = Field(description="How many are left.")
    created_unix_s: float
    password_unix_s: float
    last_login_unix_s: float | None


class UserList(BaseModel):
    """Accounts by name."""

    items: list[UserOut]


class SignedInOut(BaseModel):
    """Who signed in; the session is in a cookie."""

    user: UserOut


class SignedOutOut(BaseModel):
    """The session has ended."""

    redirect: str | None = Field(description="Where to end the session at the identity provider, too.")


class LockdownOut(BaseModel):
    """Incident mode."""

    active: bool
    reason: str
    since_unix_s: float | None
    by: str


class MeOut(BaseModel):
    """Who asks, and what they may do."""

    login_required: bool
    setup_needed: bool = Field(description="There is no account yet.")
    oidc: bool = Field(description="One can sign in by an identity provider.")
    known: bool
    user: UserOut | None = Field(description="The account; null for nobody, for tokens and for the server's shell.")
    role: Role | None
    permissions: list[Permission]
    lockdown: LockdownOut | None


class TotpBegun(BaseModel):
    """What an authenticator app wants to know; it counts after a code confirmed it."""

    secret: str = Field(description="Base32, to type it in.")
    uri: str
    qr_svg: str = Field(description="The address as a picture.")


class RecoveryCodes(BaseModel):
    """Codes for when the app is lost; each works once. They are never shown again."""

    recovery_codes: list[str]


class SessionOut(BaseModel):
    """A browser that is signed in."""

    id: str
    current: bool = Field(description="It is the one that asks.")
    created_unix_s: float
    seen_unix_s: float
    expires_unix_s: float
    address: str
    agent: str


class SessionList(BaseModel):
    """Sessions, the newest first."""

    items: list[SessionOut]


class Ended(BaseModel):
    """How many sessions ended."""

    ended: int


class TokenOut(BaseModel):
    """An API token."""

    id: str
    user_id: str
    user: str = Field(description="Name of its owner.")
    name: str
    role: Role
    cameras: list[str] | None = Field(description=LIMIT)
    groups: list[str] | None = Field(description=LIMIT)
    created_unix_s: float
    expires_unix_s: float | None
    used_unix_s: float | None
    used_address: str
    paused: bool


class TokenMade(TokenOut):
    """A new API token, with its text."""

    token: str = Field(description="What the machine sends. It is never shown again.")


class TokenList(BaseModel):
    """API tokens, the newest first."""

    items: list[TokenOut]


def user_out(user: User) -> UserOut:
    """An account for the wire."""
    return UserOut(
        id=user.user_id,
        name=user.name,
        role=user.role,
        cameras=names(user.scope.cameras),
        groups=names(user.scope.groups),
        disabled=user.disabled,
        has_password=user.has_password,
        external=bool(user.subject),
        totp=user.totp,
        recovery_codes=user.recovery_codes,
        created_unix_s=user.created_unix_s,
        password_unix_s=user.password_unix_s,
        last_login_unix_s=user.last_login_unix_s,
    )


def session_out(session: Session, current_id: str) -> SessionOut:
    """A session for the wire."""
    return SessionOut(
        id=session.session_id,
        current=session.session_id == current_id,
        created_unix_s=session.created_unix_s,
        seen_unix_s=session.seen_unix_s,
        expires_unix_s=session.expires_unix_s,
        address=session.address,
        agent=session.agent,
    )


def token_out(token: ApiToken, owner: str) -> TokenOut:
    """A token for the wire."""
    return TokenOut(
        id=token.token_id,
        user_id=token.user_id,
        user=owner,
        name=token.name,
        role=token.role,
        cameras=names(token.scope.cameras),
        groups=names(token.scope.groups),
        created_unix_s=token.created_unix_s,
        expires_unix_s=token.expires_unix_s,
        used_unix_s=token.used_unix_s,
        used_address=token.used_address,
        paused=token.paused,
    )


def names(found: frozenset[str] | None) -> list[str] | None:
    """Half of a scope for the wire."""
    return None if found is None else sorted(found)

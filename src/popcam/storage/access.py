"""Accounts, sessions and API tokens as rows: what they mean is said in `security/`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, Select, delete, false, func, insert, or_, select, update

from popcam.storage.tables import api_tokens, sessions, users


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRow:
    """One account. `cameras` and `groups` are both None for no limit."""

    user_id: str
    name: str
    name_key: str
    role: str
    cameras: list[str] | None = None
    groups: list[str] | None = None
    password_hash: str = field(default="", repr=False)
    totp_secret: bytes | None = field(default=None, repr=False)
    totp_last_step: int = 0
    recovery_hashes: list[str] = field(default_factory=list, repr=False)
    subject: str | None = None
    disabled: bool = False
    created_unix_s: float = 0.0
    password_unix_s: float = 0.0
    last_login_unix_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One browser that is signed in."""

    session_id: str
    user_id: str
    token_hash: str = field(repr=False)
    created_unix_s: float
    seen_unix_s: float
    expires_unix_s: float
    address: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """One API token."""

    token_id: str
    user_id: str
    name: str
    token_hash: str = field(repr=False)
    role: str
    cameras: list[str] | None = None
    groups: list[str] | None = None
    created_unix_s: float = 0.0
    expires_unix_s: float | None = None
    used_unix_s: float | None = None
    used_address: str = ""
    paused: bool = False


Row = TypeVar("Row", UserRow, SessionRow, TokenRow)


def take_write_lock(connection: Connection) -> None:
    """Let nobody else write until this transaction ends, so that what it reads first still holds when it writes."""
    # No row matches, yet SQLite takes the lock of a writer for it.
    connection.execute(update(users).where(false()).values(role=""))


def any_user(connection: Connection) -> bool:
    """Whether there is an account at all."""
    return connection.scalar(select(users.c.user_id).limit(1)) is not None


def add_user(connection: Connection, row: UserRow) -> None:
    """Put an account in; the unique names are the caller's to check first."""
    connection.execute(insert(users), _values(row))


def user_by_id(connection: Connection, user_id: str) -> UserRow | None:
    """The account of this id."""
    return _one(connection, select(users).where(users.c.user_id == user_id), UserRow)


def user_by_name(connection: Connection, name_key: str) -> UserRow | None:
    """The account whose name compares like this."""
    return _one(connection, select(users).where(users.c.name_key == name_key), UserRow)


def user_by_subject(connection: Connection, subject: str) -> UserRow | None:
    """The account that an identity provider knows like this."""
    return _one(connection, select(users).where(users.c.subject == subject), UserRow)


def all_users(connection: Connection) -> list[UserRow]:
    """All accounts, by name."""
    return _all(connection, select(users).order_by(users.c.name_key), UserRow)


def change_user(connection: Connection, user_id: str, values: Mapping[str, Any]) -> bool:
    """Write some columns. False: there is no such account."""
    return connection.execute(update(users).where(users.c.user_id == user_id).values(**values)).rowcount == 1


def use_totp_step(connection: Connection, user_id: str, step: int) -> bool:
    """Note that a time step's code was used. False: it, or a later one, was used before."""
    where = (users.c.user_id == user_id, users.c.totp_last_step < step)
    return connection.execute(update(users).where(*where).values(totp_last_step=step)).rowcount == 1


def delete_user(connection: Connection, user_id: str) -> bool:
    """Delete an account with its sessions and tokens. False: there is none."""
    return connection.execute(delete(users).where(users.c.user_id == user_id)).rowcount == 1


def count_admins(connection: Connection) -> int:
    """Accounts that may manage accounts: administrators who are not disabled."""
    query = select(func.count()).select_from(users)
    return connection.scalar(query.where(users.c.role == "admin", users.c.disabled.is_(False))) or 0


def add_session(connection: Connection, row: SessionRow) -> None:
    """Put a session in."""
    connection.execute(insert(sessions), _values(row))


def session_by_hash(connection: Connection, token_hash: str) -> SessionRow | None:
    """The session whose cookie has this hash."""
    return _one(connection, select(sessions).where(sessions.c.token_hash == token_hash), SessionRow)


def all_sessions(connection: Connection, user_id: str | None = None) -> list[SessionRow]:
    """Sessions of one account or of all, the newest first."""
    query = select(sessions).order_by(sessions.c.created_unix_s.desc(), sessions.c.session_id)
    return _all(connection, query if user_id is None else query.where(sessions.c.user_id == user_id), SessionRow)


def delete_session(connection: Connection, session_id: str, user_id: str | None = None) -> bool:
    """End a session; with `user_id` only when it is theirs. False: there is none."""
    query = delete(sessions).where(sessions.c.session_id == session_id)
    if user_id is not None:
        query = query.where(sessions.c.user_id == user_id)
    return connection.execute(query).rowcount == 1


def delete_sessions(connection: Connection, user_id: str | None = None, but: str = "") -> int:
    """End the sessions of one account, or all, but one. Gives how many ended."""
    query = delete(sessions).where(sessions.c.session_id != but)
    return connection.execute(query if user_id is None else query.where(sessions.c.user_id == user_id)).rowcount


def touch_sessions(connection: Connection, seen: Mapping[str, float]) -> None:
    """Write when sessions were last used, unix time by id."""
    for session_id, unix_s in seen.items():
        where = (sessions.c.session_id == session_id, sessions.c.seen_unix_s < unix_s)
        connection.execute(update(sessions).where(*where).values(seen_unix_s=unix_s))


def prune_sessions(connection: Connection, now_unix_s: float, idle_since_unix_s: float) -> int:
    """Delete those that ended by time. Gives how many."""
    ended = or_(sessions.c.expires_unix_s <= now_unix_s, sessions.c.seen_unix_s <= idle_since_unix_s)
    return connection.execute(delete(sessions).where(ended)).rowcount


def add_token(connection: Connection, row: TokenRow) -> None:
    """Put an API token in."""
    connection.execute(insert(api_tokens), _values(row))


def token_by_hash(connection: Connection, token_hash: str) -> TokenRow | None:
    """The token whose text has this hash."""
    return _one(connection, select(api_tokens).where(api_tokens.c.token_hash == token_hash), TokenRow)


def token_by_id(connection: Connection, token_id: str) -> TokenRow | None:
    """The token of this id."""
    return _one(connection, select(api_tokens).where(api_tokens.c.token_id == token_id), TokenRow)


def all_tokens(connection: Connection, user_id: str | None = None) -> list[TokenRow]:
    """API tokens of one account or of all, the newest first."""
    query = select(api_tokens).order_by(api_tokens.c.created_unix_s.desc(), api_tokens.c.token_id)
    return _all(connection, query if user_id is None else query.where(api_tokens.c.user_id == user_id), TokenRow)


def change_token(connection: Connection, token_id: str, values: Mapping[str, Any]) -> bool:
    """Write some columns. False: there is no such token."""
    return (
        connection.execute(update(api_tokens).where(api_tokens.c.token_id == token_id).values(**values)).rowcount == 1
    )


def pause_tokens(connection: Connection, token_ids: Iterable[str] | None, paused: bool) -> list[str]:
    """Pause tokens or let them work again; None for all. Gives those that were not so before."""
    query = update(api_tokens).where(api_tokens.c.paused.is_(not paused)).values(paused=paused)
    if token_ids is not None:
        query = query.where(api_tokens.c.token_id.in_(list(token_ids)))
    return list(connection.scalars(query.returning(api_tokens.c.token_id)))


def delete_token(connection: Connection, token_id: str) -> bool:
    """Revoke a token. False: there is none."""
    return connection.execute(delete(api_tokens).where(api_tokens.c.token_id == token_id)).rowcount == 1


def _values(row: UserRow | SessionRow | TokenRow) -> dict[str, Any]:
    return {item.name: getattr(row, item.name) for item in fields(row)}


def _one(connection: Connection, query: Select[Any], kind: type[Row]) -> Row | None:
    found = connection.execute(query).mappings().first()
    return None if found is None else _row(found, kind)


def _all(connection: Connection, query: Select[Any], kind: type[Row]) -> list[Row]:
    return [_row(found, kind) for found in connection.execute(query).mappings()]


def _row(found: RowMapping, kind: type[Row]) -> Row:
    return kind(**{str(name): value for name, value in found.items()})

"""Who asks, what they may do, and on which cameras: the words that identity, permission and audit share. Pure rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

Role = Literal["admin", "operator", "viewer"]
ROLES: tuple[Role, ...] = ("viewer", "operator", "admin")
"""From the least to the most."""

Via = Literal["nobody", "session", "token", "shell", "open", "server"]
"""How somebody is known: not at all, by a browser session, by an API token, by the shell of the server's own user, or
because the settings ask nobody for a login. `server` is popcam itself; no request comes from it."""


class Permission(StrEnum):
    """What a route asks for."""

    PUBLIC = "public"
    """Anybody, known or not: sign-in, liveness, the console's files."""
    SELF = "self"
    """Anybody who is known, about themselves: own sessions, own password."""
    VIEW = "view"
    """Look: states, live pictures, events, snapshots, recordings."""
    OPERATE = "operate"
    """Act on what runs: start and stop cameras, batch jobs, acknowledge alerts."""
    MANAGE = "manage"
    """Decide what there is: cameras, zones, settings."""
    ADMIN = "admin"
    """Decide who may do what, and see what was done: users, tokens, audit log, security, incident mode."""


MAY: Mapping[Role, frozenset[Permission]] = {
    "viewer": frozenset({Permission.SELF, Permission.VIEW}),
    "operator": frozenset({Permission.SELF, Permission.VIEW, Permission.OPERATE}),
    "admin": frozenset(set(Permission) - {Permission.PUBLIC}),
}
"""What each role holds. Everybody holds `PUBLIC`."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The cameras that somebody is limited to; both None for all. Named cameras and groups add up."""

    cameras: frozenset[str] | None = None
    groups: frozenset[str] | None = None

    @property
    def whole(self) -> bool:
        """No limit."""
        return self.cameras is None and self.groups is None

    def holds(self, camera_id: str, groups: frozenset[str] = frozenset()) -> bool:
        """Whether a camera, with the groups that it is in, lies within."""
        if self.whole:
            return True
        return camera_id in (self.cameras or ()) or not groups.isdisjoint(self.groups or ())

    def within(self, other: "Scope") -> bool:
        """Whether nothing of this lies outside of the other, as far as names tell."""
        if other.whole:
            return True
        if self.whole:
            return False
        own = (self.cameras or frozenset(), self.groups or frozenset())
        return own[0] <= (other.cameras or frozenset()) and own[1] <= (other.groups or frozenset())


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who sends a request.

    Attributes:
        via: how they are known.
        role: None when they are not.
        scope: cameras that they are limited to.
        user_id, name: the account; of a token, its owner's id and the token's own name.
        credential_id: public id of the session or token; empty for others.
        address: where the request came from, after trusted proxies.
    """

    via: Via = "nobody"
    role: Role | None = None
    scope: Scope = EVERYTHING
    user_id: str = ""
    name: str = ""
    credential_id: str = ""
    address: str = ""

    @property
    def known(self) -> bool:
        """Somebody, not nobody."""
        return self.role is not None

    def may(self, permission: Permission) -> bool:
        """Whether the role holds a permission, on whatever it is about."""
        return permission is Permission.PUBLIC or (self.role is not None and permission in MAY[self.role])

    def may_on(self, permission: Permission, camera_id: str, groups: frozenset[str] = frozenset()) -> bool:
        """Whether they hold it on this camera."""
        return self.may(permission) and self.scope.holds(camera_id, groups)


NOBODY = Principal()
OPEN = Principal(via="open", role="admin", name="everybody")
"""Whoever asks a server whose settings want no login."""
ITSELF = Principal(via="server", name="popcam")
"""Who did what popcam does unasked, as the audit log names it."""


class AuditNote(NamedTuple):
    """One thing for the audit log, before it gets its place in the chain.

    Attributes:
        action: stable name, `area.what`, such as `camera.update`, `user.login`, `live.view`, `secret.use`.
        result: `ok`, `refused` (who asked may not) or `failed` (it went wrong; `detail` holds the error's code).
        who: who did it; NOBODY before they are known.
        on: what it was done to, such as `camera:front`, `user:u1`, `settings`.
        before, after: what changed, as plain JSON values, secrets masked already.
    """

    action: str
    result: Literal["ok", "refused", "failed"]
    who: Principal
    on: str = ""
    detail: str = ""
    before: object = None
    after: object = None
    request_id: str = ""

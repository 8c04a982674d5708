"""How requests become entries of the audit log. Plain ASGI, around `Edge`, so that also what it refuses is noted.

Noted is every request that changes something, whatever came of it; every refusal, also of looking; and each viewing of
live pictures and recordings, once. What it was about a route tells by `request.state.audit`, a dict of `on`, `before`,
`after`, and where needed `detail`, `action` and `who`. Nobody waits for the log: entries are written right behind the
answer.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, cast

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from popcam.core.access import NOBODY, AuditNote, Permission, Principal
from popcam.core.errors import PopcamError
from popcam.server.audit_changes import spec_of
from popcam.server.audit_damping import WINDOW_S, Damper, Viewings
from popcam.server.audit_schemas import entry_of
from popcam.server.secret_uses import SecretUses

if TYPE_CHECKING:
    from popcam.security.audit import AuditLog
    from popcam.server.needs import Need
    from popcam.server.services import Services
    from popcam.storage.audit import AuditRow

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
VIEWS = frozenset({"live.view", "live.snapshot", "recording.view"})
TELL_THEMSELVES = frozenset({"security.lockdown", "security.unlock"})
"""What notes itself where it is done, as commands do it too."""
STARTS = frozenset({"http.response.start", "websocket.http.response.start", "websocket.accept", "websocket.close"})
Result = Literal["ok", "refused", "failed"]


class Auditing:
    """Wraps everything that answers.

    Args:
        app: what answers.
        services: where the log is; without security nothing is noted.
    """

    def __init__(self, app: ASGIApp, *, services: "Services") -> None:
        self._app = app
        self._services = services
        self._damper = Damper(time.monotonic)
        self._viewings = Viewings(time.monotonic)
        self._attached = False
        self._sums_due = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        security = self._services.security
        if security is None or scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if not self._attached:
            self._attach(security.audit)
        scope.setdefault("state", {})  # here, so that what is put into it further in is seen here
        answered = False

        async def send_noted(message: Message) -> None:
            nonlocal answered
            if not answered and message["type"] in STARTS:
                answered = True
                self._note(security.audit, scope, _status(message), str(scope["state"].get("problem", "")))
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
        except PopcamError as error:
            if not answered:
                self._note(security.audit, scope, error.http_status, error.code)
            raise
        except Exception as error:
            if not answered:
                self._note(security.audit, scope, 500, type(error).__name__)
            raise

    def _attach(self, audit: "AuditLog") -> None:
        """Tell open pages of new entries, and the log of secrets that are used. With the first request: only then is
        there a loop for sure."""
        self._attached = True
        hub = self._services.hub

        def tell(rows: "tuple[AuditRow, ...]") -> None:
            for row in rows:
                hub.announce("audit", entry_of(row).model_dump_json())

        audit.on_entries(tell)
        audit.before_stop.append(self._damper.all)
        SecretUses(self._services, audit).begin()

    def _note(self, audit: "AuditLog", scope: Scope, status: int, code: str) -> None:
        if status < 400 and _only_looks(scope):  # most requests: they cost next to nothing here
            return
        note = note_of(scope, status, code)
        if note is None:
            return
        if note.action in VIEWS and note.result == "ok":
            if audit.views and self._shows_something(scope) and self._viewings.begins(note):
                audit.note(note)
            return
        if note.result == "ok":
            audit.note(note)
            return
        for kept in self._damper.pass_on(note):
            audit.note(kept)
        if self._damper.holds and not self._sums_due:
            self._sums_due = True
            asyncio.get_running_loop().call_later(WINDOW_S, self._note_sums, audit)

    def _shows_something(self, scope: Scope) -> bool:
        """A WebSocket is accepted before anybody looks whether there is such a camera."""
        camera_id = (scope.get("path_params") or {}).get("camera_id", "")
        return scope["type"] != "websocket" or spec_of(self._services.cameras, camera_id) is not None

    def _note_sums(self, audit: "AuditLog") -> None:
        self._sums_due = False
        for note in self._damper.all():
            audit.note(note)


def note_of(scope: Scope, status: int, code: str) -> AuditNote | None:
    """What the log tells of a request; None for one that only looked.

    Args:
        scope: of the request, after it was answered.
        status: of the answer.
        code: of the error, where there was one.
    """
    state = scope["state"]
    need = cast("Need | None", state.get("need"))
    told = cast(Mapping[str, Any], state.get("audit") or {})
    who = cast(Principal, told.get("who") or state.get("principal") or _nobody(scope))
    action = str(told.get("action") or (need.action if need else "") or _route_name(scope))
    result = _result(status, code, who, need)
    if result == "ok" and action in TELL_THEMSELVES:
        return None
    if result != "refused" and action not in VIEWS and not _changes(scope, need):
        return None
    if result == "failed" and action in VIEWS and scope.get("method", "GET") in SAFE_METHODS:
        return None  # a camera that is off was not looked at
    return AuditNote(
        action=action,
        result=result,
        who=who,
        on=str(told.get("on") or _object(scope)),
        detail=str(told.get("detail") or code or _part(scope)),
        before=told.get("before"),
        after=told.get("after"),
        request_id=scope.get("request_id", ""),
    )


def _only_looks(scope: Scope) -> bool:
    need = cast("Need | None", scope["state"].get("need"))
    return scope.get("method") in SAFE_METHODS and (need is None or need.action not in VIEWS)


def _nobody(scope: Scope) -> Principal:
    """Who was refused before anybody asked who it is."""
    client = scope.get("client")
    return replace(NOBODY, address=str(client[0]) if client else "")


def _result(status: int, code: str, who: Principal, need: "Need | None") -> Result:
    if status < 400:
        return "ok"
    if status in {401, 403, 429}:
        return "refused"
    # Who is limited to some cameras is told of others that there is no such camera.
    hidden = status == 404 and need is not None and bool(need.camera) and who.known and not who.scope.whole
    return "refused" if hidden or code.startswith("access.") else "failed"


def _changes(scope: Scope, need: "Need | None") -> bool:
    """Whether it asked for a change: a question may be sent by POST, too, and then only needs the right to look."""
    if scope["type"] == "websocket" or scope["method"] in SAFE_METHODS:
        return False
    return need is None or need.permission is not Permission.VIEW


def _route_name(scope: Scope) -> str:
    name = getattr(scope.get("route"), "name", "")
    return f"http.{name}" if name else f"http.{scope.get('method', 'websocket').lower()}"


def _object(scope: Scope) -> str:
    """What the address names, such as `camera:front`; the path itself where no route was found."""
    params = scope.get("path_params") or {}
    if not params:
        return "" if scope.get("route") else str(scope["path"])
    kind, value = next(iter(params.items()))
    if kind == "name":
        kind = str(scope["path"]).strip("/").split("/")[-2].removesuffix("s")
    return f"{kind.removesuffix('_id')}:{value}"


def _part(scope: Scope) -> str:
    """Which of the object's things the address names, such as one recording of a camera."""
    return "/".join(str(value) for value in list((scope.get("path_params") or {}).values())[1:])


def _status(message: Message) -> int:
    match message["type"]:
        case "websocket.accept":
            return 101
        case "websocket.close":
            return 403
        case _:
            return int(message["status"])

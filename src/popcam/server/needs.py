"""What each route needs, declared beside it: `dependencies=[needs(Permission.VIEW, camera="camera_id")]`.

It is decided before anything of a request's body is read, from what `gatekeeper` found out about who asks. A route that
declares nothing fails at start. Who is limited to some cameras is refused by every route that neither names its camera
nor says that it tells such people only of theirs (`filtered`): what was forgotten stays shut.
"""

from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Protocol, cast, runtime_checkable

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.params import Depends as DependsOn
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.requests import HTTPConnection

from popcam.core.access import NOBODY, Permission, Principal
from popcam.core.errors import AccessRefusedError, CameraNotFoundError, LoginNeededError, PopcamError
from popcam.server.sight import sees
from popcam.server.strict_json import StrictRequest

if TYPE_CHECKING:
    from popcam.server.response_cache import ResponseCache
    from popcam.server.services import Services

Missing = Callable[[Mapping[str, str]], PopcamError]
"""Makes the failure that an unknown object of these path parameters leads to."""


@runtime_checkable
class Gate(Protocol):
    """Decides about a request before its body is read."""

    def check(self, connection: HTTPConnection) -> None:
        """Raise why it may not go on."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one route asks for; see `needs`."""

    permission: Permission
    camera: str = ""
    filtered: bool = False
    person: bool = False
    action: str = ""
    missing: Missing | None = None

    async def __call__(self, connection: HTTPConnection) -> None:
        """As a dependency: of WebSockets, which have no body."""
        self.check(connection)

    def check(self, connection: HTTPConnection) -> None:
        """Let a request through, or say why not.

        Raises:
            LoginNeededError: nobody knows who asks.
            LockedDownError: incident mode is on.
            AccessRefusedError: their role, or their limit to some cameras, forbids it.
            CameraNotFoundError: it is about a camera that they may not know of; an unknown one looks the same.
        """
        state = connection.scope.setdefault("state", {})
        state["need"] = self
        if self.permission is Permission.PUBLIC:
            return
        who = cast(Principal, state.get("principal", NOBODY))
        if not who.known:
            raise LoginNeededError
        services = cast("Services", connection.app.state.services)
        if services.security is not None:
            services.security.lockdown.check(who)
        if not who.may(self.permission):
            raise AccessRefusedError(f"{self.permission} is not for {who.role}")
        if self.person and who.via != "session":
            raise AccessRefusedError("only for somebody who is signed in with a browser", "仅限通过浏览器登录的用户")
        if who.scope.whole or self.filtered or self.permission is Permission.SELF:
            return
        if not self.camera:
            raise AccessRefusedError("it concerns all cameras, and you are limited to some", "涉及全部摄像头")
        params = connection.path_params
        camera_id = params[self.camera]
        if not sees(services.cameras, who, camera_id):
            raise self.missing(params) if self.missing else CameraNotFoundError(camera_id)


def needs(
    permission: Permission,
    *,
    camera: str = "",
    filtered: bool = False,
    person: bool = False,
    action: str = "",
    missing: Missing | None = None,
) -> Any:
    """Declare what a route needs.

    Args:
        permission: that the caller's role must hold.
        camera: the path parameter that names the camera which it is about.
        filtered: the route itself tells people only of cameras within their scope.
        person: only for somebody at a browser: a stolen token can't give its holder a password, or a longer life.
        action: its name in the audit log, such as `camera.start`; the route's own name by default.
        missing: what an unknown object is answered with, where that is not `camera.not_found`.
    """
    return Depends(
        Need(permission=permission, camera=camera, filtered=filtered, person=person, action=action, missing=missing)
    )


async def principal_of(connection: HTTPConnection) -> Principal:
    """Who asks; a coroutine because FastAPI sends plain functions through a thread."""
    return cast(Principal, connection.scope.get("state", {}).get("principal", NOBODY))


Who = Annotated[Principal, Depends(principal_of)]


def cache_of(request: Request) -> "ResponseCache | None":
    """Where answers are kept; None before the server has begun to watch over itself."""
    services = getattr(request.app.state, "services", None)
    operating = getattr(services, "operating", None)
    return None if operating is None else cast("ResponseCache | None", operating.cache)


class GuardedRoute(APIRoute):
    """A route whose gates are asked before FastAPI reads anything of the request. An answer that is kept comes behind
    them, too."""

    gates: tuple[Gate, ...]

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        dependencies: Sequence[DependsOn] | None = None,
        **rest: Any,
    ) -> None:
        given = tuple(dependencies or ())
        self.gates = tuple(gate for one in given if (gate := _gate(one)) is not None)
        super().__init__(path, endpoint, dependencies=[one for one in given if _gate(one) is None], **rest)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        checks = tuple(gate.check for gate in self.gates)
        path = self.path

        async def guarded(request: Request) -> Response:
            for check in checks:
                check(request)
            strict = StrictRequest(request.scope, request.receive)
            cache = cache_of(request)
            return await (handle(strict) if cache is None else cache.answer(path, strict, handle))

        return guarded


class Router(APIRouter):
    """A router of guarded routes: what every file in `routes/` uses."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=GuardedRoute, generate_unique_id_function=_operation_id, **options)


class Declared(NamedTuple):
    """One way into the app, as its own routing table has it. `methods` is empty for a WebSocket."""

    path: str
    methods: frozenset[str]
    name: str
    needs: tuple[Need, ...]
    gates: tuple[object, ...]
    """The needs and whatever else decides before a body is read."""


def declared(app: FastAPI) -> Iterator[Declared]:
    """Every route and WebSocket of the app with what it declares."""
    for route in iter_route_contexts(app.routes):
        original = route.original_route
        gates: Sequence[object] = ()
        if isinstance(original, GuardedRoute):
            gates = original.gates
        elif not isinstance(original, APIRoute) and hasattr(original, "dependant"):
            gates = [inner.call for inner in original.dependant.dependencies]
        yield Declared(
            path=route.path or "?",
            methods=frozenset(route.methods or ()),
            name=route.name or "",
            needs=tuple(gate for gate in gates if isinstance(gate, Need)),
            gates=tuple(gates),
        )


def check_declared(app: FastAPI) -> None:
    """Refuse an app that has a way in without a need.

    Raises:
        RuntimeError: names each of them.
    """
    bare = [f"{' '.join(sorted(route.methods)) or 'WS'} {route.path}" for route in declared(app) if not route.needs]
    if bare:
        raise RuntimeError(f"routes without needs(...), or of a router that is no needs.Router: {', '.join(bare)}")


def _gate(dependency: DependsOn) -> Gate | None:
    call: object = dependency.dependency
    return call if isinstance(call, Gate) else None


def _operation_id(route: APIRoute) -> str:
    return route.name

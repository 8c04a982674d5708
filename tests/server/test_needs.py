"""Routes declare what they need; an app with one that does not is refused."""

from typing import Any

import pytest
from fastapi import APIRouter, FastAPI, WebSocket
from tests.server.conftest import Rig

from popcam.core.access import Permission
from popcam.server.app import create_app
from popcam.server.needs import Router, check_declared, declared, needs


async def nothing() -> None:
    return None


def app_with(router: APIRouter) -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(router)
    return app


def test_a_route_that_declares_nothing_stops_the_start() -> None:
    router = Router()
    router.get("/forgotten")(nothing)
    with pytest.raises(RuntimeError, match="GET /forgotten"):
        check_declared(app_with(router))


def test_a_router_of_another_kind_stops_the_start() -> None:
    router = APIRouter()
    router.get("/elsewhere", dependencies=[needs(Permission.VIEW)])(nothing)
    with pytest.raises(RuntimeError, match="GET /elsewhere"):
        check_declared(app_with(router))


def test_a_websocket_that_declares_nothing_stops_the_start() -> None:
    async def talk(websocket: WebSocket) -> None:
        await websocket.accept()

    router = Router()
    router.websocket("/talk")(talk)
    with pytest.raises(RuntimeError, match="WS /talk"):
        check_declared(app_with(router))


def test_a_mounted_app_stops_the_start() -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.mount("/other", FastAPI())
    with pytest.raises(RuntimeError, match="/other"):
        check_declared(app)


def test_a_need_of_the_router_holds_for_all_its_routes() -> None:
    router = Router(dependencies=[needs(Permission.ADMIN)])
    router.get("/a", dependencies=[needs(Permission.SELF)])(nothing)
    (route,) = declared(app_with(router))
    assert [need.permission for need in route.needs] == [Permission.ADMIN, Permission.SELF]


async def test_each_need_is_in_the_description(document: dict[str, Any], rig: Rig) -> None:
    told = {
        (method.upper(), path): operation.get("x-permission")
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    }
    for route in declared(create_app(rig.services)):
        for method in route.methods & {method for method, path in told if path == route.path}:
            assert told[method, route.path] == route.needs[-1].permission


async def test_whoever_needs_a_login_is_described_with_its_refusals(document: dict[str, Any]) -> None:
    operation = document["paths"]["/api/v1/cameras/{camera_id}/start"]["post"]
    assert operation["security"] == [{"session": []}, {"token": []}]
    codes = {
        code
        for status in ("401", "403", "404", "429")
        for content in operation["responses"][status]["content"].values()
        for code in content["examples"]
    }
    assert {"access.login_needed", "access.refused", "access.csrf_refused", "access.locked_down"} <= codes
    assert {"camera.not_found", "access.address_blocked"} <= codes

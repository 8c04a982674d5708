"""The description of the API is complete and true, and loads nothing from elsewhere."""

import asyncio
import re
import threading
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from tests.server.conftest import Rig

from popcam.server import openapi
from popcam.server.app import ROUTERS

OPERATIONS = [
    (route.path_format, method.lower())
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute) and route.include_in_schema
    for method in route.methods or ()
]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
async def test_every_operation_is_described(document: dict[str, Any], path: str, method: str) -> None:
    operation = document["paths"][path][method]
    assert operation["summary"]
    assert operation["description"]
    assert any(status.startswith(("2", "3")) for status in operation["responses"])


async def test_operation_ids_are_unique(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for item in document["paths"].values() for operation in item.values()]
    assert len(ids) == len(set(ids)) == len(OPERATIONS)


async def test_every_failure_is_described_as_a_problem(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for operation in item.values():
            for status, answer in operation["responses"].items():
                if status.startswith(("4", "5")) and path != "/ready":
                    assert set(answer["content"]) == {"application/problem+json"}, (path, status)


async def test_every_json_answer_has_an_example_that_fits_its_model(document: dict[str, Any]) -> None:
    checked = 0
    for path, item in document["paths"].items():
        for operation in item.values():
            for status, answer in operation["responses"].items():
                content = answer.get("content", {}).get("application/json")
                if not status.startswith("2") or content is None:
                    continue
                reference = content["schema"].get("$ref", "")
                model = document["components"]["schemas"].get(reference.rpartition("/")[2], {})
                missing = set(model.get("required", [])) - set(content["example"])
                # FastAPI leaves fields that are null out of examples.
                assert all({"type": "null"} in model["properties"][name]["anyOf"] for name in missing), (path, status)
                checked += 1
    assert checked >= 30


async def test_settings_are_described_down_to_their_fields(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["CameraDetail"]["properties"]["settings"]["$ref"] == "#/components/schemas/CameraSettings"
    assert {"source", "zones", "groups", "act"} <= set(schemas["CameraSettings"]["properties"])
    body = document["paths"]["/api/v1/cameras"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"]["$ref"] == "#/components/schemas/CameraSettings"


async def test_every_reference_leads_somewhere(rig: Rig, document: dict[str, Any]) -> None:
    text = (await rig.client.get("/api/openapi.json")).text
    for name in set(re.findall(r"#/components/schemas/([\w-]+)", text)):
        assert name in document["components"]["schemas"]


async def test_the_page_names_every_address_and_loads_nothing(rig: Rig, document: dict[str, Any]) -> None:
    text = (await rig.client.get("/api/docs")).text
    assert all(path in text for path in document["paths"])
    assert not re.search(r"<(script|link|img|iframe)\b", text)
    assert "http://" not in text
    assert "https://" not in text


async def test_others_are_answered_while_it_is_put_together_which_happens_once(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, made = threading.Event(), threading.Event(), []
    real = openapi._document

    def slow(app: FastAPI) -> dict[str, Any]:
        made.append(app)
        begun.set()
        assert go_on.wait(60)
        return real(app)

    monkeypatch.setattr(openapi, "_document", slow)
    asked = [asyncio.create_task(rig.client.get(path)) for path in ("/api/openapi.json", "/api/docs")]
    try:
        assert await asyncio.to_thread(begun.wait, 60)
        assert (await asyncio.wait_for(rig.client.get("/health"), 60)).status_code == 200
        assert not any(task.done() for task in asked)
    finally:
        go_on.set()
    assert [(await task).status_code for task in asked] == [200, 200]
    assert len(made) == 1

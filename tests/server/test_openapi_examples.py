"""The examples of the API's description are true: each is taken, or given, by the declared model as it stands."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from popcam.config.loading import check_camera
from popcam.core.errors import PopcamError, all_errors
from popcam.server.app import ROUTERS
from popcam.server.examples import SETTINGS
from popcam.server.openapi import problem_example
from popcam.server.problem_model import Problem
from popcam.server.problems import PROBLEM_MEDIA_TYPE

ROUTES = [
    route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute) and route.include_in_schema
]
JSON = "application/json"


def examples_of(content: dict[str, Any]) -> list[Any]:
    """The values of the examples of one body."""
    one = [content["example"]] if "example" in content else []
    return one + [example["value"] for example in content.get("examples", {}).values()]


ANSWERS = [
    (route, value)
    for route in ROUTES
    for status, answer in route.responses.items()
    if str(status).startswith("2")
    for value in examples_of(answer.get("content", {}).get(JSON, {}))
]
REQUESTS = [
    (route, example["value"])
    for route in ROUTES
    if route.body_field is not None
    for example in (getattr(route.body_field.field_info, "openapi_examples", None) or {}).values()
]


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method} {path}", operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


@pytest.mark.parametrize(("route", "value"), ANSWERS, ids=[route.name for route, _ in ANSWERS])
def test_an_answer_is_one_of_its_model(route: APIRoute, value: Any) -> None:
    model = TypeAdapter(route.response_model)
    told = model.validate_json(json.dumps(value))
    # Nothing is missing, nothing is there that the model does not know, nothing is written otherwise.
    assert model.dump_python(told, mode="json", exclude_none=True) == without_nulls(value)


@pytest.mark.parametrize(
    ("route", "value"), REQUESTS, ids=[f"{route.name}-{n}" for n, (route, _) in enumerate(REQUESTS)]
)
def test_a_request_is_taken_by_its_model(route: APIRoute, value: Any) -> None:
    assert route.body_field is not None
    model: Any = route.body_field.field_info.annotation
    TypeAdapter(model).validate_json(json.dumps(value))


@pytest.mark.parametrize(
    "value", [value for route, value in REQUESTS if route.name in {"create_camera", "replace_camera"}], ids=str
)
def test_a_camera_in_a_request_is_valid(value: dict[str, Any], tmp_path: Path) -> None:
    check_camera("door", {key: item for key, item in value.items() if key != "id"}, tmp_path)


@pytest.mark.parametrize("value", [value for route, value in REQUESTS if route.name == "patch_camera"], ids=str)
def test_a_change_in_a_request_makes_a_valid_camera(value: dict[str, Any], tmp_path: Path) -> None:
    changed = {key: item for key, item in {**SETTINGS, **value}.items() if item is not None and key != "id"}
    check_camera("door", changed, tmp_path)


@pytest.mark.parametrize(
    "camera",
    [camera for route, value in REQUESTS if route.name == "create_cameras" for camera in value["cameras"]],
    ids=str,
)
def test_each_camera_of_a_batch_is_valid(camera: dict[str, Any], tmp_path: Path) -> None:
    check_camera("door", {key: item for key, item in camera.items() if key != "id"}, tmp_path)


async def test_every_body_has_an_example(document: dict[str, Any]) -> None:
    bare = [
        name
        for name, operation in operations(document)
        for content in operation.get("requestBody", {}).get("content", {}).values()
        if not examples_of(content)
    ]
    assert bare == []


async def test_every_json_answer_has_an_example(document: dict[str, Any]) -> None:
    bare = [
        (name, status)
        for name, operation in operations(document)
        for status, answer in operation["responses"].items()
        if status.startswith("2") and JSON in answer.get("content", {}) and not examples_of(answer["content"][JSON])
    ]
    assert bare == []
    assert len(ANSWERS) > 30


async def test_every_parameter_is_described(document: dict[str, Any]) -> None:
    bare = [
        (name, parameter["name"])
        for name, operation in operations(document)
        for parameter in operation.get("parameters", [])
        if not parameter.get("description")
    ]
    assert bare == []


async def test_what_may_not_exist_and_what_may_be_wrong_is_declared(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        if "{" in name:
            assert "404" in operation["responses"], name
        if JSON in operation.get("requestBody", {}).get("content", {}):
            assert "422" in operation["responses"], name


async def test_every_failure_has_an_example_of_its_own_status(document: dict[str, Any]) -> None:
    known = document["components"]["examples"]
    for name, operation in operations(document):
        for status, answer in operation["responses"].items():
            problems = answer.get("content", {}).get(PROBLEM_MEDIA_TYPE)
            if problems is None:
                continue
            codes = [example["$ref"].rpartition("/")[2] for example in problems["examples"].values()]
            assert codes, (name, status)
            assert {known[code]["value"]["status"] for code in codes} == {int(status)}, (name, status)


@pytest.mark.parametrize("error", list(all_errors()), ids=lambda error: error.code)
def test_a_problem_is_one_of_its_model(error: type[PopcamError]) -> None:
    value = problem_example(error)["value"]
    told = Problem.model_validate_json(json.dumps(value))
    assert told.model_dump(mode="json", exclude_none=True) == value
    assert (told.code, told.title) == (error.code, error.title.en)


def without_nulls(value: Any) -> Any:
    """FastAPI leaves out what is null in examples of the document, too."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value

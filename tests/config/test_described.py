"""The schema of forms is complete, in the reader's language, and says what the loader says."""

from collections.abc import Iterator
from typing import Any

import pytest

from popcam.cameras.document import masked
from popcam.config.described import described_schema
from popcam.core.spec import CameraSpec, SourceSpec


def settings_in(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for name, inner in schema.get("properties", {}).items():
        yield f"{path}{name}", inner
        yield from settings_in(inner, f"{path}{name}.")
    for nest in ("items", "additionalProperties"):
        if isinstance(schema.get(nest), dict):
            yield from settings_in(schema[nest], f"{path}[].")


CAMERA = dict(settings_in(described_schema("camera", "en")))
ALL = dict(settings_in(described_schema("all", "zh")))


@pytest.mark.parametrize("settings", [CAMERA, ALL], ids=["camera", "all"])
def test_every_setting_is_explained(settings: dict[str, dict[str, Any]]) -> None:
    bare = [key for key, schema in settings.items() if not (schema["title"] and schema["description"])]
    assert bare == []
    assert {schema["x-level"] for schema in settings.values()} == {"basic", "advanced"}


@pytest.mark.parametrize("settings", [CAMERA, ALL], ids=["camera", "all"])
def test_there_are_no_references(settings: dict[str, dict[str, Any]]) -> None:
    assert not [key for key, schema in settings.items() if {"$ref", "anyOf"} & set(schema)]


def test_all_settings_include_the_cameras() -> None:
    assert "cameras.[].gate.sensitivity" in ALL
    assert ALL["cameras.[].gate.sensitivity"]["title"] == "灵敏度"


def test_limits_default_unit_and_choices_are_told() -> None:
    assert CAMERA["gate.cooldown_s"] | {"description": ""} == {
        "type": "number",
        "minimum": 0.0,
        "maximum": 600.0,
        "default": 5.0,
        "title": "Motion lasts after",
        "description": "",
        "x-level": "advanced",
        "x-effect": "live",
        "x-unit": "s",
    }
    assert CAMERA["act.style"]["x-choices"]["pixelate"] == "Pixels"
    assert CAMERA["act.style"]["enum"] == ["blur", "pixelate", "solid"]


def test_what_may_be_unset_keeps_its_limits() -> None:
    score = CAMERA["detect.min_score"]
    assert (score["type"], score["minimum"], score["maximum"]) == (["number", "null"], 0.0, 1.0)
    assert CAMERA["sub_source"]["type"] == ["object", "null"]
    assert "url" in CAMERA["sub_source"]["properties"]


def test_secrets_are_write_only_in_both_streams() -> None:
    secret = {key for key, schema in CAMERA.items() if schema.get("writeOnly")}
    assert secret == {f"{stream}.{name}" for stream in ("source", "sub_source") for name in ("username", "password")}


@pytest.mark.parametrize(
    ("key", "effect"),
    [("name", "none"), ("active", "stop"), ("source.url", "reopen"), ("sub_source.url", "reopen"), ("zones", "live")],
)
def test_what_a_change_of_a_camera_does(key: str, effect: str) -> None:
    assert CAMERA[key]["x-effect"] == effect


def test_hiding_opens_a_second_stream_again() -> None:
    act = CAMERA["act.kind"]
    assert (act["x-effect"], act["x-effect-with"]) == ("live", {"sub_source": "reopen"})


@pytest.mark.parametrize(
    ("key", "effect"), [("server.port", "restart"), ("log.level", "live"), ("log.format", "restart")]
)
def test_what_a_change_of_the_server_does(key: str, effect: str) -> None:
    assert ALL[key]["x-effect"] == effect


def keys_in(values: dict[str, Any], path: str = "") -> Iterator[str]:
    for name, value in values.items():
        yield f"{path}{name}"
        if isinstance(value, dict):
            yield from keys_in(value, f"{path}{name}.")


def test_every_setting_of_a_real_camera_is_in_it() -> None:
    camera = CameraSpec(id="door", source=SourceSpec(url="demo:"), sub_source=SourceSpec(url="demo:"))
    assert set(keys_in(masked(camera))) <= set(CAMERA)


def test_no_path_of_this_machine_is_in_it() -> None:
    assert not [key for key in ("data_dir", "runtime_dir", "log_dir") if "default" in ALL[key]]

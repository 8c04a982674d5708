"""The schema says what the loader says."""

from typing import Any

import pytest

from popcam.config.schema import settings_schema


def definition(name: str) -> dict[str, Any]:
    found: dict[str, Any] = settings_schema()["$defs"][name]
    return found


def test_unknown_keys_are_underlined_everywhere() -> None:
    schema = settings_schema()
    objects = [schema, *(part for part in schema["$defs"].values() if part.get("type") == "object")]
    assert all(part["additionalProperties"] is False for part in objects)


def test_a_camera_s_id_is_its_key() -> None:
    camera = definition("CameraSpec")
    assert "id" not in camera["properties"]
    assert camera["required"] == ["source"]


@pytest.mark.parametrize("name", ["SourceSpec", "RestreamSpec"])
def test_an_address_may_be_plain_text_or_an_object(name: str) -> None:
    text, whole = definition(name)["anyOf"]
    assert (text["type"], whole) == ("string", {"$ref": f"#/$defs/{name}Object"})


def test_a_section_may_be_empty() -> None:
    assert {"type": "null"} in settings_schema()["properties"]["server"]["anyOf"]


def test_every_key_is_described() -> None:
    schema = settings_schema()
    parts = {"top": schema, **schema["$defs"]}
    bare = [
        f"{name}.{key}"
        for name, part in parts.items()
        for key, value in part.get("properties", {}).items()
        if not value.get("description") and "$ref" not in str(value)  # its type is described
    ]
    assert bare == []


def test_no_path_of_this_machine_is_in_it() -> None:
    folders = [value for key, value in settings_schema()["properties"].items() if key.endswith("_dir")]
    assert not [value for value in folders if "default" in value]

"""Texts below fields come into schemas, and nowhere else."""

from dataclasses import dataclass
from typing import Any, ClassVar

from popcam.config.schema import plain_schema
from popcam.core.field_docs import describe, field_docs, settings_classes
from popcam.core.spec import STRICT, CameraSpec


@dataclass
class Lamp:
    """A lamp."""

    power_w: float = 5.0
    """What it takes.

    From the mains.
    """
    colour: str = "white"
    name: ClassVar[str] = "lamp"
    """Of the class."""


def test_each_text_belongs_to_the_field_above_it() -> None:
    assert field_docs(Lamp) == {"power_w": "What it takes.\n\nFrom the mains.", "name": "Of the class."}


def test_a_schema_gets_what_it_lacks_and_keeps_what_it_has() -> None:
    schema: dict[str, Any] = {"properties": {"power_w": {"description": "kept"}, "colour": {}}}
    describe(schema, Lamp)
    assert schema == {"properties": {"power_w": {"description": "kept"}, "colour": {}}}
    schema = {"properties": {"power_w": {}}}
    describe(schema, Lamp)
    assert schema["properties"]["power_w"]["description"].startswith("What it takes.")


def test_classes_of_settings_are_found_by_their_configuration() -> None:
    found = settings_classes()
    assert found["CameraSpec"] is CameraSpec
    assert all(vars(cls)["__pydantic_config__"] is STRICT for cls in found.values())
    assert "Lamp" not in found


def test_every_setting_has_a_text() -> None:
    schema = plain_schema()
    sections = {
        "Settings": schema,
        **{name: schema["$defs"][name] for name in settings_classes() if name in schema["$defs"]},
    }
    lacking = [
        f"{name}.{key}"
        for name, section in sections.items()
        for key, described in section["properties"].items()
        if "$ref" not in described and not described.get("description")  # a section has its class's own text
    ]
    assert len(sections) > 20
    assert lacking == []

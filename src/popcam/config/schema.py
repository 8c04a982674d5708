"""The JSON Schema of the settings file, for editors: completion, texts at the cursor, mistakes underlined."""

from typing import Any

from popcam.config.model import Settings
from popcam.core.field_docs import describe, describe_fields

SCHEMA_ID = "urn:popcam:settings"
ID_PATTERN = "^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"


def plain_schema() -> dict[str, Any]:
    """The schema of `Settings` as the class is, with the texts below its fields."""
    schema = Settings.model_json_schema(mode="validation")
    describe(schema, Settings)
    describe_fields(schema["$defs"])
    return schema


def settings_schema() -> dict[str, Any]:
    """The schema of `popcam.yaml`, with the short forms that the file may use."""
    schema = plain_schema()
    definitions = schema["$defs"]
    camera = definitions["CameraSpec"]
    # In the file the id is the key above the camera.
    del camera["properties"]["id"]
    camera["required"].remove("id")
    for short in ("SourceSpec", "RestreamSpec"):
        _allow_text(schema, short)
    cameras = schema["properties"]["cameras"]
    cameras["propertyNames"] = {"pattern": ID_PATTERN}
    for key, definition in schema["properties"].items():
        # A section whose lines are all commented out is null.
        if "$ref" in definition or key == "cameras":
            described = {name: definition.pop(name) for name in ("description", "title") if name in definition}
            schema["properties"][key] = {**described, "anyOf": [definition, {"type": "null"}]}
    for folder in ("data_dir", "log_dir", "runtime_dir"):
        # The default is this machine's own folder and has no place in a shared file.
        schema["properties"][folder].pop("default", None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, **schema}


def _allow_text(schema: dict[str, Any], name: str) -> None:
    """Let an address stand as plain text wherever the object may."""
    definitions = schema["$defs"]
    definitions[f"{name}Object"] = definitions[name]
    address = definitions[name]["properties"]["url"]
    definitions[name] = {
        "anyOf": [dict(address, title="Address"), {"$ref": f"#/$defs/{name}Object"}],
        "description": definitions[name]["description"],
    }

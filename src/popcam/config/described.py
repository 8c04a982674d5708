"""The settings as a JSON Schema for forms: texts in the reader's language, limits, defaults, and how to show each.

Beside the words of JSON Schema (2020-12) a setting may carry:

- `x-level`: `basic` or `advanced`; `x-unit`: its unit; `x-choices`: the label of each value of its `enum`;
- `x-effect`: what a change does while popcam runs, see `Effect`; `x-effect-with`: what it does where another setting of
  the same camera, the key, is set.

Secrets are `writeOnly`. There are no references: what a form shows stands where it is shown.
"""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import TypeAdapter

from popcam.config.diff import LIVE_SECTIONS, RESTART_KEYS
from popcam.config.schema import ID_PATTERN, plain_schema
from popcam.config.words import unit_of, words_of
from popcam.core.field_docs import describe, describe_fields
from popcam.core.language import Language
from popcam.core.spec import CameraSpec

Part = Literal["camera", "all"]
Effect = Literal["none", "live", "reopen", "stop", "restart"]
"""- `none`: nothing running notices. - `live`: taken over at once, the stream stays open; outputs begin anew.
- `reopen`: the camera's stream is opened again. - `stop`: the camera stops or starts. - `restart`: waits until popcam
is started the next time."""

_EFFECTS: Mapping[str, Effect] = {
    "cameras": "live",
    "cameras.id": "none",
    "cameras.name": "none",
    "cameras.groups": "none",
    "cameras.auto_start": "none",
    "cameras.active": "stop",
    "cameras.source": "reopen",
    "cameras.sub_source": "reopen",
    "cameras.decode": "reopen",
}
_EFFECTS_WITH: Mapping[str, Mapping[str, Effect]] = {"cameras.act.kind": {"sub_source": "reopen"}}
"""Effects that a setting has where another one of the same camera is set: a camera that hides faces looks for them in
its main stream, any other one in its second stream."""
SECRETS = frozenset(
    {
        "alerts.channels.apprise_url",
        "cameras.source.username",
        "cameras.source.password",
        "mqtt.username",
        "mqtt.password",
    }
)
_SHARED = {"cameras.sub_source": "cameras.source"}
"""Sections whose inner settings have the words of another one."""


def described_schema(part: Part, language: Language) -> dict[str, Any]:
    """The schema of one camera, or of all settings."""
    if part == "camera":
        whole = TypeAdapter(CameraSpec).json_schema()
        describe(whole, CameraSpec)
        describe_fields(whole["$defs"])
        return _Describer(whole, language).described(whole, "cameras")
    whole = plain_schema()
    return _Describer(whole, language).top(whole)


class _Describer:
    """Puts words into pydantic's schema and resolves its references."""

    def __init__(self, whole: dict[str, Any], language: Language) -> None:
        self._definitions = whole.get("$defs", {})
        self._language = language

    def top(self, whole: dict[str, Any]) -> dict[str, Any]:
        """All settings: the schema whose keys begin here."""
        properties = {name: self.described(schema, name) for name, schema in whole["properties"].items()}
        for name in (name for name in properties if name.endswith("_dir")):
            properties[name].pop("default", None)  # this machine's own folder
        properties["cameras"]["propertyNames"] = {"pattern": ID_PATTERN}
        return {"type": "object", "additionalProperties": False, "properties": properties}

    def described(self, schema: Mapping[str, Any], key: str) -> dict[str, Any]:
        """One setting with all below it."""
        words = words_of(key)
        plain = self._plain(schema)
        result: dict[str, Any] = {
            **plain,
            "title": words.label.in_language(self._language),
            "description": words.meaning.zh if self._language == "zh" else _one_line(plain.get("description", "")),
            "x-level": words.level,
            "x-effect": effect_of(key),
        }
        if unit := unit_of(key.rpartition(".")[2]):
            result["x-unit"] = unit.in_language(self._language)
        if key in _EFFECTS_WITH:
            result["x-effect-with"] = dict(_EFFECTS_WITH[key])
        if words.choices:
            result["x-choices"] = {value: text.in_language(self._language) for value, text in words.choices.items()}
        if key in SECRETS:
            result["writeOnly"] = True
        if key == "cameras.id":
            result["readOnly"] = True
        self._describe_inner(result, key)
        return result

    def _describe_inner(self, result: dict[str, Any], key: str) -> None:
        if "properties" in result:
            words_key = _SHARED.get(key, key)
            result["properties"] = {
                name: {**self.described(inner, f"{words_key}.{name}"), "x-effect": effect_of(f"{key}.{name}")}
                for name, inner in result["properties"].items()
            }
        if isinstance(result.get("items"), dict):
            result["items"] = self._item(result["items"], key)
        if isinstance(result.get("additionalProperties"), dict):
            result["additionalProperties"] = self._item(result["additionalProperties"], key)

    def _item(self, schema: Mapping[str, Any], key: str) -> dict[str, Any]:
        """What a list or mapping holds: it has no words of its own, the settings in it do."""
        plain = self._plain(schema)
        if "properties" in plain:
            return self.described(plain, key)
        if isinstance(plain.get("items"), dict):
            plain["items"] = self._item(plain["items"], key)
        return plain

    def _plain(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """Without references, and with `null` among the types instead of beside them."""
        result = {name: value for name, value in schema.items() if name not in {"title", "$ref", "anyOf", "$defs"}}
        if "$ref" in schema:
            found = self._definitions[schema["$ref"].rpartition("/")[2]]
            return {**self._plain(found), **result}
        if "anyOf" in schema:
            (one,) = [option for option in schema["anyOf"] if option.get("type") != "null"]
            inner = self._plain(one)
            return {**inner, **result, "type": [inner["type"], "null"]}
        return result


def effect_of(key: str) -> Effect:
    """What a change of this setting does while popcam runs."""
    section = key.partition(".")[0]
    if section != "cameras":
        return "live" if section in LIVE_SECTIONS and key not in RESTART_KEYS else "restart"
    return next((_EFFECTS[above] for above in _above(key) if above in _EFFECTS), "live")


def _above(key: str) -> list[str]:
    """The key and those that it is in, nearest first."""
    steps = key.split(".")
    return [".".join(steps[:count]) for count in range(len(steps), 0, -1)]


def _one_line(text: str) -> str:
    return " ".join(text.split())

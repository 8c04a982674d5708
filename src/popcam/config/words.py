"""What people read about each setting: short labels in both languages, the meaning in Chinese, labels of choices.

They stand in `words.json`, by the setting's dotted key (`cameras.gate.sensitivity`; items of lists have their list's
key). The English meaning is the text below the field in the code, where whoever changes the field sees it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args, get_origin

import msgspec

from popcam.config.model import Settings
from popcam.config.shape import is_list, is_mapping, is_section, keys_of, type_at
from popcam.core.language import Text
from popcam.core.spec import CameraSpec

Level = Literal["basic", "advanced"]
"""Whether nearly everybody wants to see a setting, or few do."""

UNITS = {
    "_s": Text("s", "秒"),
    "_px": Text("px", "像素"),
    "_kbps": Text("kbit/s", "kbit/s"),
    "_mb": Text("MB", "MB"),
    "_gb": Text("GB", "GB"),
    "_days": Text("days", "天"),
    "fps": Text("fps", "帧/秒"),
}
"""Units by the end of a name: they ride in it."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """The Chinese explanation; the English one is the code's own text."""

    zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What people read about one setting; `choices` are the labels of its possible values."""

    label: Text
    meaning: Meaning
    level: Level
    choices: Mapping[str, Text] = field(default_factory=dict)


@cache
def all_words() -> Mapping[str, Words]:
    """The words of every setting by its key."""
    text = files("popcam.config").joinpath("words.json").read_bytes()
    return msgspec.json.decode(text, type=dict[str, Words])


def words_of(key: str) -> Words:
    """The words of one setting. A test holds that there are some for each; a missing one is a KeyError."""
    return all_words()[key]


def unit_of(name: str) -> Text | None:
    """The unit that a setting's name carries."""
    return next((unit for ending, unit in UNITS.items() if name.endswith(ending)), None)


def setting_keys() -> Iterator[tuple[str, Any]]:
    """Every key of the settings with its plain type. The second stream has the words of the first."""
    yield from _keys(Settings, "")


def choices_of(tp: Any) -> tuple[str, ...]:
    """The values that a setting, or an item of it, can take; empty when they are not counted."""
    if get_origin(tp) is Literal:
        return get_args(tp)
    return choices_of(type_at(tp, (0,))) if is_list(tp) else ()


def _keys(section: Any, above: str) -> Iterator[tuple[str, Any]]:
    for name in keys_of(section):
        key, tp = f"{above}{name}", type_at(section, (name,))
        yield key, tp
        inner = type_at(tp, (0,)) if is_list(tp) or is_mapping(tp) else tp
        if is_section(inner) and not (section is CameraSpec and name == "sub_source"):
            yield from _keys(inner, f"{key}.")

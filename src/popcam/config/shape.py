"""What the settings look like, read from their types: which keys exist at a path, and of which kind a value is."""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from popcam.config.origin import KeyPath


def type_at(root: Any, path: KeyPath) -> Any:
    """The type of the value at a path below `root`, or None when the settings have no such place."""
    here = plain(root)
    for part in path:
        here = _child(here, part)
        if here is None:
            return None
    return here


def keys_of(tp: Any) -> tuple[str, ...]:
    """The keys that a section has; empty for mappings with free keys and for values."""
    return tuple(_hints(tp)) if is_section(tp) else ()


def is_section(tp: Any) -> bool:
    """Whether the type has named fields."""
    return isinstance(tp, type) and (is_dataclass(tp) or issubclass(tp, BaseModel))


def is_mapping(tp: Any) -> bool:
    """Whether the type maps free keys (camera ids) to values."""
    return get_origin(tp) in {Mapping, dict}


def is_list(tp: Any) -> bool:
    """Whether the type is a list or a tuple."""
    return get_origin(tp) is tuple


def is_text(tp: Any) -> bool:
    """Whether the value is text, so that no variable is read as JSON."""
    return tp is str or get_origin(tp) is Literal


def plain(tp: Any) -> Any:
    """The type without constraints and without `None`."""
    if get_origin(tp) is Annotated:
        return plain(get_args(tp)[0])
    if get_origin(tp) in {Union, types.UnionType}:
        options = [option for option in get_args(tp) if option is not type(None)]
        return plain(options[0]) if len(options) == 1 else tp
    return tp


def may_be_none(tp: Any, key: str) -> bool:
    """Whether the field of a section takes null."""
    hint = _hints(tp).get(key)
    return hint is not None and type(None) in get_args(hint)


@cache
def _hints(tp: Any) -> dict[str, Any]:
    hints = get_type_hints(tp, include_extras=True)
    if is_dataclass(tp):
        return {field.name: hints[field.name] for field in fields(tp)}
    return {name: hints[name] for name in tp.model_fields}


def _child(tp: Any, part: str | int) -> Any:
    if is_section(tp):
        hint = _hints(tp).get(str(part))
        return None if hint is None else plain(hint)
    if is_mapping(tp):
        return plain(get_args(tp)[1])
    if is_list(tp):
        items = [item for item in get_args(tp) if item is not Ellipsis]
        position = int(part) if str(part).isdigit() else 0
        return plain(items[min(position, len(items) - 1)])
    return None

"""Changes one camera inside a YAML tree of ruamel, touching only the fields that differ: comments and quotes stay."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from popcam.cameras.document import Plain, plain
from popcam.core.spec import CameraSpec, SourceSpec

_DEFAULTS = plain(CameraSpec(id="x", source=SourceSpec(url="x")))
_SHORT = ("source", "sub_source")
_ODD_BREAKS = re.compile("[\x85\u2028\u2029\ufeff]")


def new_camera(spec: CameraSpec) -> CommentedMap:
    """A new camera as people would write it: only what differs from the defaults, addresses in their short form."""
    values = plain(spec)
    del values["id"]
    node = CommentedMap()
    for key, value in values.items():
        if value != _DEFAULTS[key] or key == "source":
            node[key] = _node(_sparse(value, _defaults_of(key)), key)
    return node


def change_camera(node: CommentedMap, before: CameraSpec, after: CameraSpec) -> None:
    """Make the node of `before` say what `after` says."""
    _change(node, plain(before), plain(after), "")


def detached(value: Any) -> Any:
    """A copy that shares nothing with other cameras: aliases and merged keys are written out, comments are lost."""
    if isinstance(value, Mapping):
        return CommentedMap({key: detached(item) for key, item in value.items()})
    if isinstance(value, Sequence) and not isinstance(value, str):
        return CommentedSeq([detached(item) for item in value])
    return value


def _change(node: CommentedMap, before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> None:
    for key in after:
        old, new = before.get(key), after[key]
        if old == new:
            continue
        here = node.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            if isinstance(here, str):
                if {name for name in new if old.get(name) != new[name]} == {"url"}:
                    node[key] = new["url"]
                    continue
                here = node[key] = CommentedMap(url=here)
            elif not isinstance(here, CommentedMap):
                here = node[key] = CommentedMap()
            _change(here, old, new, key)
        elif isinstance(new, list):
            _change_list(node, key, old if isinstance(old, list) else [], new)
        elif new is None and key in node:
            del node[key]
        else:
            node[key] = _node(_sparse(new, _defaults_of(key) if not path else {}), key)


def _change_list(node: CommentedMap, key: str, old: list[Any], new: list[Any]) -> None:
    """The list in its new order; items that were there keep their lines."""
    here = node.get(key)
    have = list(here) if isinstance(here, CommentedSeq) and len(here) == len(old) else []
    if have and len(new) == len(old) and any(item is not None for item in have):
        # Same length: change in place, which keeps comments between the items too.
        for index, item in enumerate(new):
            here[index] = _changed_item(have[index], old[index], item, key)
        return
    items = CommentedSeq()
    unused = list(range(len(have)))
    for item in new:
        match = next((index for index in unused if _same_thing(old[index], item)), None)
        if match is None:
            items.append(_node(_sparse(item, {}), key))
        else:
            unused.remove(match)
            items.append(_changed_item(have[match], old[match], item, key))
    if here.fa.flow_style() if isinstance(here, CommentedSeq) else not any(isinstance(item, Mapping) for item in new):
        items.fa.set_flow_style()
    node[key] = items


def _same_thing(old: Any, new: Any) -> bool:
    """Zones and lines are known by their name, restreams by their address."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return any(key in new and old.get(key) == new[key] for key in ("name", "url"))
    return bool(old == new)


def _changed_item(node: Any, old: Any, new: Any, key: str) -> Any:
    if old == new:
        return node
    if isinstance(node, CommentedMap) and isinstance(new, Mapping):
        _change(node, old, new, key)
        return node
    return _node(_sparse(new, {}), key)


def _defaults_of(key: str) -> Any:
    return _SOURCE_DEFAULTS if key in _SHORT else _DEFAULTS.get(key)


def _sparse(value: Any, defaults: Any) -> Any:
    """Without what has its default anyway."""
    if isinstance(value, Mapping) and isinstance(defaults, Mapping):
        return {key: item for key, item in value.items() if key not in defaults or item != defaults[key]}
    return value


def _node(value: Any, key: str) -> Any:
    """Plain values as ruamel's, short where people write them short: an address alone, points in one line."""
    if isinstance(value, Mapping):
        if key in _SHORT and set(value) == {"url"}:
            return value["url"]
        return CommentedMap({name: _node(item, name) for name, item in value.items()})
    if isinstance(value, Sequence) and not isinstance(value, str):
        items = CommentedSeq([_node(item, key) for item in value])
        if not any(isinstance(item, Mapping) for item in value):
            items.fa.set_flow_style()
        return items
    if isinstance(value, str) and _ODD_BREAKS.search(value):
        return DoubleQuotedScalarString(value)  # ruamel would write these as line breaks
    return value


_SOURCE_DEFAULTS: Plain = {key: item for key, item in _DEFAULTS["source"].items() if key != "url"}

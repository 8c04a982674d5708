"""Short forms that people may write, brought to the one form that is checked."""

from typing import Any

from popcam.config.model import Settings
from popcam.config.shape import is_list, is_mapping, is_section, keys_of, may_be_none, plain, type_at
from popcam.config.yaml_tree import Tree
from popcam.core.spec import RestreamSpec, SourceSpec

_ADDRESSES = (SourceSpec, RestreamSpec)


def expanded(layer: Tree) -> Tree:
    """The layer with plain addresses as `{url: address}` and without empty sections.

    Done before layers merge, so that a password from a variable joins an address that the file gives in its short form.
    """
    values: dict[str, Any] = _expand(layer.values, Settings)
    return Tree(values, layer.origins)


def with_ids(values: dict[str, Any]) -> dict[str, Any]:
    """The merged values with each camera told its id."""
    cameras = values.get("cameras")
    if not isinstance(cameras, dict):
        return values
    told = {
        camera_id: {"id": camera_id, **camera} if isinstance(camera, dict) else camera
        for camera_id, camera in cameras.items()
    }
    return {**values, "cameras": told}


def _expand(value: Any, tp: Any) -> Any:
    if tp in _ADDRESSES and isinstance(value, str):
        return {"url": value}
    if tp in _ADDRESSES and isinstance(value, (int, float)):
        return {"url": value}  # a number is no address: the check says so, and what to write
    if isinstance(value, dict) and (is_section(tp) or is_mapping(tp)):
        return {
            key: _expand(item, type_at(tp, (key,))) for key, item in value.items() if not _empty_section(tp, key, item)
        }
    if isinstance(value, list) and is_list(tp):
        return [_expand(item, type_at(tp, (index,))) for index, item in enumerate(value)]
    return value


def _empty_section(tp: Any, key: str, value: Any) -> bool:
    """`server:` with all its lines commented out is null in YAML and means that nothing is set."""
    if value is not None or key not in keys_of(tp) or may_be_none(tp, key):
        return False
    inner = plain(type_at(tp, (key,)))
    # A source has no default: null there is a mistake.
    return (is_section(inner) and inner not in _ADDRESSES) or is_mapping(inner) or is_list(inner)

"""File, variables and flags as trees of values, and their merging: flags over variables over the file over defaults."""

import json
import re
from collections.abc import Mapping
from typing import Any

from popcam.config.model import Settings
from popcam.config.origin import KeyPath, Origin, dotted
from popcam.config.shape import is_mapping, is_text, keys_of, type_at
from popcam.config.suggest import unknown_key
from popcam.config.yaml_tree import Tree
from popcam.core.errors import ConfigError, ConfigProblem
from popcam.core.language import Text

PREFIX = "POPCAM_"
NOT_SETTINGS = frozenset({"POPCAM_CONFIG", "POPCAM_LANG", "POPCAM_URL", "POPCAM_SKIP_CONSOLE", "POPCAM_SECRET_KEY"})
"""Variables of the command, of the build and of the vault, no settings."""
_KUBERNETES_LINK = re.compile(r"^POPCAM(_[A-Z0-9]+)*_(SERVICE_(HOST|PORT)(_.*)?|PORT(_\d+_.*)?)$")
"""Kubernetes adds such variables to each container beside a service that is called popcam."""


def variables_tree(env: Mapping[str, str]) -> Tree:
    """Settings from `POPCAM_SERVER__PORT=9000`: `__` goes one level down, lists and objects are JSON.

    In the id of a camera `_` stands for `-`, which most shells don't take in a name.

    Raises:
        ConfigError: a variable names no setting.
    """
    tree = Tree()
    for name in sorted(env):
        if not name.upper().startswith(PREFIX) or name.upper() in NOT_SETTINGS:
            continue
        if "__" not in name and _KUBERNETES_LINK.match(name):
            continue
        path = _variable_path(name)
        value = _value_of_text(path, env[name])
        if len(path) == 1 and not isinstance(value, Mapping) and (inside := keys_of(type_at(Settings, path))):
            raise ConfigError(problems=(ConfigProblem(_not_a_setting(name, inside[0]), dotted(path), name),))
        _set(tree, path, value, Origin(name))
    return tree


def _not_a_setting(name: str, inside: str) -> Text:
    example = f"{name}__{inside.upper()}"
    return Text(
        f"this is a group of settings; name one of them after two underscores, such as `{example}`",
        f"这是一组设置；请在两个下划线后写出其中一项，例如 `{example}`",
    )


def flags_tree(overrides: Mapping[str, object]) -> Tree:
    """Settings from flags, by dotted key: `{"server.port": 9000}`.

    Raises:
        ConfigError: a key names no setting.
    """
    tree = Tree()
    for key, value in overrides.items():
        path = tuple(key.split("."))
        _check_known(path, f"--set {key}")
        read = _value_of_text(path, value) if isinstance(value, str) else value
        _set(tree, path, read, Origin(f"--set {key}"))
    return tree


def merge(layers: list[Tree]) -> Tree:
    """One tree of several, the first layer strongest. Mappings merge key by key, all else is replaced as a whole."""
    merged = Tree()
    for layer in reversed(layers):
        _merge_into(merged, layer.values, layer, ())
    return merged


def _merge_into(merged: Tree, values: Mapping[str, Any], layer: Tree, path: KeyPath) -> None:
    target = _descend(merged.values, path)
    for key, value in values.items():
        here = (*path, key)
        if isinstance(value, Mapping) and isinstance(target.get(key), Mapping):
            merged.origins.setdefault(here, layer.origins.get(here, Origin("default")))
            _merge_into(merged, value, layer, here)
            continue
        if isinstance(value, Mapping) and target.get(key) is not None:
            continue  # `server: 5` below `POPCAM_SERVER__PORT`: the mistake stays, so that it is told at its line
        target[key] = _copy(value)
        for old in [old for old in merged.origins if old[: len(here)] == here]:
            del merged.origins[old]
        merged.origins.update({new: origin for new, origin in layer.origins.items() if new[: len(here)] == here})


def _copy(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _descend(values: dict[str, Any], path: KeyPath) -> dict[str, Any]:
    for part in path:
        values = values[str(part)]
    return values


def _variable_path(name: str) -> KeyPath:
    parts = name[len(PREFIX) :].lower().split("__")
    for position in range(1, len(parts)):
        if is_mapping(type_at(Settings, tuple(parts[:position]))):
            parts[position] = parts[position].replace("_", "-")
    path = tuple(parts)
    _check_known(path, name)
    return path


def _check_known(path: KeyPath, origin: str) -> None:
    for length in range(1, len(path) + 1):
        if type_at(Settings, path[:length]) is None:
            known = keys_of(type_at(Settings, path[: length - 1]))
            reason = unknown_key(str(path[length - 1]), known)
            raise ConfigError(problems=(ConfigProblem(reason, dotted(path[:length]), origin),))


def _value_of_text(path: KeyPath, text: str) -> Any:
    if is_text(type_at(Settings, path)) or not text.lstrip().startswith(("[", "{")):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text  # the check of its type names what is wrong with it


def _set(tree: Tree, path: KeyPath, value: Any, origin: Origin) -> None:
    here = tree.values
    for depth, part in enumerate(path[:-1], start=1):
        inner = here.setdefault(str(part), {})
        if not isinstance(inner, dict):
            # `..._SOURCE=rtsp://x` and `..._SOURCE__PASSWORD=y` together: the short form is the address.
            inner = here[str(part)] = {"url": inner}
        tree.origins.setdefault(path[:depth], origin)
        here = inner
    here[str(path[-1])] = value
    tree.origins[path] = origin

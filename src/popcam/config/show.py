"""Settings as text for people: secrets masked, and on demand where each value came from."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, NamedTuple

from popcam.config.model import Settings
from popcam.config.origin import KeyPath, Origin, dotted, nearest
from popcam.core.redact import MASK, redact

SECRET_KEYS = frozenset({"apprise_url", "password", "username"})


class ShownValue(NamedTuple):
    """One setting: its key path, its masked value, and where the value came from (`default` when nobody set it)."""

    path: KeyPath
    value: Any
    origin: str

    @property
    def key(self) -> str:
        return dotted(self.path)


def masked(settings: Settings) -> dict[str, Any]:
    """All settings as plain values for YAML or JSON, with credentials replaced by `***`."""
    return plain_tree(settings, mask=True)


def plain_tree(settings: Settings, *, mask: bool) -> dict[str, Any]:
    """All settings as plain values. Without `mask` secrets are in it: never for people to see."""
    tree = {name: _plain(getattr(settings, name), name, mask=mask) for name in Settings.model_fields}
    for camera in tree["cameras"].values():
        del camera["id"]
    return tree


def shown_values(settings: Settings) -> Iterator[ShownValue]:
    """Each single value with its origin, in the order of the model."""
    origins = settings.loading.origins if settings.loading else {}
    for path, value in _leaves(masked(settings), ()):
        yield ShownValue(path, value, _origin(origins, path))


def _origin(origins: Mapping[KeyPath, Origin], path: KeyPath) -> str:
    """A list counts as one value; a key that stands nowhere has its default even if the section stands somewhere."""
    if path in origins:
        return str(origins[path])
    if path[-1] == "url" and path[:-1] in origins:
        return str(origins[path[:-1]])  # the short form `source: rtsp://...`
    return str(nearest(origins, path)) if _inside_list(path, origins) else "default"


def _inside_list(path: KeyPath, origins: Mapping[KeyPath, Origin]) -> bool:
    """Lists from variables have one origin for all that is in them."""
    position = next((index for index, part in enumerate(path) if isinstance(part, int)), None)
    return position is not None and path[:position] in origins and path[: position + 1] not in origins


def _leaves(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
    else:
        yield path, value


def _plain(value: Any, key: str, *, mask: bool) -> Any:
    if mask and key in SECRET_KEYS:
        return MASK if value else ""
    if is_dataclass(value):
        return {part.name: _plain(getattr(value, part.name), part.name, mask=mask) for part in fields(value)}
    if isinstance(value, Mapping):
        return {name: _plain(item, str(name), mask=mask) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item, key, mask=mask) for item in value]
    if isinstance(value, Path):
        return str(value)
    return redact(value) if mask and isinstance(value, str) else value

"""Single settings as people see them: value, default, where it came from, when a change takes effect. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from popcam.config.diff import LIVE_SECTIONS, RESTART_KEYS
from popcam.config.layers import PREFIX
from popcam.config.model import Settings
from popcam.config.origin import KeyPath, Origin, dotted
from popcam.config.shape import is_section, keys_of, type_at
from popcam.config.show import plain_tree
from popcam.core.errors import FieldChange

OriginKind = Literal["default", "file", "environment", "flag"]
Effect = Literal["now", "restart"]
CAMERAS = "cameras"


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting outside of the cameras.

    Attributes:
        key: `server.port`.
        value: as the newest valid file, variables and flags have it; masked.
        default: what it is when nobody sets it.
        origin: who decided it.
        where: the line, the variable or the flag; empty for a default.
        effect: when a change takes effect.
        running: what is in force now; differs from `value` while it waits for a restart.
    """

    key: str
    value: Any
    default: Any
    origin: OriginKind
    where: str
    effect: Effect
    running: Any

    @property
    def fixed(self) -> bool:
        """A variable or flag decides it: what the file says has no effect."""
        return self.origin in {"environment", "flag"}

    @property
    def waits(self) -> bool:
        return self.effect == "restart" and self.value != self.running


def entries_of(settings: Settings, started_with: Settings, defaults: Settings) -> tuple[Entry, ...]:
    """All settings outside of the cameras, in the order of the model."""
    values, running, unset = (
        plain_tree(without_cameras(each), mask=True) for each in (settings, started_with, defaults)
    )
    origins = settings.loading.origins if settings.loading else {}
    found = []
    for path in setting_paths():
        kind, where = origin_of(origins, path)
        effect = effect_of(path)
        value = _at(values, path)
        # What takes effect at once is in force as soon as it is read.
        now = value if effect == "now" else _at(running, path)
        found.append(Entry(dotted(path), value, _at(unset, path), kind, where, effect, now))
    return tuple(found)


def without_cameras(settings: Settings) -> Settings:
    """The settings with no camera in them."""
    return settings.model_copy(update={"cameras": {}})


def setting_paths() -> Iterator[tuple[str, ...]]:
    """The path of each single setting outside of the cameras."""
    for name in keys_of(Settings):
        if name == CAMERAS:
            continue
        inner = type_at(Settings, (name,))
        yield from ((name, key) for key in keys_of(inner)) if is_section(inner) else ((name,),)


def effect_of(path: KeyPath) -> Effect:
    """When a change of this setting takes effect."""
    return "now" if path[0] in LIVE_SECTIONS and dotted(path) not in RESTART_KEYS else "restart"


def origin_of(origins: Mapping[KeyPath, Origin], path: KeyPath) -> tuple[OriginKind, str]:
    """Who decided the value at a path, and where it stands."""
    origin = origins.get(path)
    if origin is None or origin.name == "default":
        return "default", ""
    if origin.line:
        return "file", str(origin)
    return ("environment" if origin.name.upper().startswith(PREFIX) else "flag"), origin.name


def changed_settings(before: Settings, now: Settings) -> tuple[FieldChange, ...]:
    """What differs, cameras included, secrets masked; a secret that differs shows as a change from `***` to `***`."""
    old, new = (dict(_leaves(plain_tree(each, mask=False), ())) for each in (before, now))
    shown_old, shown_new = (dict(_leaves(plain_tree(each, mask=True), ())) for each in (before, now))
    return tuple(
        FieldChange(dotted(path), shown_old.get(path), shown_new.get(path))
        for path in dict.fromkeys([*old, *new])
        if old.get(path) != new.get(path)
    )


def _leaves(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    if isinstance(value, Mapping) and value:
        for name, item in value.items():
            yield from _leaves(item, (*path, name))
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(item, (*path, index))
    else:
        yield path, value


def _at(tree: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = tree
    for part in path:
        value = value[part]
    return value

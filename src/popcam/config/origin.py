"""Where a value came from: a place in the file, a variable, a flag, or the default."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

KeyPath = tuple[str | int, ...]
"""Keys and list positions from the root: `("cameras", "front", "zones", 0, "name")`."""


@dataclass(frozen=True, slots=True)
class Origin:
    """One value's origin. `line` and `column` count from 1 and are 0 outside of files."""

    name: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.name}:{self.line}" if self.line else self.name


@dataclass(frozen=True, slots=True)
class Loading:
    """How settings were made, so that they can be made again and explained."""

    path: Path | None
    env: Mapping[str, str] = field(repr=False)
    overrides: Mapping[str, object] = field(repr=False)
    origins: Mapping[KeyPath, Origin] = field(repr=False)


def dotted(path: KeyPath) -> str:
    """A key path as people write it: `cameras.front.zones[0].name`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def nearest(origins: Mapping[KeyPath, Origin], path: KeyPath) -> Origin:
    """The origin of a path, or of the nearest part above it that has one."""
    for length in range(len(path), -1, -1):
        found = origins.get(path[:length])
        if found is not None:
            return found
    return Origin("default")

"""The settings as people are shown them, and what a change led to: plain types."""

from dataclasses import dataclass
from pathlib import Path

from popcam.config.diff import SettingsDiff
from popcam.config.entries import Entry
from popcam.config.watch import ReloadState
from popcam.core.errors import ConfigProblem


@dataclass(frozen=True, slots=True)
class FileState:
    """How the settings file stands.

    Attributes:
        path: the file, or None when there is none.
        writable: whether it can be changed, as far as its rights tell.
        reload: how reloading stands.
        waiting: keys outside of the cameras that were changed and wait for the next start.
    """

    path: Path | None
    writable: bool
    reload: ReloadState
    waiting: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SettingsView:
    """The settings outside of the cameras: each one in the order of the model, and how the file stands.

    `version` changes with them; it is the ETag (without quotes).
    """

    entries: tuple[Entry, ...]
    version: str
    file: FileState


@dataclass(frozen=True, slots=True)
class SettingsText:
    """The text of the file, secrets masked. `problems`: why it is not in force. `version` changes with any byte."""

    text: str
    version: str
    path: Path
    problems: tuple[ConfigProblem, ...]


@dataclass(frozen=True, slots=True)
class Saved:
    """What a change led to.

    Attributes:
        view: the settings as they are now.
        applied: keys that changed and are in force.
        needs_restart: keys that changed and wait for the next start.
        diff: what became of cameras.
    """

    view: SettingsView
    applied: tuple[str, ...]
    needs_restart: tuple[str, ...]
    diff: SettingsDiff

"""Reading and changing the settings file while popcam runs: as single values, and as text."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from popcam.config.access import FileAccess
from popcam.config.atomic import may_write
from popcam.config.diff import SettingsDiff, diff_settings
from popcam.config.entries import Entry, changed_settings, entries_of, without_cameras
from popcam.config.file import SettingsFile
from popcam.config.model import Settings
from popcam.config.text_change import TextChange
from popcam.config.value_change import ValueChange
from popcam.config.versions import Versions
from popcam.config.views import FileState, Saved, SettingsText, SettingsView
from popcam.config.watch import ReloadState, SettingsWatcher
from popcam.core.errors import ConfigChangedError, ConfigError, ConfigProblem, ConfigTextError

ATTEMPTS = 5
"""Somebody may save the file in an editor between our look and our rename."""


class SettingsService:
    """The use cases. Files are read and written in a thread, one change at a time.

    Args:
        file: the settings file, the same object as the watcher and the camera store have.
        watcher: makes true what is saved.
    """

    def __init__(self, file: SettingsFile, watcher: SettingsWatcher) -> None:
        self._file = file
        self._watcher = watcher
        self._defaults = Settings()
        self._versions = Versions()
        access = FileAccess(file, lambda: watcher.settings)
        self._texts = TextChange(access, self._versions)
        self._values = ValueChange(access, self._versions)

    def state(self) -> ReloadState:
        """How reloading of the file stands."""
        return self._watcher.state

    def started_with(self) -> Settings:
        """What the server was started with; what needs a restart is still so."""
        return self._watcher.started_with

    async def look_again(self) -> ReloadState:
        """Take over what the file says now, and say how that went."""
        await self._watcher.check()
        return self.state()

    async def file_state(self) -> FileState:
        """How the file stands, without reading it: what the watcher knows."""
        return await asyncio.to_thread(self._file_state, self._watcher.settings)

    async def view(self) -> SettingsView:
        """The settings of the newest valid file."""
        return await asyncio.to_thread(self._view)

    async def text(self) -> SettingsText:
        """The file's text, also of one that is not valid.

        Raises:
            ConfigNoFileError: there is none.
            ConfigError: it can't be read.
        """
        return await asyncio.to_thread(self._texts.show)

    async def problems(self, text: str) -> tuple[ConfigProblem, ...]:
        """What would be wrong with this text as the file. Nothing is written.

        Raises:
            ConfigNoFileError: there is no file.
        """
        try:
            await asyncio.to_thread(self._texts.checked, text)
        except ConfigTextError as error:
            return error.problems
        return ()

    async def patch(self, document: Mapping[str, Any], *, expected: str | None = None) -> Saved:
        """Change single settings (RFC 7396: null brings the default back, lists are replaced as a whole).

        Raises:
            ConfigFieldsError, ConfigFixedError, ConfigNoFileError.
            ConfigChangedError: the settings are not those of `expected`.
            ConfigFileInvalidError, ConfigReadOnlyError, ConfigFullError, ConfigByHandError: nothing has changed.
        """
        return await self._saved(lambda: self._values.patch(document, expected))

    async def put_text(self, text: str, *, expected: str | None = None) -> Saved:
        """Replace the file's text. Masks are replaced by what is saved in their places.

        Raises:
            ConfigTextError: it is no valid settings file.
            ConfigChangedError: the file is not that of `expected`.
            ConfigNoFileError, ConfigReadOnlyError, ConfigFullError: nothing has changed.
        """
        return await self._saved(lambda: self._texts.put(text, expected))

    async def _saved(self, change: Callable[[], None]) -> Saved:
        before = self._watcher.settings
        await asyncio.to_thread(self._one_at_a_time, change)
        await self._watcher.check()
        now = self._watcher.settings
        view = await self.view()
        diff = diff_settings(before, now)
        changed = [c.key for c in changed_settings(without_cameras(before), without_cameras(now))]
        waiting = view.file.waiting
        keys = [entry.key for entry in view.entries if entry.key in changed]
        return Saved(
            view,
            applied=tuple(key for key in keys if key not in waiting),
            needs_restart=tuple(key for key in keys if key in waiting),
            diff=diff,
        )

    def _one_at_a_time(self, change: Callable[[], None]) -> None:
        with self._file.editing:
            for attempt in range(ATTEMPTS):
                try:
                    change()
                except ConfigChangedError as error:
                    if error.version or attempt == ATTEMPTS - 1:
                        raise
                else:
                    return

    # --- looking ---

    def _view(self) -> SettingsView:
        try:
            settings = self._file.read()
        except ConfigError:
            settings = self._watcher.settings  # what is in force as long as the file is refused
        return SettingsView(self._entries(settings), self._versions.of_settings(settings), self._file_state(settings))

    def _file_state(self, settings: Settings) -> FileState:
        path = self._file.path
        return FileState(
            path=path.expanduser().absolute() if path else None,
            writable=path is not None and may_write(path.expanduser().resolve()),
            reload=self._watcher.state,
            waiting=tuple(entry.key for entry in self._entries(settings) if entry.waits),
        )

    def _entries(self, settings: Settings) -> tuple[Entry, ...]:
        return entries_of(settings, self._watcher.started_with, self._defaults)


async def _nothing(_settings: Settings, _diff: SettingsDiff) -> None:
    """There is nothing that runs by them."""


def service_of(settings: Settings) -> SettingsService:
    """The service over settings whose changes nobody takes over: they were made in code, or this is a test."""
    file = SettingsFile(settings)
    return SettingsService(file, SettingsWatcher(settings, _nothing, file=file))

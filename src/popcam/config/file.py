"""The settings file as something that is read and replaced as a whole, checked before it takes effect."""

import hashlib
import threading
from pathlib import Path

from popcam.config.atomic import write_instead
from popcam.config.loading import read_file, settings_of_text
from popcam.config.model import Settings
from popcam.core.errors import ConfigChangedError


class SettingsFile:
    """Reads and replaces the file behind `settings`. Content that was checked once is not checked again.

    Args:
        settings: as `load_settings` made them. Without a file behind them every `read` gives them back.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known = ""
        self._lock = threading.Lock()
        self.editing = threading.RLock()
        """Held from reading to replacing, so that editors of one process do not meet each other's writes."""

    @property
    def path(self) -> Path | None:
        return self._settings.path

    def read(self) -> Settings:
        """The settings as the file has them now.

        Raises:
            ConfigError: it can't be read or used.
        """
        path = self._settings.path
        return self._settings if path is None else self.check(read_file(path))

    def check(self, raw: bytes) -> Settings:
        """What the settings would be with this content. Nothing is written.

        Raises:
            ConfigError: something in it is wrong.
        """
        fingerprint = hashlib.sha256(raw).hexdigest()
        with self._lock:
            if fingerprint == self._known or self._settings.loading is None:
                return self._settings
            loading = self._settings.loading
        settings = settings_of_text(raw, loading)
        with self._lock:
            self._settings, self._known = settings, fingerprint
        return settings

    def replace(self, raw: bytes, instead_of: bytes, checked: Settings | None = None) -> Settings:
        """Write new content in one step: others see the old file or the new one, never a part.

        Mode and owner stay, links on the way to the file stay links.

        Args:
            raw: the new content.
            instead_of: what the file holds, as the writer knows it.
            checked: the settings of `raw`, when the writer knows them already.

        Raises:
            ConfigError: the new content is not valid.
            ConfigChangedError: the file does not hold `instead_of`.
            OSError: it can't be written; it is as it was.
        """
        path = self._settings.path
        if path is None:
            raise FileNotFoundError("these settings have no file")
        settings = checked or self.check(raw)
        target = path.expanduser().resolve()

        def unchanged() -> None:
            if read_file(path) != instead_of:
                raise ConfigChangedError(str(path))

        with self.editing:
            unchanged()
            write_instead(target, raw, unchanged)
        with self._lock:
            self._settings, self._known = settings, hashlib.sha256(raw).hexdigest()
        return settings

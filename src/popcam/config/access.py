"""The settings file for those who change it while popcam runs: what it lacks and refuses has names."""

from collections.abc import Callable
from pathlib import Path

from popcam.config.atomic import no_space
from popcam.config.file import SettingsFile
from popcam.config.loading import read_file
from popcam.config.model import Settings
from popcam.config.origin import Loading
from popcam.core.errors import ConfigFullError, ConfigNoFileError, ConfigReadOnlyError, PopcamError


class FileAccess:
    """Reads, checks and writes.

    Args:
        file: the settings file.
        in_force: gives the settings in force, for the variables and flags that they were read with.
    """

    def __init__(self, file: SettingsFile, in_force: Callable[[], Settings]) -> None:
        self._file = file
        self._in_force = in_force

    @property
    def path(self) -> Path | None:
        return self._file.path

    def read(self) -> tuple[Path, bytes]:
        """The file and what it holds.

        Raises:
            ConfigNoFileError: there is none.
            ConfigUnreadableError: it can't be read.
        """
        path = self._file.path
        if path is None:
            raise ConfigNoFileError
        return path, read_file(path)

    def check(self, raw: bytes) -> Settings:
        """What this content means.

        Raises:
            ConfigError: something in it is wrong.
        """
        return self._file.check(raw)

    def loading(self) -> Loading:
        """How the settings in force were read.

        Raises:
            ConfigNoFileError: they were made in code.
        """
        loading = self._in_force().loading
        if loading is None:
            raise ConfigNoFileError
        return loading

    def write(self, new_raw: bytes, raw: bytes, settings: Settings) -> None:
        """Put checked content in the place of what was read.

        Raises:
            ConfigChangedError: the file does not hold `raw` any more.
            ConfigReadOnlyError, ConfigFullError: it is as it was.
        """
        try:
            self._file.replace(new_raw, raw, settings)
        except OSError as error:
            raise _named(error) from error


def _named(error: OSError) -> PopcamError:
    detail = f"{error.filename}: {error.strerror}" if error.filename else str(error.strerror)
    return ConfigFullError(detail) if no_space(error) else ConfigReadOnlyError(detail)

"""Single settings changed in the file, around what people wrote there, and proven to say just what is wanted."""

from collections.abc import Mapping
from typing import Any

from popcam.config.access import FileAccess
from popcam.config.entries import without_cameras
from popcam.config.loading import settings_of_text
from popcam.config.model import Settings
from popcam.config.origin import KeyPath, dotted
from popcam.config.patch import changes_of
from popcam.config.text_form import decoded
from popcam.config.versions import Versions
from popcam.config.yaml_edit import Change, applied, outside_of_cameras, ways, without_empty
from popcam.config.yaml_tree import MAX_BYTES, parse_yaml
from popcam.core.errors import (
    ConfigByHandError,
    ConfigChangedError,
    ConfigError,
    ConfigFieldsError,
    ConfigFileInvalidError,
    ConfigFullError,
    ConfigProblem,
)


class ValueChange:
    """Takes merge patches.

    Args:
        access: the file.
        versions: what people were shown.
    """

    def __init__(self, access: FileAccess, versions: Versions) -> None:
        self._access = access
        self._versions = versions

    def patch(self, document: Mapping[str, Any], expected: str | None) -> None:
        """See `SettingsService.patch`.

        Raises:
            ConfigFieldsError, ConfigFixedError, ConfigNoFileError, ConfigChangedError, ConfigFileInvalidError.
            ConfigReadOnlyError, ConfigFullError, ConfigByHandError.
        """
        raw, now = self._valid_file()
        version = self._versions.of_settings(now)
        if expected is not None and expected != version:
            changes = self._versions.changes(expected, without_cameras(now))
            raise ConfigChangedError(str(self._access.path), changes=changes, version=version)
        in_file = _values(decoded(raw)[0])
        changes_wanted = changes_of(document, now, in_file)
        if changes_wanted:
            new_raw, settings = self._edited(raw, now, in_file, changes_wanted)
            self._access.write(new_raw, raw, settings)

    def _valid_file(self) -> tuple[bytes, Settings]:
        try:
            _, raw = self._access.read()
            return raw, self._access.check(raw)
        except ConfigError as error:
            raise ConfigFileInvalidError(problems=error.problems) from None

    def _edited(
        self, raw: bytes, now: Settings, in_file: Mapping[str, Any], changes: tuple[Change, ...]
    ) -> tuple[bytes, Settings]:
        """The new content, proven to say just what is wanted, and the settings that it means."""
        text, form = decoded(raw)
        places = _places(now)
        wanted = without_empty(applied(in_file, changes))
        for new_text in ways(text, places, changes):
            new_raw = form.encoded(new_text)
            if len(new_raw) > MAX_BYTES:
                raise ConfigFullError(f"{self._access.path}: {len(new_raw)} bytes, at most {MAX_BYTES}")
            try:
                if without_empty(_values(new_text)) != wanted:
                    continue
                found = settings_of_text(new_raw, self._access.loading())
                if found.cameras == now.cameras:
                    return new_raw, found
            except ConfigError as error:
                problems = tuple(ConfigProblem(problem.reason, problem.key) for problem in error.problems)
                if any(problem.key for problem in problems):
                    raise ConfigFieldsError(problems=problems) from None
        raise ConfigByHandError(", ".join(dotted(change.path) for change in changes))


def _values(text: str) -> dict[str, Any]:
    """The file's own values; the cameras only where they can't be told apart from the rest."""
    return parse_yaml((outside_of_cameras(text) + "\n#").encode(), "").values


def _places(settings: Settings) -> dict[KeyPath, tuple[int, int]]:
    origins = settings.loading.origins if settings.loading else {}
    return {
        path: (origin.line, origin.column)
        for path, origin in origins.items()
        if origin.line and (len(path) == 1 or path[0] != "cameras")
    }

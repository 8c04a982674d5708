"""The settings file changed as a text: masks replaced by what is saved, checked as a whole, written in one step."""

from dataclasses import replace

from popcam.config.access import FileAccess
from popcam.config.loading import settings_of_text
from popcam.config.model import Settings
from popcam.config.text_form import TextForm, decoded
from popcam.config.versions import Versions
from popcam.config.views import SettingsText
from popcam.config.yaml_secrets import Restored, mask_text, restore_text
from popcam.core.errors import ConfigChangedError, ConfigError, ConfigProblem, ConfigTextError
from popcam.core.language import Text

_HALF = Text("the text holds half a character", "文本含有不完整的字符")


class TextChange:
    """Shows the text and takes another one.

    Args:
        access: the file.
        versions: what people were shown.
    """

    def __init__(self, access: FileAccess, versions: Versions) -> None:
        self._access = access
        self._versions = versions

    def show(self) -> SettingsText:
        """See `SettingsService.text`.

        Raises:
            ConfigNoFileError, ConfigError.
        """
        path, raw = self._access.read()
        problems: tuple[ConfigProblem, ...] = ()
        settings = None
        try:
            settings = self._access.check(raw)
        except ConfigError as error:
            problems = error.problems
        shown, version = mask_text(_lenient(raw)[0]), self._versions.of_text(raw, settings)
        return SettingsText(shown, version, path.expanduser().absolute(), problems)

    def checked(self, text: str) -> tuple[bytes, bytes, Settings]:
        """The file as it is, as it shall be, and the settings of that.

        Raises:
            ConfigTextError: it is no valid settings file.
        """
        _, raw = self._access.read()
        saved, form = _lenient(raw)
        restored = restore_text(text.replace("\r\n", "\n"), saved)
        if restored.problems:
            raise ConfigTextError(problems=restored.problems)
        try:
            new_raw = form.encoded(restored.text)
            return raw, new_raw, settings_of_text(new_raw, self._access.loading())
        except UnicodeEncodeError:
            raise ConfigTextError(problems=(ConfigProblem(_HALF),)) from None
        except ConfigError as error:
            raise ConfigTextError(problems=tuple(_as_sent(problem, restored) for problem in error.problems)) from None

    def put(self, text: str, expected: str | None) -> None:
        """See `SettingsService.put_text`.

        Raises:
            ConfigTextError, ConfigChangedError, ConfigNoFileError, ConfigReadOnlyError, ConfigFullError.
        """
        path, raw = self._access.read()
        try:
            now = self._access.check(raw)
        except ConfigError:
            now = None  # it has a mistake, which this text may mend
        version = self._versions.of_text(raw, now)
        if expected is not None and expected != version:
            raise ConfigChangedError(str(path), changes=self._versions.changes(expected, now), version=version)
        known_raw, new_raw, settings = self.checked(text)
        if known_raw != raw:
            raise ConfigChangedError(str(path))
        if new_raw != raw:
            self._access.write(new_raw, raw, settings)


def _lenient(raw: bytes) -> tuple[str, TextForm]:
    """Also of a file with bytes that are no text: people mend it here, and see where."""
    try:
        return decoded(raw)
    except UnicodeDecodeError:
        return raw.decode("utf-8", "replace").replace("\r\n", "\n"), TextForm(windows=b"\r\n" in raw)


def _as_sent(problem: ConfigProblem, restored: Restored) -> ConfigProblem:
    if not problem.line:
        return problem
    line, column = restored.place_in_sent(problem.line, problem.column)
    return replace(problem, line=line, column=column)

"""A merge patch (RFC 7396) for settings outside of the cameras, as changes of single keys in the file. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from popcam.config.entries import CAMERAS, origin_of
from popcam.config.model import Settings
from popcam.config.origin import KeyPath, dotted
from popcam.config.shape import is_section, keys_of, type_at
from popcam.config.show import masked
from popcam.config.suggest import unknown_key
from popcam.config.yaml_edit import ABSENT, Change
from popcam.core.errors import ConfigFieldsError, ConfigFixedError, ConfigProblem
from popcam.core.language import Text
from popcam.core.redact import redact

_CAMERAS_REASON = Text(
    "cameras are not changed here; use their own pages, or the text of the file",
    "摄像头不在此处修改；请使用摄像头页面，或直接编辑文件文本",
)
_SECTION_REASON = Text("must hold keys and values", "必须由键和值组成")


def changes_of(document: Mapping[str, Any], now: Settings, in_file: Mapping[str, Any]) -> tuple[Change, ...]:
    """What has to change in the file, so that the settings become what the document says.

    Args:
        document: the patch; null takes a key out of the file, so that it has its default.
        now: the settings as they are.
        in_file: the file's own values.

    Raises:
        ConfigFieldsError: it names settings that do not exist.
        ConfigFixedError: a variable or flag decides one of them.
    """
    wanted = tuple(_flat(document, ()))
    wrong = tuple(problem for path, value in wanted if (problem := _wrong(path, value)))
    if wrong:
        raise ConfigFieldsError(problems=wrong)
    shown = masked(now)
    changes = []
    fixed = []
    for path, value in wanted:
        there = _lookup(in_file, path) is not ABSENT
        if (value is None and not there) or (value is not None and value == _lookup(shown, path)):
            continue
        kind, where = origin_of(now.loading.origins if now.loading else {}, path)
        if kind in {"environment", "flag"}:
            fixed.append(f"{dotted(path)}: {where}")
        changes.append(Change(path, ABSENT if value is None else value))
    if fixed:
        raise ConfigFixedError(", ".join(fixed))
    return tuple(changes)


def _flat(document: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Single keys with their values; a section that is null stands for all keys of it."""
    for key, value in document.items():
        here = (*path, key)
        section = type_at(Settings, here)
        if is_section(section) and isinstance(value, Mapping):
            yield from _flat(value, here)
        elif is_section(section) and value is None:
            yield from (((*here, inner), None) for inner in keys_of(section))
        else:
            yield here, value


def _wrong(path: KeyPath, value: Any) -> ConfigProblem | None:
    """What is wrong with a key as such; whether its value is right, the file's own check tells."""
    if path[0] == CAMERAS:
        return ConfigProblem(_CAMERAS_REASON, CAMERAS)
    there = type_at(Settings, path)
    if there is None:
        return ConfigProblem(unknown_key(str(path[-1]), keys_of(type_at(Settings, path[:-1]))), redact(dotted(path)))
    if is_section(there) and value is not None:
        return ConfigProblem(_SECTION_REASON, dotted(path))
    return None


def _lookup(values: Mapping[str, Any], path: KeyPath) -> Any:
    here: Any = values
    for part in path:
        if not isinstance(here, Mapping) or part not in here:
            return ABSENT
        here = here[part]
    return here

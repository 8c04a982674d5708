"""Makes the generated reference pages from the code, or says which are not current.

python scripts/make_reference.py [--check]
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin

from popcam.config.model import Settings
from popcam.config.schema import plain_schema, settings_schema
from popcam.config.shape import is_list, is_mapping, is_section, keys_of, type_at
from popcam.config.words import words_of
from popcam.core.errors import all_errors
from popcam.core.language import Language
from popcam.core.spec import CameraSpec

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
TEXTS = Path(__file__).resolve().parent / "reference"
"""What stands above the generated tables."""
GENERATED = "<!-- Made by scripts/make_reference.py; change the code, then run `make reference`. -->"

WORDS: dict[str, dict[Language, str]] = {
    "title": {"en": "Settings", "zh": "配置参考"},
    "other": {"en": "[中文](settings.zh-CN.md)", "zh": "[English](settings.md)"},
    "key": {"en": "key", "zh": "键"},
    "type": {"en": "type", "zh": "类型"},
    "default": {"en": "default", "zh": "默认值"},
    "meaning": {"en": "meaning", "zh": "含义"},
    "required": {"en": "*required*", "zh": "*必填*"},
    "own folder": {"en": "*own folder*", "zh": "*用户文件夹*"},
    "see": {"en": "see", "zh": "见"},
    "list of": {"en": "list of", "zh": "列表："},
    "top": {"en": "Top level", "zh": "顶层"},
    "by id": {"en": "by id", "zh": "按编号"},
    "by name": {"en": "texts by name", "zh": "按名称的文本"},
}


def settings_page(language: Language) -> str:
    """All settings, one table per section."""
    parts = [f"# {_word('title', language)}", GENERATED, _word("other", language), _text(f"settings.{language}.md")]
    for path, tp in _sections(Settings, ()):
        heading = f"`{_heading(path)}`" if path else _word("top", language)
        parts.append(f"## {heading}")
        if path:
            parts.append(_meaning(path, _first_line(tp), language))
        parts.append(_table(path, tp, language))
    return "\n\n".join(parts) + "\n"


def errors_page() -> str:
    """All errors with both languages, statuses and exit codes."""
    rows = [
        f"| `{error.code}` | {error.title.en}<br>{error.title.zh} | {error.hint.en}<br>{error.hint.zh} "
        f"| {error.http_status} | {error.exit_code} | {'yes' if error.retryable else 'no'} |"
        for error in sorted(all_errors(), key=lambda error: error.code)
        if error.__module__.startswith("popcam.core.errors.")
    ]
    table = [
        "| code | title · 标题 | what to do · 解决办法 | HTTP | exit | retry |",
        "|---|---|---|---|---|---|",
        *rows,
    ]
    return "\n\n".join(["# Errors · 错误", GENERATED, _text("errors.md"), "\n".join(table)]) + "\n"


def pages() -> dict[Path, str]:
    """Every generated file with its content."""
    schema = json.dumps(settings_schema(), ensure_ascii=False, indent=2) + "\n"
    return {
        REFERENCE / "settings.md": settings_page("en"),
        REFERENCE / "settings.zh-CN.md": settings_page("zh"),
        REFERENCE / "popcam.schema.json": schema,
        REFERENCE / "errors.md": errors_page(),
    }


def _text(name: str) -> str:
    return (TEXTS / name).read_text("utf-8").rstrip("\n")


def _word(name: str, language: Language) -> str:
    return WORDS[name][language]


def _sections(tp: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each section with the path to it, parents first."""
    yield path, tp
    for key in keys_of(tp):
        inner = type_at(tp, (key,))
        if is_mapping(inner) and is_section(type_at(inner, ("id",))):
            yield from _sections(type_at(inner, ("id",)), (*path, key, "ID"))
        elif is_list(inner) and is_section(type_at(inner, (0,))):
            yield from _sections(type_at(inner, (0,)), (*path, f"{key}[]"))
        elif is_section(inner) and key != "sub_source":
            yield from _sections(inner, (*path, key))


def _heading(path: tuple[str, ...]) -> str:
    return ".".join(path).replace("ID", "<id>")


def _table(path: tuple[str, ...], tp: Any, language: Language) -> str:
    described = _descriptions(tp)
    head = " | ".join(_word(name, language) for name in ("key", "type", "default", "meaning"))
    lines = [f"| {head} |", "|---|---|---|---|"]
    for key in keys_of(tp):
        if tp is CameraSpec and key == "id":
            continue  # it is the key above the camera
        inner = type_at(tp, (key,))
        cells = (_kind(key, inner, described[key], path, language), _default(tp, key, language))
        text = _meaning((*path, key), described[key].get("description", "") or _section_line(inner), language)
        lines.append(f"| `{key}` | {cells[0]} | {cells[1]} | {text} |")
    return "\n".join(lines)


def _descriptions(tp: Any) -> dict[str, dict[str, Any]]:
    """The schema of each key of a section, with its text and limits."""
    schema = _schema()
    section: dict[str, Any] = schema if tp is Settings else schema["$defs"][tp.__name__]
    properties: dict[str, dict[str, Any]] = section["properties"]
    return properties


@cache
def _schema() -> dict[str, Any]:
    """Made once: it takes longer than all the rest of the pages."""
    return plain_schema()


def _kind(key: str, tp: Any, described: dict[str, Any], path: tuple[str, ...], language: Language) -> str:
    if is_mapping(tp):
        return _kind_of_mapping((*path, key), tp, language)
    if is_section(tp):
        target = "source" if key == "sub_source" else key
        return f"{_word('see', language)} [`{_heading((*path, target))}`](#{_anchor((*path, target))})"
    if is_list(tp):
        inner = type_at(tp, (0,))
        if is_section(inner):
            target = f"{key}[]"
            return f"{_word('list of', language)} [`{_heading((*path, target))}`](#{_anchor((*path, target))})"
        return f"{_word('list of', language)} {_value_kind(inner, {})}"
    return _value_kind(tp, _with_limits(described))


def _kind_of_mapping(path: tuple[str, ...], tp: Any, language: Language) -> str:
    if not is_section(type_at(tp, ("id",))):
        return _word("by name", language)
    entry = (*path, "ID")
    return f"{_word('by id', language)}, {_word('see', language)} [`{_heading(entry)}`](#{_anchor(entry)})"


def _with_limits(described: dict[str, Any]) -> dict[str, Any]:
    options = described.get("anyOf", [])
    return next((option for option in options if option.get("type") != "null"), described)


def _value_kind(tp: Any, limits: dict[str, Any]) -> str:
    choices = [choice for choice in get_args(tp) if isinstance(choice, str)]
    if choices:
        return ", ".join(f"`{choice}`" for choice in choices)
    if get_origin(tp) is tuple:
        return "points `[x, y]`" if get_args(tp)[-1] is Ellipsis else "point `[x, y]`"
    name = {"bool": "`true`, `false`", "int": "integer", "float": "number", "str": "text", "Path": "path"}[tp.__name__]
    above = limits.get("exclusiveMinimum")
    low = limits.get("minimum") if above is None else f"> {_number(above)}"
    high = limits.get("maximum")
    bounds = [_number(bound) for bound in (low, high) if bound is not None]
    return f"{name}, {' … '.join(bounds)}" if bounds else name


def _number(value: float | str) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _default(tp: Any, key: str, language: Language) -> str:
    if is_section(type_at(tp, (key,))) and key not in {"source", "sub_source"}:
        return ""
    if tp is Settings:
        return _word("own folder", language) if key.endswith("_dir") else ""
    field = next(field for field in fields(tp) if field.name == key)
    if field.default is MISSING:
        return _word("required", language) if field.default_factory is MISSING else ""
    value = field.default
    shown = list(value) if isinstance(value, tuple) else value
    return f"`{json.dumps(shown)}`" if not is_dataclass(value) else ""


def _first_line(tp: Any) -> str:
    return (tp.__doc__ or "").strip().split("\n\n")[0]


def _section_line(tp: Any) -> str:
    """Sections without a text of their own have that of their type."""
    return _first_line(tp) if is_section(tp) else ""


def _meaning(path: tuple[str, ...], english: str, language: Language) -> str:
    """What a setting means; the Chinese text has its own place."""
    words_key = ".".join(part.removesuffix("[]") for part in path if part != "ID")
    text = words_of(words_key).meaning.zh if language == "zh" else english
    return " ".join(text.split()).replace("|", "\\|")


def _anchor(path: tuple[str, ...]) -> str:
    """The address of a heading, as common Markdown viewers make it."""
    return re.sub(r"[^a-z0-9_-]", "", _heading(path).lower())


def main() -> None:
    """Write the pages, or with --check end with status 1 and the names of those that are not current."""
    stale = [path for path, text in pages().items() if not path.is_file() or path.read_text("utf-8") != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"docs/reference/{path.name} is not current: run `make reference`")
        sys.exit(1 if stale else 0)
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pages()[path], encoding="utf-8")
        print(f"made {path.name}")


if __name__ == "__main__":
    main()

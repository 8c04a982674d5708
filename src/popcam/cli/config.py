"""`popcam config check|show|schema`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from popcam.cli.options import ConfigOption, JsonOption, SetOption, overrides, settings_of
from popcam.cli.say import out, say
from popcam.cli.yaml_text import yaml_text

if TYPE_CHECKING:
    from popcam.config.model import Settings

app = typer.Typer(
    help=say("Check and show the settings.", "检查和显示配置。"), no_args_is_help=True, rich_markup_mode=None
)


@app.command("check", help=say("Check the settings without starting anything.", "检查配置，不启动任何东西。"))
def check(config: ConfigOption = None, set_: SetOption = None) -> None:
    """Say that the settings are valid, or end with everything that is wrong with them.

    Raises:
        ConfigError: they are not valid.
    """
    settings = settings_of(config, overrides(set_))
    place = str(settings.path) if settings.path else say("no file, defaults only", "没有配置文件，仅用默认值")
    count = len(settings.cameras)
    out(say(f"The settings are valid: {place}, cameras: {count}", f"配置有效：{place}，摄像头：{count}"))


@app.command("show", help=say("Show the settings in force, secrets masked.", "显示生效的配置，密码已隐藏。"))
def show(
    config: ConfigOption = None,
    set_: SetOption = None,
    origin: Annotated[
        bool, typer.Option("--origin", help=say("Say where each value came from.", "注明每个值的来源。"))
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Print all settings as YAML that could stand in the file.

    Raises:
        ConfigError: they are not valid.
    """
    settings = settings_of(config, overrides(set_))
    if origin:
        _show_origins(settings, as_json=as_json)
        return
    from popcam.config.show import masked

    values = masked(settings)
    out(json.dumps(values, ensure_ascii=False, indent=2) if as_json else yaml_text(values))


@app.command(
    "schema", help=say("Print the JSON Schema of the settings, for editors.", "输出配置的 JSON Schema，供编辑器使用。")
)
def schema(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help=say("Write it to this file.", "写入该文件。"), show_default=False),
    ] = None,
) -> None:
    """Print the schema, or write it to a file that `# yaml-language-server: $schema=` names.

    Raises:
        StorageReadOnlyError: the file can't be written.
    """
    from popcam.config.schema import settings_schema
    from popcam.core.errors import StorageReadOnlyError

    text = json.dumps(settings_schema(), ensure_ascii=False, indent=2)
    if output is None:
        out(text)
        return
    try:
        output.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise StorageReadOnlyError(f"{output}: {error.strerror}") from error


def _show_origins(settings: "Settings", *, as_json: bool) -> None:
    from popcam.config.show import shown_values

    rows = list(shown_values(settings))
    if as_json:
        listed = [{"key": row.key, "value": row.value, "origin": row.origin} for row in rows]
        out(json.dumps(listed, ensure_ascii=False, indent=2))
        return
    for row in rows:
        value = json.dumps(row.value, ensure_ascii=False)
        out(f"{row.key} = {value}  # {row.origin}")

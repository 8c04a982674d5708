"""Options that several commands share, and the settings that they make."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from popcam.cli.say import say

if TYPE_CHECKING:
    from popcam.config.model import Settings

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        help=say(
            "Settings file. Without it: POPCAM_CONFIG, ./popcam.yaml, then the user's and the system's settings.",
            "配置文件。未指定时依次查找：POPCAM_CONFIG、./popcam.yaml、用户配置、系统配置。",
        ),
        show_default=False,
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help=say(
            "Change one setting, for example --set log.level=debug. May be repeated.",
            "修改一项设置，例如 --set log.level=debug。可重复使用。",
        ),
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help=say("Print JSON for scripts.", "输出 JSON，供脚本使用。"))]
HostOption = Annotated[
    str | None,
    typer.Option("--host", help=say("Address to listen on.", "监听地址。"), show_default=False),
]
PortOption = Annotated[
    int | None,
    typer.Option(
        "--port", "-p", help=say("TCP port; 0 takes a free one.", "TCP 端口；0 表示任选空闲端口。"), show_default=False
    ),
]


def overrides(pairs: list[str] | None, **flags: object) -> dict[str, object]:
    """Flags by dotted key. `flags` spell a dot as two underscores; those that are None were not given.

    Raises:
        typer.BadParameter: a pair is not `key=value`.
    """
    found: dict[str, object] = {}
    for pair in pairs or []:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise typer.BadParameter(say("write it as KEY=VALUE", "请写成 键=值"), param_hint="--set")
        found[key.strip()] = value
    found.update({name.replace("__", "."): value for name, value in flags.items() if value is not None})
    return found


def settings_of(config: Path | None, flags: dict[str, object]) -> "Settings":
    """The settings for a command.

    Raises:
        ConfigError: they are not valid.
    """
    import os

    from popcam.config.loading import find_settings_file, load_settings

    return load_settings(config or find_settings_file(os.environ, Path.cwd()), overrides=flags)

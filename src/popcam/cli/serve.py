"""`popcam serve`: run the server."""

from pathlib import Path
from typing import Annotated

import typer

from popcam.cli.demo import run_demo
from popcam.cli.options import ConfigOption, HostOption, PortOption, SetOption, overrides, settings_of
from popcam.cli.say import say
from popcam.core.plain_structlog import import_structlog

HELP = say(
    "Run the server until Ctrl-C. Changes of the settings file are applied while it runs.",
    "运行服务器，按 Ctrl-C 结束。运行期间会自动应用配置文件的改动。",
)


def serve(
    config: ConfigOption = None,
    host: HostOption = None,
    port: PortOption = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(help=say("Folder for database and recordings.", "数据库与录像文件夹。"), show_default=False),
    ] = None,
    log_level: Annotated[
        str | None, typer.Option(help=say("debug, info, warning or error.", "debug、info、warning 或 error。"))
    ] = None,
    set_: SetOption = None,
    demo: Annotated[
        bool,
        typer.Option("--demo", help=say("As `popcam demo`: built-in pictures.", "同 `popcam demo`：使用内置画面。")),
    ] = False,
) -> None:
    """Run the server in the foreground.

    Raises:
        ConfigError: the settings are not valid.
        PortInUseError: another program has the port.
    """
    flags = overrides(set_, server__host=host, server__port=port, data_dir=_absolute(data_dir), log__level=log_level)
    if demo:
        if config is not None:
            raise typer.BadParameter(
                say("--demo brings its own cameras; leave --config out", "--demo 自带摄像头，请勿与 --config 同用"),
                param_hint="--demo",
            )
        run_demo(flags)
        return
    import_structlog()
    from popcam.server.run import serve as run

    run(settings_of(config, flags))


def _absolute(path: Path | None) -> Path | None:
    """A path as the shell's user means it: from the current folder, not from that of the settings file."""
    return None if path is None else path.expanduser().absolute()

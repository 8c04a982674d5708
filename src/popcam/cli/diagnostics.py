"""`popcam diagnostics`: a file with what helps to find a fault, safe to send."""

import os
import time
from pathlib import Path
from typing import Annotated

import typer

from popcam.cli.api import UrlOption, download
from popcam.cli.options import ConfigOption, SetOption, overrides, settings_of
from popcam.cli.say import err, out, say
from popcam.core.errors import ConfigError, ServerUnreachableError, StorageReadOnlyError

HELP = say(
    "Write a ZIP file with versions, masked settings, states and logs, without passwords, keys and tokens.",
    "生成诊断 ZIP 文件：版本、已隐去机密的设置、状态和日志，不含密码、密钥和令牌。",
)


def diagnostics(
    file: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help=say(
                "The file; popcam-diagnostics-<time>.zip here when left out.",
                "输出文件；默认为当前目录的 popcam-diagnostics-<时间>.zip。",
            ),
            show_default=False,
        ),
    ] = None,
    url: UrlOption = None,
    config: ConfigOption = None,
    set_: SetOption = None,
) -> None:
    """Ask the server; without one, collect what this machine tells.

    Raises:
        StorageReadOnlyError: the file can't be written.
        ServerUnreachableError: the server that was named does not answer.
        PopcamError: the server refused.
    """
    target = file or Path(time.strftime("popcam-diagnostics-%Y%m%dT%H%M%SZ.zip", time.gmtime()))
    try:
        download("/api/v1/diagnostics", target, url)
    except ServerUnreachableError:
        if url or os.environ.get("POPCAM_URL"):
            raise
        err(say("No server answers; states of cameras are not in the file.", "没有服务器应答，文件中不含摄像头状态。"))
        _write(target, _collected(config, set_))
    out(
        say(f"Written to {target}. No password, key or token is in it.", f"已写入 {target}，其中不含密码、密钥和令牌。")
    )


def _collected(config: Path | None, set_: list[str] | None) -> bytes:
    from popcam.server.diagnostics import bundle, machine_parts

    try:
        return bundle(machine_parts(settings_of(config, overrides(set_))))
    except ConfigError as error:
        return bundle(machine_parts(None, error))


def _write(target: Path, raw: bytes) -> None:
    """For the owner alone: it tells a lot, though no secret."""
    try:
        target.touch(0o600)
        target.write_bytes(raw)
    except OSError as error:
        raise StorageReadOnlyError(f"{target}: {error.strerror}") from error

"""Runs the commands of the settings file that recovery may run: no shell, a time limit, and no secrets of popcam."""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import IO

from popcam.core.alerts import CommandSpec
from popcam.core.clean import clean
from popcam.core.errors import RecoveryFailedError, RecoveryRefusedError

MAX_SHOWN = 200
"""Characters of what a command wrote that are kept: the end says what went wrong."""


async def run_command(spec: CommandSpec, *, camera_id: str, worker_id: str) -> str:
    """Run it to its end; what it leaves running in the background stays. Gives the end of what it wrote.

    Raises:
        RecoveryRefusedError: it can't be started.
        RecoveryFailedError: it failed, or took too long and was ended with all that it had started.
    """
    argv = [part.replace("{camera}", camera_id).replace("{worker}", worker_id) for part in spec.argv]
    # A file rather than a pipe: who reads a pipe waits for everything that a command left running with it.
    with tempfile.TemporaryFile() as written:
        process = await _started(argv, written)
        try:
            async with asyncio.timeout(spec.timeout_s):
                code = await process.wait()
        except TimeoutError:
            raise RecoveryFailedError(
                f"{argv[0]} took longer than {spec.timeout_s:g} s", f"{argv[0]} 超过 {spec.timeout_s:g} 秒"
            ) from None
        finally:
            await _end(process)
        text = _last_words(written)
    if code != 0:
        raise RecoveryFailedError(f"{argv[0]} ended with {code}: {text}", f"{argv[0]} 以 {code} 结束：{text}")
    return text


async def _started(argv: Sequence[str], written: IO[bytes]) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            env=_environment(os.environ),
            start_new_session=sys.platform != "win32",
        )
    except OSError as error:
        raise RecoveryRefusedError(
            f"{argv[0]} can't be started: {error.strerror}", f"无法启动 {argv[0]}：{error.strerror}"
        ) from error


def _last_words(written: IO[bytes]) -> str:
    size_bytes = written.seek(0, os.SEEK_END)
    written.seek(max(0, size_bytes - 4 * MAX_SHOWN))
    return clean(written.read().decode("utf-8", "replace").strip()[-MAX_SHOWN:])


async def _end(process: asyncio.subprocess.Process) -> None:
    """End it if it still runs, and on systems with process groups what it had started, too."""
    if process.returncode is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        if sys.platform != "win32":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    await process.wait()


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Without popcam's own variables: they may hold passwords."""
    return {name: value for name, value in variables.items() if not name.upper().startswith("POPCAM_")}

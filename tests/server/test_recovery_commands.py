"""Commands of the settings file: without a shell, within their time, and without popcam's secrets."""

import os
import sys
from pathlib import Path

import psutil
import pytest
from tests.server.conftest import until

from popcam.core.alerts import CommandSpec
from popcam.core.errors import RecoveryFailedError, RecoveryRefusedError
from popcam.server.recovery_commands import run_command

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the commands are those of POSIX")


async def run(*argv: str, timeout_s: float = 5.0) -> str:
    return await run_command(CommandSpec(argv=argv, timeout_s=timeout_s), camera_id="door", worker_id="w1")


async def test_camera_and_worker_are_put_in() -> None:
    assert await run("echo", "camera={camera}", "worker={worker}") == "camera=door worker=w1"


async def test_there_is_no_shell() -> None:
    assert await run("echo", "$HOME; echo no") == "$HOME; echo no"


async def test_only_the_end_of_what_it_wrote_is_kept() -> None:
    text = await run("sh", "-c", "seq 1 100000")
    assert text.endswith("100000")
    assert len(text) <= 200


async def test_a_failure_is_told_with_the_last_words() -> None:
    with pytest.raises(RecoveryFailedError, match="ended with 3: no such switch"):
        await run("sh", "-c", "echo no such switch >&2; exit 3")


async def test_a_program_that_is_not_there_is_refused() -> None:
    with pytest.raises(RecoveryRefusedError, match="can't be started"):
        await run("/nowhere/to/be/found")


async def test_what_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    with pytest.raises(RecoveryFailedError, match=r"longer than 0\.5 s"):
        await run("sh", "-c", f"sleep 60 & echo $! > {note}; wait", timeout_s=0.5)
    child = int(note.read_text())
    await until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE)


async def test_what_it_leaves_in_the_background_neither_ends_nor_holds_it_up(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    await run("sh", "-c", f"sleep 30 & echo $! > {note}")
    child = psutil.Process(int(note.read_text()))
    assert child.is_running()
    child.kill()


async def test_variables_of_popcam_are_not_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POPCAM_MQTT__PASSWORD", "s3cret")
    assert "s3cret" not in await run("env")
    assert os.environ["POPCAM_MQTT__PASSWORD"] == "s3cret"

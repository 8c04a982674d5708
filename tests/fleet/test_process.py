"""The operating system's side of a worker."""

import asyncio
import signal
import subprocess
import sys

import psutil
import pytest

from popcam.fleet.process import WorkerProcess, describe_exit

SLEEPER = (sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(60)")
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"


async def started(*command: str) -> tuple[asyncio.subprocess.Process, WorkerProcess]:
    child = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, start_new_session=True)
    assert child.stdout is not None
    await child.stdout.readline()
    return child, WorkerProcess(psutil.Process(child.pid), None)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (None, "ended"),
        (0, "ended with status 0"),
        (3, "ended with status 3"),
        (-9, "ended by SIGKILL"),
        (-200, "ended by signal 200"),
    ],
)
def test_an_exit_is_told_in_words(code: int | None, text: str) -> None:
    assert describe_exit(code) == text


async def test_a_process_ends_when_it_is_asked() -> None:
    child, process = await started(*SLEEPER)
    await asyncio.wait_for(process.end(100.0), 60)
    assert not process.running
    assert await child.wait() == -signal.SIGTERM


async def test_a_process_that_does_not_listen_is_killed_after_the_grace() -> None:
    child, process = await started(sys.executable, "-c", DEAF)
    await asyncio.wait_for(process.end(0.2), 60)
    assert await child.wait() == -signal.SIGKILL


async def test_killing_takes_along_what_the_worker_started() -> None:
    script = "import subprocess, time; print(subprocess.Popen(['/bin/sleep', '60']).pid, flush=True); time.sleep(60)"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, start_new_session=True
    )
    assert child.stdout is not None
    grandchild = int(await child.stdout.readline())
    process = WorkerProcess(psutil.Process(child.pid), None)
    process.kill()
    await child.wait()
    for _ in range(3000):
        if not psutil.pid_exists(grandchild) or psutil.Process(grandchild).status() == psutil.STATUS_ZOMBIE:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it lives")


async def test_signals_to_a_process_that_is_gone_are_no_error() -> None:
    child, process = await started(*SLEEPER)
    child.kill()
    await asyncio.wait_for(asyncio.shield(process.exit), 60)
    process.terminate()
    process.kill()
    await child.wait()


async def test_a_system_without_process_handles_is_watched_by_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    # Ours only: psutil asks the system once for its handles and then counts on them.
    monkeypatch.setattr("popcam.fleet.process.open_handle", lambda pid: None)
    # Not asyncio's: its own watcher and ours would race for the exit status.
    with subprocess.Popen(SLEEPER, start_new_session=True) as child:  # noqa: ASYNC220 - it returns at once
        process = WorkerProcess(psutil.Process(child.pid), None)
        child.kill()
        assert (await asyncio.wait_for(asyncio.shield(process.exit), 60)).startswith("ended")


async def test_a_forgotten_process_goes_on() -> None:
    child, process = await started(*SLEEPER)
    process.forget()
    process.forget()
    assert child.returncode is None
    child.kill()
    await child.wait()

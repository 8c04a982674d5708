"""One worker process: started, watched for its end, ended. Nothing here blocks the loop."""

import asyncio
import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path

import msgspec
import psutil

from popcam.core.worker_settings import WorkerSettings
from popcam.fleet.log_file import keep_small

WORKER_COMMAND: tuple[str, ...] = (sys.executable, "-m", "popcam.worker")


class WorkerProcess:
    """A running worker, our child or one that an earlier server started. Create it with `start` or `adopt`.

    `exit` completes when the process is gone, with a text for people such as `ended by SIGKILL`.
    """

    def __init__(self, native: psutil.Process, child: "subprocess.Popen[bytes] | None") -> None:
        self._native = native
        self._child = child
        self.pid = native.pid
        self.create_time_s = native.create_time()
        self._loop = asyncio.get_running_loop()
        self.exit: asyncio.Future[str] = self._loop.create_future()
        self._stop_watching = self._watch()

    @property
    def running(self) -> bool:
        return not self.exit.done()

    def terminate(self) -> None:
        """Ask it to end (SIGTERM): it finishes recordings."""
        self._signal(self._native.terminate)

    def kill(self) -> None:
        """End it at once, and what it may have started in its own session."""
        if sys.platform != "win32" and self.running and self.pid > 1:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if os.getpgid(self.pid) == self.pid:
                    os.killpg(self.pid, signal.SIGKILL)
                    return
        self._signal(self._native.kill)

    async def end(self, grace_s: float) -> str:
        """Terminate, wait, kill, and return how it ended."""
        self.terminate()
        return await self.end_within(grace_s)

    async def end_within(self, grace_s: float) -> str:
        """Wait for its end; kill it when that takes longer than `grace_s`."""
        done, _ = await asyncio.wait([self.exit], timeout=grace_s)
        if not done:
            self.kill()
        return await asyncio.shield(self.exit)

    def forget(self) -> None:
        """Stop watching and leave it running."""
        self._stop_watching()

    def _signal(self, send: Callable[[], None]) -> None:
        if self.running:  # psutil compares start times too: never another process with the same number
            with contextlib.suppress(psutil.NoSuchProcess):
                send()

    def _watch(self) -> Callable[[], None]:
        handle = open_handle(self.pid)
        if handle is not None:
            return self._watch_pidfd(handle)
        threading.Thread(target=self._wait_in_thread, name=f"worker {self.pid}", daemon=True).start()
        return lambda: None

    def _watch_pidfd(self, handle: int) -> Callable[[], None]:
        def stop() -> None:
            nonlocal handle
            if handle >= 0:
                self._loop.remove_reader(handle)
                os.close(handle)
                handle = -1

        def ended() -> None:
            stop()
            self._set_exit(self._child.poll() if self._child is not None else None)

        self._loop.add_reader(handle, ended)
        return stop

    def _wait_in_thread(self) -> None:
        code = self._child.wait() if self._child is not None else self._native.wait()
        with contextlib.suppress(RuntimeError):  # the loop may be closed by now
            self._loop.call_soon_threadsafe(self._set_exit, code)

    def _set_exit(self, code: int | None) -> None:
        if not self.exit.done():
            self.exit.set_result(describe_exit(code))


async def start_process(
    command: Sequence[str],
    settings: WorkerSettings,
    log_path: Path,
    executor: Executor,
    spare: "subprocess.Popen[bytes] | None" = None,
) -> WorkerProcess:
    """Start a worker in a session of its own and hand it its settings through standard input.

    `spare` is one that was started in advance and waits for its settings.

    Raises:
        OSError: the system can't start it.
    """
    loop = asyncio.get_running_loop()
    if spare is not None:
        settings = dataclasses.replace(settings, output_path=str(log_path))
    child = await loop.run_in_executor(executor, _start, tuple(command), msgspec.json.encode(settings), log_path, spare)
    try:
        return WorkerProcess(psutil.Process(child.pid), child)
    except psutil.NoSuchProcess as exc:  # it ended at once, on a system that keeps no trace of it
        raise ProcessLookupError(describe_exit(child.poll())) from exc


def open_handle(pid: int) -> int | None:
    """A descriptor that becomes readable when the process ends; None where the system has none, or it is gone."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError:
        return None  # an old kernel, or it is gone already: the thread finds out


def describe_exit(code: int | None) -> str:
    """How a process ended, for people."""
    if code is None:
        return "ended"
    if code >= 0:
        return f"ended with status {code}"
    try:
        return f"ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"ended by signal {-code}"


def worker_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The server's variables without its settings: those may hold secrets, and a worker gets its own by stdin."""
    return {name: value for name, value in environment.items() if not name.upper().startswith("POPCAM_")}


def _start(
    command: tuple[str, ...], settings: bytes, log_path: Path, spare: "subprocess.Popen[bytes] | None"
) -> "subprocess.Popen[bytes]":
    if spare is not None:
        keep_small(log_path)
    child = spare or begin_process(command, log_path)
    assert child.stdin is not None  # noqa: S101 - each is begun with one
    with contextlib.suppress(BrokenPipeError):  # it ended at once: the exit tells why
        child.stdin.write(settings)
    with contextlib.suppress(BrokenPipeError):
        child.stdin.close()
    return child


def begin_process(command: tuple[str, ...], log_path: Path) -> "subprocess.Popen[bytes]":
    """Start a worker that imports what it needs and waits for its settings.

    Raises:
        OSError: the system can't start it.
    """
    log_path.parent.mkdir(parents=True, exist_ok=True)
    keep_small(log_path)
    flags = 0
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    with log_path.open("ab") as log_file:
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            stdin=subprocess.PIPE,
            stdout=log_file,
            stderr=subprocess.STDOUT,
            env=worker_environment(os.environ),
            start_new_session=True,
            creationflags=flags,
        )

"""The real server with real workers, started as a user starts it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

START_TIMEOUT_S = 60.0
"""Generous: the machine may be busy with other tests."""


@dataclass
class Serving:
    """A running `popcam demo`."""

    url: str
    log: Path

    def get(self, path: str) -> Any:
        """JSON of a resource."""
        answer = httpx.get(self.url + path, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str) -> Any:
        """JSON that a request led to."""
        answer = httpx.post(self.url + path, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def status(self, camera_id: str) -> dict[str, Any]:
        """What a camera does now."""
        status: dict[str, Any] = self.get(f"/api/v1/cameras/{camera_id}/status")
        return status

    def wait_delivering(self, camera_id: str, other_than_pid: int | None = None) -> dict[str, Any]:
        """Wait until a worker, another one than that of `other_than_pid`, runs the camera."""
        end_s = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < end_s:
            status = self.status(camera_id)
            if status["state"] in {"running", "idle"} and status["pid"] not in {None, other_than_pid}:
                return status
            time.sleep(0.1)
        raise TimeoutError(f"{camera_id} does not run:\n{self.log.read_text('utf-8')[-3000:]}")


@contextmanager
def demo(folder: Path, *settings: str) -> Iterator[Serving]:
    """`popcam demo` on a free port, ended as by Ctrl-C."""
    log = folder / "server.log"
    folders = (f"data_dir={folder / 'data'}", f"runtime_dir={folder / 'run'}", f"log_dir={folder / 'log'}")
    own = ("security.login=false", *folders)
    command = [sys.executable, "-c", "from popcam.cli.main import main; main()", "demo", "--port", "0"]
    for setting in (*own, *settings):
        command += ["--set", setting]
    environment = {**os.environ, "POPCAM_LANG": "en"}
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
    try:
        serving = Serving(_address(process, log), log)
        yield serving
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """The address that the server prints once it answers."""
    end_s = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end_s and process.poll() is None:
        for word in log.read_text("utf-8").split():
            if word.startswith("http://127.0.0.1:"):
                return word
        time.sleep(0.05)
    raise TimeoutError(f"the server does not begin:\n{log.read_text('utf-8')[-3000:]}")

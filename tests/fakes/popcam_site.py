"""A real `popcam serve` with a settings file of its own, for tests and benchmarks."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from tests.fakes.ports import free_port

START_TIMEOUT_S = 60.0
"""Generous: the machine may be busy with other work."""


@dataclass(slots=True)
class Site:
    """One running server."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    started_monotonic_s: float
    token: str = ""
    """Sent with every request, where the server asks for a login."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings_file(self) -> Path:
        return self.folder / "popcam.yaml"

    def get(self, path: str) -> Any:
        """The JSON of a GET."""
        with urllib.request.urlopen(self._request(path), timeout=30) as answer:
            return json.load(answer)

    def post(self, path: str) -> Any:
        """The JSON of a POST without a body."""
        with urllib.request.urlopen(self._request(path, "POST"), timeout=60) as answer:
            return json.load(answer)

    def _request(self, path: str, method: str = "GET") -> urllib.request.Request:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return urllib.request.Request(self.url + path, headers=headers, method=method)

    def camera(self, camera_id: str) -> dict[str, Any]:
        camera: dict[str, Any] = self.get(f"/api/v1/cameras/{camera_id}")
        return camera

    def status(self, camera_id: str) -> dict[str, Any]:
        status: dict[str, Any] = self.get(f"/api/v1/cameras/{camera_id}/status")
        return status

    def workers(self) -> list[psutil.Process]:
        """The worker processes that are children of the server."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def log(self) -> str:
        return (self.folder / "server.log").read_text("utf-8", "replace")

    def wait_until(self, condition: Callable[[], Any], timeout_s: float = START_TIMEOUT_S) -> float:
        """Seconds until `condition()` is true.

        Raises:
            TimeoutError: it never was, or the server ended; with the end of the server's log.
        """
        began_s = time.monotonic()
        while time.monotonic() - began_s < timeout_s and self.process.poll() is None:
            with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):  # it may be busy starting
                if condition():
                    return time.monotonic() - began_s
            time.sleep(0.02)
        raise TimeoutError(f"not within {timeout_s} s:\n{self.log()[-3000:]}")

    def wait_frames(self, camera_id: str, more_than: int = 0, timeout_s: float = START_TIMEOUT_S) -> float:
        """Seconds until the camera has processed more frames than that."""

        def enough() -> bool:
            pipeline = self.camera(camera_id)["pipeline"]
            return pipeline is not None and pipeline["frames"] > more_than

        return self.wait_until(enough, timeout_s)

    def close(self) -> int:
        """End it as the system does, and return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise


def start_site(folder: Path, cameras: Mapping[str, Any], *, through: Sequence[str] = (), **settings: Any) -> Site:
    """Start `popcam serve` with these cameras, written as in popcam.yaml; everything it keeps lies in `folder`.

    `through` is a program that becomes popcam, with its arguments, such as one that takes rights away.
    """
    port = free_port()
    whole = {
        "server": {"port": port},
        "data_dir": str(folder / "data"),
        "runtime_dir": str(folder / "run"),
        "log_dir": str(folder / "log"),
        "cameras": dict(cameras),
        "security": {"login": False},  # who tests the login asks for it
        **settings,
    }
    (folder / "popcam.yaml").write_text(json.dumps(whole), "utf-8")  # JSON is YAML
    program = Path(sys.executable).with_name("popcam")
    began_s = time.monotonic()
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [*through, str(program), "serve", "--config", str(folder / "popcam.yaml")],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "POPCAM_LANG": "en"},
        )
    return Site(process, port, folder, began_s)


@contextlib.contextmanager
def running_site(
    folder: Path, cameras: Mapping[str, Any], *, through: Sequence[str] = (), **settings: Any
) -> Iterator[Site]:
    """Start a server, wait until it answers, end it."""
    site = start_site(folder, cameras, through=through, **settings)
    try:
        site.wait_until(lambda: site.get("/health"))
        yield site
    finally:
        site.close()

"""The server process: start, reload, trouble, end. A real process with real signals over a fake fleet."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import httpx
import pytest
from tests.fakes.fake_fleet import FakeFleet
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from popcam.config import ServerSettings, Settings, load_settings
from popcam.core.access import Principal
from popcam.core.errors import PortInUseError
from popcam.server.run import _announce_setup, options_of, running, serve

ROOT = Path(__file__).parents[2]
YAML = """
server: {{port: 0}}
data_dir: {folder}/data
runtime_dir: {folder}/run
log_dir: {folder}/log
security: {{login: false}}
cameras:
  door: {{source: "demo:"}}
"""


class ServerProcess:
    """The running server."""

    def __init__(self, folder: Path) -> None:
        self.settings_file = folder / "popcam.yaml"
        self.settings_file.write_text(YAML.format(folder=folder))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.server.server_process", str(self.settings_file)],
            cwd=ROOT,
            env={**os.environ, "POPCAM_LANG": "en", "PYTHONWARNINGS": "error"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.first_line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", self.first_line)
        assert found is not None, self.process.communicate()
        self.url = found[0]

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, timeout=30)

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str, float]:
        """Exit status, output, log, and how long it took."""
        began_s = time.monotonic()
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err, time.monotonic() - began_s


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    server = ServerProcess(tmp_path)
    yield server
    server.process.kill()
    server.process.communicate()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One for the tests that leave it running; each writes the whole settings file that it needs."""
    server = ServerProcess(tmp_path_factory.mktemp("shared"))
    yield server
    server.end()


def eventually(server: ServerProcess, path: str, expected: str) -> None:
    deadline_s = time.monotonic() + 60
    while expected not in server.get(path).text:
        assert time.monotonic() < deadline_s, server.get(path).text
        time.sleep(0.05)


@pytest.mark.alone
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_with_viewers_watching(server: ServerProcess, number: int) -> None:
    with connect(server.url.replace("http", "ws") + "/api/v1/cameras/door/live") as watching:
        watching.recv()
        with httpx.stream("GET", server.url + "/api/v1/cameras/door/mjpeg", timeout=60) as endless:
            next(endless.iter_raw())
            status, out, err, took_s = server.end(number)
        with pytest.raises(ConnectionClosed):
            watching.recv(timeout=60)
    assert (status, out) == (0, "fleet stopped\n")
    assert '"event": "server.closed"' in err
    assert "Traceback" not in err
    assert took_s < 15


def test_its_cameras_run_and_it_is_ready(shared: ServerProcess) -> None:
    assert shared.get("/ready").json()["ready"]
    assert shared.get("/api/v1/cameras/door/status").json()["running"]


def test_a_change_of_the_settings_file_is_applied(shared: ServerProcess) -> None:
    text = YAML.format(folder=shared.settings_file.parent)
    shared.settings_file.write_text(text + '  yard: {source: "demo:", name: Back yard}\n')
    eventually(shared, "/api/v1/cameras", "Back yard")
    assert shared.get("/api/v1/cameras/yard/status").json()["running"]
    eventually(shared, "/api/v1/audit?action=settings.reload", "cameras_added")


def test_a_wrong_settings_file_is_refused_and_told(shared: ServerProcess) -> None:
    text = YAML.format(folder=shared.settings_file.parent)
    shared.settings_file.write_text(text + "nonsense: 1\n")
    eventually(shared, "/status", "The settings are not valid")
    assert shared.get("/api/v1/cameras/door/status").json()["running"]


def test_two_servers_do_not_take_one_port(shared: ServerProcess, tmp_path: Path) -> None:
    port = int(shared.url.rpartition(":")[2])
    second = Settings(
        server={"port": port},  # type: ignore[arg-type]
        data_dir=tmp_path / "second",
        runtime_dir=tmp_path / "second",
        log_dir=tmp_path / "second",
    )
    with pytest.raises(PortInUseError, match=str(shared.process.pid)):
        serve(second, lambda *_: FakeFleet())
    assert not (tmp_path / "second").exists()


async def test_without_a_database_live_pictures_go_on(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "popcam.db").write_bytes(b"damaged " * 1000)
    file = tmp_path / "popcam.yaml"
    file.write_text(YAML.format(folder=tmp_path))
    fleet = FakeFleet()
    async with running(load_settings(file), lambda *_: fleet, 8080) as services:
        assert services.cameras.view("door").running
        assert services.operating is not None
        result = await services.operating.health.run_now("database.write")
        assert (result.outcome.state, result.outcome.code) == ("failed", "database.corrupt")
    assert fleet.stopped


def test_every_setting_of_the_server_reaches_the_routes() -> None:
    wished = ServerSettings(
        host="0.0.0.0",
        port=0,
        allowed_hosts=("cams.example.org",),
        allowed_origins=("https://home.example.org",),
        max_viewers=7,
        max_webrtc_sessions=3,
        slow_request_s=0.25,
        hsts=True,
        trusted_proxies=("10.0.0.0/8",),
    )
    options = options_of(Settings(server=wished), port=4711)
    before_the_routes = {"tls", "tls_cert", "tls_key", "allow_plain_http"}
    expected = {key: value for key, value in {**asdict(wished), "port": 4711}.items() if key not in before_the_routes}
    assert {key: getattr(options, key) for key in expected} == expected


async def test_the_first_account_is_made_at_an_address_that_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "popcam.yaml"
    file.write_text(YAML.format(folder=tmp_path))
    settings = load_settings(file, overrides={"security.login": True})
    async with running(settings, lambda *_: FakeFleet(), 8080) as services:
        assert services.security is not None
        capsys.readouterr()
        await _announce_setup(settings, services, 8080)
        address, _, token = capsys.readouterr().out.strip().rpartition("#token=")
        assert address.endswith("http://127.0.0.1:8080/setup")
        await services.security.setup.claim(token, "Ann", "a lamp over the blue door")
        await _announce_setup(settings, services, 8080)
        assert "/setup" not in capsys.readouterr().out  # what else happened is told there, too


async def test_what_incident_mode_stopped_is_stopped_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "popcam.yaml"
    file.write_text(YAML.format(folder=tmp_path))
    settings = load_settings(file, overrides={"security.lockdown_stops": ["preview", "jobs"]})
    shell = Principal(via="shell", role="admin", name="shell")
    async with running(settings, lambda *_: FakeFleet(), 8080) as services:
        assert services.security is not None
        await services.security.lockdown.begin(shell, "a stranger")
        assert services.quiet == {"preview", "jobs"}
    async with running(settings, lambda *_: FakeFleet(), 8080) as services:
        assert services.security is not None
        assert services.quiet == {"preview", "jobs"}
        await services.security.lockdown.end(shell)
        assert services.quiet == frozenset()

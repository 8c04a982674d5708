"""Commands find the server of their own user, and show its key to nobody else."""

import json
import ssl
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from tests.fakes.guarded_server import GuardedServer, guarded_server

from popcam.cli import own_server
from popcam.cli.api import ask, download, get, upload
from popcam.core.access import Scope
from popcam.core.errors import AccessRefusedError, LoginNeededError, UploadNotMediaError
from popcam.core.running_server import RunningServer, read_running
from popcam.security.certificate_files import LocalAuthority
from popcam.security.certificates import Called


@pytest.fixture(autouse=True)
def run_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty runtime folder of this user, and no settings around."""
    folder = tmp_path / "runtime"
    monkeypatch.setenv("POPCAM_RUNTIME_DIR", str(folder))
    for name in ("POPCAM_URL", "POPCAM_TOKEN", "POPCAM_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    own_server._own.cache_clear()
    return folder


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedServer]:
    with guarded_server(tmp_path_factory.mktemp("guarded")) as server:
        yield server


def left_by(server: GuardedServer) -> None:
    """What a server that was started by `popcam serve` leaves for commands."""
    RunningServer(server.url, server.port).write(server.folder / "run")


def test_the_own_server_is_found_and_entered(guarded: GuardedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    left_by(guarded)
    monkeypatch.setenv("POPCAM_RUNTIME_DIR", str(guarded.folder / "run"))
    assert [camera["id"] for camera in get("/api/v1/cameras")["items"]] == ["door", "yard"]
    assert ask("POST", "/api/v1/cameras/door/stop").value["ok"]


def test_its_runtime_folder_may_stand_in_the_settings_file(
    guarded: GuardedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_by(guarded)
    monkeypatch.delenv("POPCAM_RUNTIME_DIR")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "none"))
    (tmp_path / "popcam.yaml").write_text(json.dumps({"runtime_dir": str(guarded.folder / "run")}))
    assert get("/api/v1/cameras", guarded.url)["items"]
    assert own_server.own_url() == guarded.url


def test_without_the_key_a_login_is_needed(guarded: GuardedServer) -> None:
    with pytest.raises(LoginNeededError):
        get("/api/v1/cameras", guarded.url)


def test_the_key_is_told_to_the_servers_own_port_alone(guarded: GuardedServer, run_dir: Path) -> None:
    left_by(guarded)
    (run_dir).mkdir()
    (run_dir / "shell.key").write_text("popcam_shell_secret")
    RunningServer(guarded.url, guarded.port).write(run_dir)
    assert own_server.credential(guarded.url) == "Bearer popcam_shell_secret"
    for elsewhere in (
        f"http://127.0.0.1:{guarded.port + 1}",
        f"http://192.0.2.1:{guarded.port}",
        f"http://localhost.example.org:{guarded.port}",
        f"http://127.0.0.1@192.0.2.1:{guarded.port}",
    ):
        assert own_server.credential(elsewhere) == ""
        assert own_server.credential(elsewhere, thorough=True) == ""


def test_a_token_of_the_environment_comes_first(guarded: GuardedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    left_by(guarded)
    security = guarded.services.security
    assert security is not None
    user = guarded.run(lambda: security.users.create("Vic", None, "viewer", Scope()))
    text, _ = guarded.run(lambda: security.tokens.create(user.user_id, "script", "viewer"))
    monkeypatch.setenv("POPCAM_RUNTIME_DIR", str(guarded.folder / "run"))
    monkeypatch.setenv("POPCAM_TOKEN", text)
    assert get("/api/v1/cameras")["items"]
    with pytest.raises(AccessRefusedError):
        ask("POST", "/api/v1/cameras/door/start")


def test_files_are_sent_and_fetched_with_the_key(
    guarded: GuardedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_by(guarded)
    file = tmp_path / "no film.mp4"
    file.write_bytes(b"no film")
    with pytest.raises(LoginNeededError):
        upload("/api/v1/jobs/uploads?name=a.mp4", file, guarded.url)
    monkeypatch.setenv("POPCAM_RUNTIME_DIR", str(guarded.folder / "run"))
    own_server._own.cache_clear()
    download("/api/openapi.json", tmp_path / "api.json")
    assert json.loads((tmp_path / "api.json").read_text())["paths"]
    with pytest.raises(UploadNotMediaError):
        upload("/api/v1/jobs/uploads?name=a.mp4", file)


def test_what_a_server_left_is_read_and_taken_away(run_dir: Path) -> None:
    mine, other = RunningServer("http://127.0.0.1:1", 1), RunningServer("http://127.0.0.1:2", 2)
    assert own_server.own_url() == ""
    mine.write(run_dir)
    assert own_server.own_url() == mine.url
    other.remove(run_dir)
    assert read_running(run_dir) == mine
    mine.remove(run_dir)
    assert read_running(run_dir) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": 1}', '{"a": 1}', "null"])
def test_a_damaged_file_is_none(run_dir: Path, text: str) -> None:
    run_dir.mkdir()
    (run_dir / "server.json").write_text(text)
    assert read_running(run_dir) is None


def test_the_own_certificate_is_trusted_and_no_other(run_dir: Path, tmp_path: Path) -> None:

    authority = LocalAuthority(tmp_path / "tls")
    authority.ensure(_called())
    RunningServer("https://127.0.0.1:8443", 8443, str(tmp_path / "tls" / "ca.pem")).write(run_dir)
    own = own_server.tls_context("https://127.0.0.1:8443")
    assert own is not None
    assert own.verify_mode is ssl.CERT_REQUIRED
    assert len(own.get_ca_certs()) == 1
    assert own_server.tls_context("https://192.0.2.1:8443") is None
    assert own_server.tls_context("http://127.0.0.1:8443") is None


def _called() -> Called:

    return Called(frozenset({"localhost"}), frozenset({ip_address("127.0.0.1")}))

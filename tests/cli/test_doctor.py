"""`popcam doctor`: what it finds, in both languages and as JSON, and the exit status that says the worst."""

import json
import os
import socket
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import Popcam

from popcam.cli.doctor import DANGER, WARNING
from popcam.core.errors import DatabaseCorruptError


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings of a user who is not root, with private folders, and nobody on the port."""
    monkeypatch.chdir(tmp_path)
    for name in ("data_dir", "runtime_dir", "log_dir"):
        (tmp_path / name).mkdir(mode=0o700)
        monkeypatch.setenv(f"POPCAM_{name.upper()}", str(tmp_path / name))
    monkeypatch.setenv("POPCAM_SERVER__PORT", "9")
    monkeypatch.setenv("POPCAM_SECURITY__LOGIN", "true")
    if sys.platform != "win32":
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
    # What this machine's own clock and disk are like is not what is tested.
    monkeypatch.setattr("popcam.monitoring.checks.machine.synchronised", lambda: True)
    monkeypatch.setenv("POPCAM_MONITORING__DISK_WARNING_PERCENT", "0")
    monkeypatch.setenv("POPCAM_MONITORING__DISK_FAILED_PERCENT", "0")
    return tmp_path


@pytest.mark.usefixtures("house")
def test_when_all_is_well_it_says_so(popcam: Popcam) -> None:
    result = popcam("doctor")
    assert result.status == 0
    assert "Console and API" in result.out
    assert "No server runs on this port now." in result.out
    assert "WARNING" not in result.out


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ("security.login=false", WARNING, "security.login_off"),
        ('server.allowed_origins=["*"]', DANGER, "server.any_origin"),
        ("server.host=0.0.0.0", DANGER, "server.plain_http"),
    ],
)
def test_its_status_says_the_worst(popcam: Popcam, change: str, status: int, code: str) -> None:
    result = popcam("doctor", "--set", change)
    assert result.status == status
    assert f"[{code}]" in result.out


@pytest.mark.usefixtures("house")
def test_it_says_what_to_do_in_chinese(popcam: Popcam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POPCAM_LANG", "zh")
    result = popcam("doctor", "--set", "server.host=0.0.0.0")
    assert "危险 [server.plain_http] " in result.out
    assert "请设置 `server.tls: auto`" in result.out


@pytest.mark.usefixtures("house")
def test_scripts_get_json(popcam: Popcam) -> None:
    told = json.loads(popcam("doctor", "--json", "--set", "security.login=false").out)
    assert told["worst"] == "warning"
    assert [port["transport"] for port in told["ports"]] == ["tcp", "udp", "ipc"]
    assert told["findings"][0]["code"] == "security.login_off"
    assert told["findings"][0]["fix"] == "Set `security.login: true`."


@pytest.mark.usefixtures("house")
def test_it_shows_what_is_open_now(popcam: Popcam) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = json.loads(popcam("doctor", "--json", "--set", f"server.port={port}").out)
    assert (port, os.getpid()) in {(one["port"], one["pid"]) for one in told["open_now"]}


@pytest.mark.usefixtures("house")
def test_wrong_settings_are_named(popcam: Popcam) -> None:
    assert popcam("doctor", "--set", "server.port=no").status == 2


@pytest.mark.usefixtures("house")
def test_checks_are_carried_out_without_a_server(popcam: Popcam) -> None:
    told = json.loads(popcam("doctor", "--json").out)
    states = {check["name"]: check["state"] for check in told["checks"]}
    assert states["engines.models"] == "ok"
    assert states["disk.write"] == "ok"
    assert states["database.file"] == "absent"
    assert told["worst"] == "ok"


def test_a_damaged_database_is_told_with_what_to_do(popcam: Popcam, house: Path) -> None:
    (house / "data_dir" / "popcam.db").write_bytes(b"no database " * 500)
    result = popcam("doctor")
    assert result.status == DANGER
    assert "[database.file]" in result.out
    assert DatabaseCorruptError.hint.en in result.out


@pytest.mark.usefixtures("house")
def test_a_taken_port_names_who_has_it_and_a_free_one(popcam: Popcam) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = json.loads(popcam("doctor", "--json", "--set", f"server.port={port}").out)
    found = next(check for check in told["checks"] if check["name"] == "ports.held")
    assert (found["state"], found["code"]) == ("failed", "server.port_in_use")
    assert f"process {os.getpid()}" in found["detail"]
    assert "is free" in found["remedy"]

"""What `serve` and `demo` make of their flags; the server itself has its own tests."""

import os
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from tests.cli.conftest import Popcam

from popcam.config import Settings


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """Collects settings that would be served."""
    settings: list[Settings] = []
    monkeypatch.setattr("popcam.server.run.serve", lambda wanted, **_: settings.append(wanted))
    return settings


def test_flags_reach_the_settings(popcam: Popcam, served: list[Settings], tmp_path: Path) -> None:
    config = tmp_path / "popcam.yaml"
    config.write_text("server: {port: 1}\nlog: {level: error}\n", encoding="utf-8")
    folder = tmp_path / "data"
    flags = ["--host", "::1", "-p", "2", "--data-dir", str(folder), "--log-level", "debug", "--set", "workers.count=3"]
    assert popcam("serve", "-c", str(config), *flags).status == 0
    (settings,) = served
    assert (settings.server.host, settings.server.port, settings.log.level) == ("::1", 2, "debug")
    assert (settings.data_dir, settings.workers.count, settings.path) == (folder, 3, config)


def test_folder_of_a_flag_counts_from_the_current_folder(
    popcam: Popcam, served: list[Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "popcam.yaml").write_text("server:\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    popcam("serve", "-c", "etc/popcam.yaml", "--data-dir", "data")
    assert served[0].data_dir == tmp_path / "data"


def test_wrong_settings_start_nothing(popcam: Popcam, served: list[Settings], tmp_path: Path) -> None:
    config = tmp_path / "popcam.yaml"
    config.write_text("prot: 1\n", encoding="utf-8")
    assert (popcam("serve", "-c", str(config)).status, served) == (2, [])


def test_wrong_flag_is_named(popcam: Popcam, served: list[Settings]) -> None:
    result = popcam("demo", "--port", "99999")
    assert (result.status, served) == (2, [])
    assert "server.port: must be at most 65535" in result.err


@pytest.mark.parametrize("command", [("demo",), ("serve", "--demo")])
def test_demo_serves_the_demo_cameras(popcam: Popcam, served: list[Settings], command: tuple[str, ...]) -> None:
    assert popcam(*command, "--port", "7").status == 0
    assert (list(served[0].cameras), served[0].server.port) == (["demo", "demo-boxes"], 7)


def test_demo_takes_no_settings_file(popcam: Popcam, served: list[Settings]) -> None:
    result = popcam("serve", "--demo", "-c", "x.yaml")
    assert (result.status, served, "--config" in result.err) == (2, [], True)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")
def test_demo_says_its_address_and_ends_cleanly_on_ctrl_c(tmp_path: Path) -> None:
    env = {**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "POPCAM_LANG": "en"}
    for name in ("XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        env.pop(name, None)
    command = [sys.executable, "-c", "from popcam.cli.main import main; main()", "demo", "--port", "0"]
    with (tmp_path / "err").open("wb") as err:
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=err, text=True)
    try:
        assert process.stdout is not None
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found is not None, (tmp_path / "err").read_text("utf-8")
        with urllib.request.urlopen(f"{found[0].rstrip('/')}/health", timeout=30) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.communicate()

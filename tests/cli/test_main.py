"""The command as a whole: languages, exit statuses, speed."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Popcam

import popcam as package
from popcam.cli import main as main_module
from popcam.cli.say import language
from popcam.core.errors import PortInUseError

POPCAM = [sys.executable, "-c", "from popcam.cli.main import main; main()"]
COMMANDS = ("serve", "demo", "config", "camera", "models", "version", "check-architecture")


def run(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    clean = {name: value for name, value in os.environ.items() if name not in {"LANG", "LC_ALL", "LC_MESSAGES"}}
    return subprocess.run([*POPCAM, *arguments], env={**clean, **env}, capture_output=True, text=True, check=False)


def test_version_is_printed_alone(popcam: Popcam) -> None:
    assert popcam("version") == (0, f"{package.__version__}\n", "")


def test_help_lists_every_command(popcam: Popcam) -> None:
    assert [command for command in COMMANDS if command not in popcam("--help").out] == []


def test_help_speaks_chinese() -> None:
    assert "运行服务器" in run("--help", POPCAM_LANG="zh").stdout


def test_locale_chooses_the_language() -> None:
    assert "配置有效" in run("config", "check", LC_ALL="zh_CN.UTF-8").stdout


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"POPCAM_LANG": "zh", "LC_ALL": "en_US"}, "zh"),
        ({"LC_ALL": "zh_CN", "LANG": "en_US"}, "zh"),
        ({"LC_MESSAGES": "en_US", "LANG": "zh_CN"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"POPCAM_LANG": "", "LANG": "zh_CN"}, "zh"),
        ({}, "en"),
    ],
)
def test_first_set_variable_chooses_the_language(env: dict[str, str], expected: str) -> None:
    assert language(env) == expected


@pytest.mark.skipif(sys.platform == "win32", reason="there is no resource module")
def test_help_is_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """0.4 s is what people take as at once. CPU time, and the best of three: others share the machine."""
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # what counts lines takes as long again
    times = []
    for _ in range(3):
        before = children_cpu_s()
        assert run("--help").returncode == 0
        times.append(children_cpu_s() - before)
    assert min(times) < 0.4


def children_cpu_s() -> float:
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; from popcam.cli import main; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"numpy", "pydantic", "fastapi", "av", "cv2", "rich.table", "ruamel.yaml", "sqlalchemy", "zmq"}
    assert heavy & set(loaded) == set()


def test_unknown_command_is_a_wrong_command_line(popcam: Popcam) -> None:
    assert popcam("dance").status == 2


def raising(error: BaseException) -> Any:
    def app() -> None:
        raise error

    return app


def test_named_error_is_told_with_code_and_hint(popcam: Popcam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main_module, "app", raising(PortInUseError("127.0.0.1:8080")))
    result = popcam()
    assert result.status == PortInUseError.exit_code
    assert result.err.startswith("The port is in use: 127.0.0.1:8080 [server.port_in_use]\n")
    assert "--port" in result.err


def test_named_error_is_told_in_chinese(popcam: Popcam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POPCAM_LANG", "zh")
    monkeypatch.setattr(main_module, "app", raising(PortInUseError("127.0.0.1:8080")))
    assert popcam().err.startswith("端口已被占用")


def test_interrupt_ends_as_shells_expect(popcam: Popcam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main_module, "app", raising(KeyboardInterrupt()))
    assert popcam().status == 130


@pytest.mark.skipif(sys.platform == "win32", reason="there is no head")
def test_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    """`popcam config show | head -n 1` prints no traceback."""
    command = f"{sys.executable} -c '{POPCAM[2]}' config schema | head -c 1"
    env = {**os.environ, "POPCAM_LANG": "en"}
    result = subprocess.run(["bash", "-c", command], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert (result.stdout, result.stderr) == ("{", "")

"""Where workers meet their server."""

import os
import sys
from pathlib import Path

import pytest

from popcam.core.errors import ConfigError
from popcam.fleet.endpoints import choose_endpoints, make_private, new_token, remove_socket_files, socket_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="socket files are POSIX")


def test_socket_files_lie_in_the_runtime_folder(tmp_path: Path) -> None:
    endpoints = choose_endpoints(tmp_path, "0123abcd", "ipc")
    assert endpoints.commands == f"ipc://{tmp_path}/0123abcd.c"
    assert endpoints.facts == f"ipc://{tmp_path}/0123abcd.f"


@pytest.mark.parametrize("length", [10, 60, 90, 200])
def test_socket_paths_are_never_too_long(tmp_path: Path, length: int) -> None:
    folder = tmp_path / ("x" * length)
    endpoints = choose_endpoints(folder, new_token(), "ipc")
    assert len(endpoints.commands.removeprefix("ipc://").encode()) <= 103


def test_the_short_folder_of_a_long_one_is_always_the_same(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 200)
    assert socket_folder(folder) == socket_folder(folder) != socket_folder(tmp_path / ("y" * 200))


def test_the_folder_is_made_private(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o755)
    make_private(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "theirs")
    with pytest.raises(ConfigError):
        make_private(tmp_path / "run")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    os.chown(folder, 12345, 12345)
    with pytest.raises(ConfigError):
        make_private(folder)


def test_tcp_has_two_ports_and_keys(tmp_path: Path) -> None:
    endpoints = choose_endpoints(tmp_path, new_token(), "tcp")
    assert endpoints.commands.startswith("tcp://127.0.0.1:")
    assert endpoints.facts != endpoints.commands
    assert len(endpoints.curve_public_key) == len(endpoints.curve_secret_key) == 40


def test_the_secret_key_is_not_shown(tmp_path: Path) -> None:
    endpoints = choose_endpoints(tmp_path, new_token(), "tcp")
    assert endpoints.curve_secret_key not in repr(endpoints)


def test_what_a_killed_worker_left_is_removed(tmp_path: Path) -> None:
    endpoints = choose_endpoints(tmp_path, "0123abcd", "ipc")
    (tmp_path / "0123abcd.c").touch()
    remove_socket_files(endpoints)
    assert list(tmp_path.iterdir()) == []

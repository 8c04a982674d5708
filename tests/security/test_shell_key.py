import stat
import sys
from pathlib import Path

import pytest

from popcam.security.shell_key import ShellKey, read_shell_key


def test_the_file_holds_the_key_for_its_owner_alone(tmp_path: Path) -> None:
    key = ShellKey(tmp_path / "run")
    key.make()
    text = read_shell_key(tmp_path / "run")
    assert key.knows(text)
    if sys.platform != "win32":
        assert stat.S_IMODE(key.path.stat().st_mode) == 0o600


def test_whoever_holds_it_is_the_server_s_own_user(tmp_path: Path) -> None:
    who = ShellKey(tmp_path).principal("127.0.0.1")
    assert (who.via, who.role, who.scope.whole, who.address) == ("shell", "admin", True, "127.0.0.1")


@pytest.mark.parametrize("text", ["", "x", "popcam_shell_", "é"])
def test_nothing_else_is_the_key(tmp_path: Path, text: str) -> None:
    key = ShellKey(tmp_path)
    assert not key.knows(text)  # before there is one, too
    key.make()
    assert not key.knows(text)


def test_each_start_has_its_own(tmp_path: Path) -> None:
    first, second = ShellKey(tmp_path), ShellKey(tmp_path)
    first.make()
    old = read_shell_key(tmp_path)
    second.make()
    assert not second.knows(old)
    assert second.knows(read_shell_key(tmp_path))


def test_a_server_that_ends_removes_its_own_and_no_other(tmp_path: Path) -> None:
    first, second = ShellKey(tmp_path), ShellKey(tmp_path)
    first.make()
    second.make()
    first.remove()
    assert second.knows(read_shell_key(tmp_path))
    second.remove()
    assert read_shell_key(tmp_path) == ""
    assert not second.knows("")


def test_a_link_that_somebody_laid_there_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("theirs")
    key = ShellKey(tmp_path / "run")
    key.path.parent.mkdir()
    key.path.symlink_to(elsewhere)
    key.make()
    assert elsewhere.read_text() == "theirs"
    assert key.knows(read_shell_key(tmp_path / "run"))


def test_what_can_t_be_read_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "shell.key").write_bytes(b"\xff\xfe")
    assert read_shell_key(tmp_path) == ""

"""Log files are put away by size and age, also when several processes write to one."""

import json
import os
import time
from pathlib import Path

import pytest

from popcam.core import log_rotation
from popcam.core.log_keeping import LogKeeping
from popcam.core.log_rotation import RotatingLog, prune_logs, put_away_files

SMALL = LogKeeping(max_bytes=100, max_files=2)


def line(text: str, unix_s: float | None = None) -> bytes:
    when = time.time() if unix_s is None else unix_s
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))
    return (json.dumps({"timestamp": stamp, "event": text}) + "\n").encode()


def test_lines_are_appended(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x.log"
    for text in (b"one\n", b"two\n"):
        log = RotatingLog(path, lambda: SMALL)
        log.write(text)
        log.close()
    assert path.read_bytes() == b"one\ntwo\n"


def test_nobody_else_may_read_them(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path / "x.log")
    log.write(b"one\n")
    log.close()
    assert os.name == "nt" or (tmp_path / "x.log").stat().st_mode & 0o077 == 0


def test_a_full_file_is_put_away_and_the_oldest_are_deleted(tmp_path: Path) -> None:
    log = RotatingLog(tmp_path / "x.log", lambda: SMALL)
    for number in range(5):
        log.write(str(number).encode() * 80 + b"\n")
    log.close()
    assert [file.read_bytes()[:1] for file in put_away_files(tmp_path / "x.log")] == [b"3", b"2"]
    assert (tmp_path / "x.log").read_bytes()[:1] == b"4"


def test_an_old_file_is_put_away(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(line("long ago", time.time() - 1000.0))
    log = RotatingLog(path, lambda: LogKeeping(max_age_s=900.0))
    log.write(line("now"))
    log.close()
    assert b"now" in path.read_bytes()
    assert b"long ago" in put_away_files(path)[0].read_bytes()


def test_one_who_writes_follows_when_another_put_the_file_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_rotation, "CHECK_EVERY_S", 0.0)
    path = tmp_path / "x.log"
    first, second = (RotatingLog(path, lambda: SMALL) for _ in range(2))
    first.write(b"a" * 60 + b"\n")
    second.write(b"b" * 60 + b"\n")  # puts away what the first one wrote
    first.write(b"c" * 20 + b"\n")
    assert path.read_bytes() == b"b" * 60 + b"\n" + b"c" * 20 + b"\n"
    for log in (first, second):
        log.close()


def test_a_file_that_was_deleted_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_rotation, "CHECK_EVERY_S", 0.0)
    log = RotatingLog(tmp_path / "x.log")
    log.write(b"one\n")
    (tmp_path / "x.log").unlink()
    log.write(b"two\n")
    log.close()
    assert (tmp_path / "x.log").read_bytes() == b"two\n"


def test_a_folder_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(OSError, match="x"):
        RotatingLog(tmp_path / "x" / "x.log").write(b"one\n")


def test_what_is_too_old_or_too_much_is_deleted_in_all_folders(tmp_path: Path) -> None:
    folder = tmp_path / "cameras"
    folder.mkdir()
    for name in ("door.log", "door.log.1", "door.log.2", "door.log.3", "yard.log.1", "notes.txt.1"):
        (folder / name).write_text("x")
    long_ago_s = time.time() - 1000.0
    os.utime(folder / "yard.log.1", (long_ago_s, long_ago_s))
    assert prune_logs(tmp_path, LogKeeping(max_files=2, max_age_s=900.0), time.time()) == 2
    assert sorted(file.name for file in folder.iterdir()) == ["door.log", "door.log.1", "door.log.2", "notes.txt.1"]

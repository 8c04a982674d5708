"""The end of a log, read again and again while it grows."""

from pathlib import Path

import pytest

from popcam.server import logtail
from popcam.server.logtail import LogTails


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "door.log"


def test_a_log_that_is_not_there_has_no_lines(log: Path) -> None:
    assert LogTails().tail_now(log, 5) == (0, [])


@pytest.mark.parametrize("wanted", [1, 2, 3, 7])
def test_the_last_lines_come_in_order(log: Path, wanted: int) -> None:
    log.write_bytes(b"one\ntwo\r\nthree\n")
    assert LogTails().tail_now(log, wanted) == (3, ["one", "two", "three"][-wanted:])


def test_a_line_that_is_being_written_counts(log: Path) -> None:
    tails = LogTails()
    log.write_text("one\ntw", "utf-8")
    assert tails.tail_now(log, 5) == (2, ["one", "tw"])
    with log.open("a") as file:
        file.write("o\nthree\n")
    assert tails.tail_now(log, 5) == (3, ["one", "two", "three"])


def test_blocks_cut_lines_and_characters_without_harm(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logtail, "BLOCK_BYTES", 7)
    lines = [f"第{number}行 " + "x" * (number % 23) for number in range(200)]
    log.write_text("\n".join(lines) + "\n", "utf-8")
    tails = LogTails()
    for wanted in (1, 3, 50, 199, 200, 201):
        assert tails.tail_now(log, wanted) == (200, lines[-wanted:])


def test_only_what_is_new_is_read(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logtail, "BLOCK_BYTES", 1000)
    log.write_bytes(b"a line of some length\n" * 20_000)
    tails = LogTails()
    tails.tail_now(log, 3)
    with log.open("ab") as file:
        file.write(b"the newest\n")
    read = 0

    class Counting:
        def __init__(self, path: Path) -> None:
            self._file = path.open("rb")

        def __enter__(self) -> "Counting":
            return self

        def __exit__(self, *_: object) -> None:
            self._file.close()

        def __getattr__(self, name: str) -> object:
            return getattr(self._file, name)

        def read(self, size: int) -> bytes:
            nonlocal read
            read += size
            return self._file.read(size)

    class CountedPath(type(log)):  # type: ignore[misc] # the path class of this system
        def open(self, *_: object, **__: object) -> Counting:
            return Counting(log)

    assert tails.tail_now(CountedPath(log), 2) == (20_001, ["a line of some length", "the newest"])
    assert read < 5000


def test_a_log_that_was_put_away_is_counted_anew(log: Path) -> None:
    tails = LogTails()
    log.write_text("old\n" * 50, "utf-8")
    assert tails.tail_now(log, 1) == (50, ["old"])
    log.rename(log.with_suffix(".1"))
    log.write_text("new\n" * 80, "utf-8")
    assert tails.tail_now(log, 1) == (80, ["new"])


def test_a_log_that_was_cut_is_counted_anew(log: Path) -> None:
    tails = LogTails()
    log.write_text("old\n" * 50, "utf-8")
    tails.tail_now(log, 1)
    log.write_text("new\n", "utf-8")
    assert tails.tail_now(log, 9) == (1, ["new"])


def test_a_line_without_end_does_not_fill_the_memory(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logtail, "MAX_BYTES", 100_000)
    log.write_bytes(b"x" * 1_000_000 + b"\nlast\n")
    assert LogTails().tail_now(log, 10) == (2, ["last"])


def test_passwords_are_masked(log: Path) -> None:
    log.write_text("opening rtsp://admin:s3cret@10.0.0.5/main\n", "utf-8")
    assert "s3cret" not in LogTails().tail_now(log, 1)[1][0]

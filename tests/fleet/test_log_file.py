"""A log that another process writes stays small."""

from pathlib import Path

from popcam.core.log_keeping import LogKeeping, keep_logs
from popcam.fleet.log_file import keep_small


def test_a_small_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "w1.log"
    path.write_text("short")
    assert not keep_small(path, max_bytes=10)
    assert path.read_text() == "short"


def test_a_missing_file_is_small(tmp_path: Path) -> None:
    assert not keep_small(tmp_path / "w1.log", max_bytes=10)


def test_a_large_file_is_moved_aside_while_its_writer_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "w1.log"
    with path.open("ab", buffering=0) as writer:
        writer.write(b"long ago " * 10)
        assert keep_small(path, max_bytes=10)
        writer.write(b"now")
    assert path.read_text() == "now"
    assert (tmp_path / "w1.log.1").read_text() == "long ago " * 10


def test_as_many_are_kept_as_the_settings_say(tmp_path: Path) -> None:
    path = tmp_path / "w1.log"
    keep_logs(LogKeeping(max_files=2))
    try:
        for number in range(5):
            path.write_text(str(number) * 20)
            keep_small(path, max_bytes=10)
    finally:
        keep_logs(LogKeeping())
    assert sorted(one.name for one in tmp_path.iterdir()) == ["w1.log", "w1.log.1", "w1.log.2"]
    assert (tmp_path / "w1.log.1").read_text() == "4" * 20


def test_the_size_is_that_of_the_settings(tmp_path: Path) -> None:
    path = tmp_path / "w1.log"
    path.write_text("x" * 2000)
    assert not keep_small(path)
    keep_logs(LogKeeping(max_bytes=1000))
    try:
        assert keep_small(path)
    finally:
        keep_logs(LogKeeping())

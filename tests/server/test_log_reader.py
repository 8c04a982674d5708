"""Logs of several processes are read as one, newest first."""

from pathlib import Path

import pytest
from tests.fakes.log_lines import T0_UNIX_S, append, log_line

from popcam.core.log_record import LogFilter, LogRecord
from popcam.server import log_reader
from popcam.server.log_reader import read_page


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    append(tmp_path / "server.log.1", *(log_line(at_s, f"old-{at_s}") for at_s in range(3)))
    append(
        tmp_path / "server.log",
        log_line(10, "server.started"),
        log_line(30, "request.slow", "warning", request_id="r1"),
    )
    append(
        tmp_path / "workers" / "w1.log",
        log_line(20, "source.opened", camera="door", worker="w1"),
        log_line(40, "source.lost", "warning", camera="door", worker="w1"),
    )
    append(tmp_path / "workers" / "w2.log", log_line(25, "source.opened", camera="yard", worker="w2"))
    append(
        tmp_path / "cameras" / "door.log",
        log_line(5, "source.opened", camera="door", worker="w0"),
        log_line(20, "source.opened", camera="door", worker="w1"),
        log_line(40, "source.lost", "warning", camera="door", worker="w1"),
    )
    append(tmp_path / "batch" / "batch-1.log", log_line(35, "task.done"))
    return tmp_path


def events(records: list[LogRecord]) -> list[str]:
    return [record.event for record in records]


def found(folder: Path, wanted: LogFilter) -> list[str]:
    return events(read_page(folder, wanted, None, 100).records)


def test_all_processes_are_one_log_newest_first(folder: Path) -> None:
    page = read_page(folder, LogFilter(), None, 100)
    assert events(page.records) == [
        "source.lost",
        "task.done",
        "request.slow",
        "source.opened",
        "source.opened",
        "server.started",
        "old-2",
        "old-1",
        "old-0",
    ]
    assert page.before is None
    assert [record.process for record in page.records[:5]] == ["w1", "batch-1", "server", "w2", "w1"]


def test_pages_follow_one_another_without_gaps(folder: Path) -> None:
    seen: list[str] = []
    before: float | None = None
    for _ in range(20):
        page = read_page(folder, LogFilter(), before, 2)
        seen += events(page.records)
        before = page.before
        if before is None:
            break
    assert seen == found(folder, LogFilter())


def test_lines_of_the_same_moment_stay_on_one_page(tmp_path: Path) -> None:
    append(tmp_path / "server.log", *(log_line(1, f"x{number}") for number in range(5)), log_line(2, "newest"))
    page = read_page(tmp_path, LogFilter(), None, 2)
    assert len(page.records) == 6
    assert page.before is None


def test_one_cameras_lines_come_from_its_own_file(folder: Path) -> None:
    page = read_page(folder, LogFilter(camera_id="door"), None, 100)
    assert [(record.event, record.process) for record in page.records] == [
        ("source.lost", "w1"),
        ("source.opened", "w1"),
        ("source.opened", "w0"),
    ]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (LogFilter(level="warning"), ["source.lost", "request.slow"]),
        (LogFilter(request_id="r1"), ["request.slow"]),
        (LogFilter(process="w2"), ["source.opened"]),
        (LogFilter(text="OLD-1"), ["old-1"]),
        (LogFilter(cameras=frozenset({"yard"})), ["source.opened"]),
        (LogFilter(camera_id="nobody"), []),
    ],
)
def test_filters(folder: Path, wanted: LogFilter, expected: list[str]) -> None:
    assert found(folder, wanted) == expected


def test_last_words_of_a_worker_are_one_record_at_their_place(folder: Path) -> None:
    append(
        folder / "workers" / "w1.log", "Fatal Python error\n", "  line 1\n", log_line(50, "worker.started", worker="w1")
    )
    page = read_page(folder, LogFilter(process="w1"), None, 2)
    crash = page.records[1]
    assert (crash.event, crash.fields["output"], crash.unix_s) == ("Fatal Python error", "  line 1", T0_UNIX_S + 40)


def test_a_line_that_is_being_written_is_left_out(folder: Path) -> None:
    append(folder / "server.log", log_line(60, "half")[:20])
    assert found(folder, LogFilter(process="server"))[0] == "request.slow"


def test_passwords_in_what_is_none_of_our_lines_are_masked(folder: Path) -> None:
    append(folder / "workers" / "w1.log", "cannot open rtsp://admin:s3cret@camera/1\n")
    newest = read_page(folder, LogFilter(process="w1"), None, 1).records[0]
    assert newest.event == "cannot open rtsp://***@camera/1"


def test_lines_longer_than_a_block_are_whole(tmp_path: Path) -> None:
    append(tmp_path / "server.log", *(log_line(at_s, "x", text="y" * 100_000) for at_s in range(5)))
    page = read_page(tmp_path, LogFilter(), None, 10)
    assert [len(record.fields["text"]) for record in page.records] == [100_000] * 5


def test_a_search_that_takes_long_says_where_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_reader, "SCAN_S", -1.0)
    page = read_page(folder, LogFilter(text="old-0"), None, 10)
    assert page.records == []
    assert page.before == T0_UNIX_S + 40


def test_without_a_folder_there_is_nothing(tmp_path: Path) -> None:
    assert read_page(tmp_path / "none", LogFilter(), None, 10) == ([], None)

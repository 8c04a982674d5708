"""Log lines are read as they were written, and found by what they are about."""

import pytest
from tests.fakes.log_lines import T0_UNIX_S, log_line

from popcam.core.log_record import LogFilter, LogLevel, LogRecord, crash_record, record_of

LOST = LogRecord(
    unix_s=T0_UNIX_S,
    level="warning",
    process="w1",
    event="source.lost",
    camera_id="door",
    request_id="r1",
    fields={"detail": "No Route to host", "count": 3},
)


def test_a_line_of_a_worker() -> None:
    line = log_line(1.5, "source.lost", "warning", camera="door", worker="w1", code="source.timeout")
    assert record_of(line.encode(), "slot-1") == LogRecord(
        unix_s=T0_UNIX_S + 1.5,
        level="warning",
        process="w1",
        event="source.lost",
        camera_id="door",
        fields={"worker": "w1", "code": "source.timeout"},
    )


def test_a_line_of_the_server_that_names_a_worker_is_the_servers() -> None:
    record = record_of(log_line(0, "worker.ended", worker="w1", request_id="r7").encode(), "server")
    assert record is not None
    assert (record.process, record.request_id, record.fields) == ("server", "r7", {"worker": "w1"})


def test_both_names_of_a_camera_are_known() -> None:
    record = record_of(log_line(0, "camera.started", camera_id="yard").encode(), "server")
    assert record is not None
    assert record.camera_id == "yard"


@pytest.mark.parametrize(
    "line",
    [b"", b"Traceback (most recent call last):", b"{}", b"[1]", b'{"timestamp": "soon", "event": "x"}', b"\xff\xfe"],
)
def test_what_is_none_of_our_lines(line: bytes) -> None:
    assert record_of(line, "server") is None


@pytest.mark.parametrize(("told", "level"), [("notice", "info"), ("exception", "error"), ("critical", "critical")])
def test_other_names_of_levels(told: str, level: LogLevel) -> None:
    record = record_of(log_line(0, "x", told).encode(), "server")
    assert record is not None
    assert record.level == level


def test_last_words_are_an_error_with_all_that_was_written() -> None:
    record = crash_record("Fatal Python error: Segmentation fault\nThread 1:\n  line 7\n", "w1", T0_UNIX_S)
    assert (record.level, record.event) == ("error", "Fatal Python error: Segmentation fault")
    assert record.fields["output"] == "Thread 1:\n  line 7"


@pytest.mark.parametrize(
    "wanted",
    [
        LogFilter(),
        LogFilter(level="warning"),
        LogFilter(camera_id="door", request_id="r1", process="w1"),
        LogFilter(text="no route"),
        LogFilter(text="SOURCE.LOST"),
        LogFilter(text="count=3"),
        LogFilter(cameras=frozenset({"door", "yard"})),
    ],
)
def test_what_fits(wanted: LogFilter) -> None:
    assert wanted.takes(LOST)


@pytest.mark.parametrize(
    "wanted",
    [
        LogFilter(level="error"),
        LogFilter(camera_id="yard"),
        LogFilter(request_id="r2"),
        LogFilter(process="server"),
        LogFilter(text="no root"),
        LogFilter(cameras=frozenset({"yard"})),
        LogFilter(camera_id="door", text="yard"),
    ],
)
def test_what_does_not_fit(wanted: LogFilter) -> None:
    assert not wanted.takes(LOST)


def test_a_line_about_no_camera_is_not_for_those_with_a_limit() -> None:
    assert not LogFilter(cameras=frozenset({"door"})).takes(LOST._replace(camera_id=""))

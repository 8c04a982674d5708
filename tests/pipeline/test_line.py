"""The line to a camera: real sockets on loopback."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from tests.fakes.ports import free_port

from popcam.core.clock import SystemClock
from popcam.core.errors import SourceError, SourceNotFoundError, SourceUnreachableError
from popcam.core.spec import SourceSpec
from popcam.pipeline import line as line_module
from popcam.pipeline.line import Line

GONE = SourceUnreachableError("gone")


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def listener(port: int) -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", port)) as server:
        yield server


def line_to(port: int) -> Line:
    return Line(SourceSpec(url=f"rtsp://127.0.0.1:{port}/cam"), SystemClock())


def waited(line: Line, error: SourceError, wait_s: float, nudged: threading.Event | None = None) -> tuple[bool, float]:
    begun_s = time.monotonic()
    back = line.wait(error, wait_s, nudged or threading.Event())
    return back, time.monotonic() - begun_s


def measured(line: Line) -> float | None:
    """What was found once the look is over."""
    deadline_s = time.monotonic() + 60
    while line._looking and time.monotonic() < deadline_s:
        time.sleep(0.01)
    return line.rtt_s


@pytest.mark.alone
def test_the_wait_ends_when_somebody_listens_again(port: int) -> None:
    servers: list[socket.socket] = []
    timer = threading.Timer(1.2, lambda: servers.append(socket.create_server(("127.0.0.1", port))))
    timer.start()
    back, took_s = waited(line_to(port), GONE, 20.0)
    timer.join()
    servers[0].close()
    assert back
    assert 1.2 <= took_s < 15  # not the whole wait


def test_who_comes_back_between_two_waits_is_noticed_too(port: int) -> None:
    line = line_to(port)
    assert waited(line, GONE, 0.8)[0] is False
    with socket.create_server(("127.0.0.1", port)):
        back, took_s = waited(line, GONE, 20.0)
    assert back
    assert took_s < 15


def test_after_an_opening_a_connection_that_is_taken_means_nothing(port: int) -> None:
    line = line_to(port)
    assert waited(line, GONE, 0.8)[0] is False
    line.opened()
    with socket.create_server(("127.0.0.1", port)):
        assert waited(line, GONE, 1.2)[0] is False


def test_who_takes_connections_but_gives_no_stream_is_left_alone(port: int, listener: socket.socket) -> None:
    back, took_s = waited(line_to(port), GONE, 1.5)
    assert not back
    assert took_s >= 1.5
    listener.settimeout(0.2)
    listener.accept()[0].close()
    with pytest.raises(TimeoutError):
        listener.accept()


def test_other_failures_are_waited_for_in_peace(port: int, listener: socket.socket) -> None:
    assert waited(line_to(port), SourceNotFoundError("no such stream"), 0.8)[0] is False
    listener.settimeout(0.1)
    with pytest.raises(TimeoutError):
        listener.accept()


def test_a_nudge_ends_the_wait(port: int) -> None:
    nudged = threading.Event()
    threading.Timer(0.2, nudged.set).start()
    back, took_s = waited(line_to(port), GONE, 20.0, nudged)
    assert not back
    assert took_s < 15


def test_a_file_has_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_module, "connect_s", lambda *_: pytest.fail("nobody is there to ask"))
    line = Line(SourceSpec(url="clip.mp4"), SystemClock())
    line._due_s = 0.0
    line.look()
    assert waited(line, GONE, 0.7)[0] is False
    assert line.rtt_s is None


def test_the_time_to_connect_is_measured_once_a_minute(port: int, listener: socket.socket) -> None:
    line = line_to(port)
    line.look()  # not yet: not all cameras are asked at once
    line._due_s = 0.0
    line.look()
    assert 0.0 < (measured(line) or 0.0) < 1.0
    line.look()
    listener.settimeout(0.2)
    listener.accept()[0].close()
    with pytest.raises(TimeoutError):
        listener.accept()


def test_without_an_answer_there_is_no_time(port: int) -> None:
    line = line_to(port)
    line.rtt_s = 0.5
    line._due_s = 0.0
    line.look()
    assert measured(line) is None

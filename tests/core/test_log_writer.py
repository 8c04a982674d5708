"""Log lines are written by a thread; who logs never waits, and what is lost is counted."""

import io
import json
import threading
import time
from collections.abc import Iterator

import pytest

from popcam.core.log_writer import LogWriter, TextSink, flush_all


class Slow:
    """A sink that takes nothing until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.entered = threading.Event()
        self.got = b""

    def write(self, data: bytes) -> None:
        self.entered.set()
        assert self.go.wait(10.0)
        self.got += data


class Broken:
    def write(self, data: bytes) -> None:
        raise OSError(28, "No space left on device")


class Kept:
    def __init__(self) -> None:
        self.got = b""

    def write(self, data: bytes) -> None:
        self.got += data


@pytest.fixture
def slow() -> Iterator[Slow]:
    sink = Slow()
    yield sink
    sink.go.set()


def test_lines_arrive_in_their_order() -> None:
    writer, sink = LogWriter("test"), Kept()
    for number in range(1000):
        writer.offer((sink,), str(number))
    assert writer.flush()
    assert sink.got.decode().split() == [str(number) for number in range(1000)]
    writer.close()


def test_a_line_goes_to_all_of_its_sinks() -> None:
    writer, one, other = LogWriter("test"), Kept(), Kept()
    writer.offer((one, other), "both")
    writer.offer((one,), "one")
    writer.close()
    assert (one.got, other.got) == (b"both\none\n", b"both\n")


def test_nobody_waits_for_a_sink_that_takes_nothing(slow: Slow) -> None:
    writer = LogWriter("test")
    began_s = time.monotonic()
    for _ in range(100):
        writer.offer((slow,), "line")
    assert time.monotonic() - began_s < 5.0  # it takes nothing for 10 s
    assert not writer.flush(0.05)


def test_what_finds_no_place_is_counted_and_told_once_there_is_room(slow: Slow) -> None:
    writer = LogWriter("test", max_waiting=10)
    writer.offer((slow,), "first")
    assert slow.entered.wait(5.0)
    for number in range(15):
        writer.offer((slow,), str(number))
    assert writer.dropped == 5
    slow.go.set()
    writer.close()
    told = [json.loads(line) for line in slow.got.decode().splitlines() if line.startswith("{")]
    assert [(line["event"], line["count"], line["level"]) for line in told] == [("log.dropped", 5, "warning")]


def test_a_sink_that_fails_costs_its_lines_and_no_others() -> None:
    writer, kept = LogWriter("test"), Kept()
    writer.offer((Broken(), kept), "one")
    writer.offer((kept,), "two")
    writer.close()
    assert (kept.got, writer.failed) == (b"one\ntwo\n", 1)


def test_a_stream_that_somebody_closed_is_no_failure_of_others() -> None:
    stream = io.StringIO()
    writer, kept = LogWriter("test"), Kept()
    stream.close()
    writer.offer((TextSink(stream), kept), "one")
    writer.close()
    assert (kept.got, writer.failed) == (b"one\n", 1)


def test_the_end_of_the_process_waits_for_what_was_said() -> None:
    writer, sink = LogWriter("test"), Kept()
    writer.offer((sink,), "last words")
    flush_all()
    assert sink.got == b"last words\n"
    writer.close()


def test_after_its_end_lines_are_counted_as_dropped() -> None:
    writer = LogWriter("test")
    writer.close()
    writer.offer((Kept(),), "too late")
    assert writer.dropped == 1


def test_it_ticks_while_nothing_is_said() -> None:
    ticked = threading.Event()
    writer = LogWriter("test", on_tick=ticked.set)
    assert ticked.wait(5.0)
    writer.close()

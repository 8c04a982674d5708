"""Rate, bits and evenness of what comes."""

import pytest

from popcam.pipeline.flow import BITS_WINDOW_S, JITTER_AFTER, Flow, Rate


def fed(seconds: float, fps: float, size_bytes: int = 1000) -> Flow:
    flow = Flow()
    for number in range(int(seconds * fps) + 1):
        flow.came(number / fps, size_bytes)
    return flow


def test_rate_and_bits_of_a_steady_stream() -> None:
    rate = fed(12.0, 25.0).rate(12.0)
    assert rate.fps == pytest.approx(25.0)
    assert rate.bitrate_bps == pytest.approx(25 * 8000)


def test_keyframes_weigh_as_they_come() -> None:
    flow = Flow()
    for number in range(25 * 12 + 1):
        flow.came(number / 25, 50_000 if number % 50 == 0 else 1000)
    assert flow.rate(12.0).bitrate_bps == pytest.approx(8 * (24.5 * 1000 + 25_000), rel=0.05)


def test_a_new_rate_is_known_within_seconds() -> None:
    flow = fed(10.0, 25.0)
    for number in range(1, 26):
        flow.came(10.0 + number / 5, 1000)
    assert flow.rate(15.0).fps == pytest.approx(5.0, rel=0.1)


def test_the_rate_sinks_while_nothing_comes_and_is_unknown_then() -> None:
    flow = fed(10.0, 25.0)
    assert (flow.rate(13.0).fps or 0.0) < 25.0
    assert flow.rate(10.0 + BITS_WINDOW_S + 1.0) == Rate(None, 0.0)


def test_packets_that_come_in_bursts_do_not_lower_the_rate() -> None:
    assert fed(10.0, 25.0).rate(10.5).fps == pytest.approx(25.0)


def test_a_new_connection_begins_anew() -> None:
    flow = fed(10.0, 25.0)
    flow.begin()
    assert flow.rate(10.0) == Rate(None, 0.0)


def test_even_packets_have_no_jitter() -> None:
    flow = Flow()
    for number in range(200):
        flow.timed(5.0 + number / 25, number / 25)
    assert flow.jitter_s == pytest.approx(0.0, abs=1e-9)


def test_jitter_settles_at_the_mean_deviation() -> None:
    """Every second packet is 10 ms late: transit times differ by 10 ms from one to the next."""
    flow = Flow()
    for number in range(500):
        flow.timed(5.0 + number / 25 + 0.01 * (number % 2), number / 25)
    assert flow.jitter_s == pytest.approx(0.01, rel=0.01)


def test_jitter_of_a_few_packets_is_unknown() -> None:
    flow = Flow()
    for number in range(JITTER_AFTER):
        flow.timed(number / 25, number / 25)
    assert flow.jitter_s is None

"""`synthetic:` and `demo:`: pace, numbers, modes and what the address may ask for."""

import threading
import time
from pathlib import Path

import numpy as np
import pytest
from tests.media.sources.reading import open_

from popcam.core.errors import SourceAddressError, SourceEndedError, SourcePictureSizeError
from popcam.core.frame import DecodeMode
from popcam.media.sources import Continuity, read_stamp, writable
from popcam.media.sources.demo import PATH, window


def test_synthetic_carries_its_number_and_capture_clock() -> None:
    source = open_("synthetic:")
    for _ in range(3):
        (frame,) = source.read(DecodeMode.ALL).frames
        stamp = read_stamp(frame.planes.y)
        assert stamp is not None
        assert stamp.seq == frame.seq
        assert stamp.unix_us == round(frame.captured_unix_s * 1e6)
    source.close()


def test_synthetic_moves() -> None:
    source = open_("synthetic:?width=320&height=180&fps=100")
    first, second = (source.read(DecodeMode.ALL).frames[0] for _ in range(2))
    assert (first.planes.y[90:120] != second.planes.y[90:120]).any()
    source.close()


def test_frames_of_generated_sources_may_be_edited() -> None:
    source = open_("synthetic:?width=64&height=64&fps=100")
    frame = source.read(DecodeMode.ALL).frames[0]
    assert writable(frame) is frame
    frame.planes.y[:] = 0
    assert source.read(DecodeMode.ALL).frames[0].planes.y.any()
    source.close()


@pytest.mark.alone
def test_pace_is_that_of_the_address() -> None:
    source = open_("synthetic:?fps=50&width=64&height=48")
    start_s = time.monotonic()
    pts = [source.read(DecodeMode.ALL).frames[0].pts_s for _ in range(51)]
    # By its own times it is as long as by the clock. Only the last frame's delay counts: who is late gets the newest.
    assert -0.05 < time.monotonic() - start_s - (pts[-1] - pts[0]) < 0.7
    assert np.diff(pts).min() == pytest.approx(0.02)
    source.close()


@pytest.mark.alone
def test_a_late_reader_gets_the_newest_and_a_gap() -> None:
    continuity = Continuity()
    source = open_("synthetic:?fps=50&width=64&height=48", continuity)
    source.read(DecodeMode.ALL)
    time.sleep(0.2)
    woke_s = time.monotonic()
    frame = source.read(DecodeMode.ALL).frames[0]
    assert frame.seq > 5
    assert continuity.lost_frames == frame.seq - 1
    assert frame.captured_monotonic_s > woke_s - 0.05
    source.close()


def test_query_and_spec_both_choose_the_size() -> None:
    for source in (
        open_("synthetic:?width=100&height=50&fps=10"),
        open_("synthetic:", width_px=100, height_px=50, fps=10.0),
        open_("demo:?width=100&height=50&fps=10"),
    ):
        assert (source.info.width_px, source.info.height_px, source.info.fps) == (100, 50, 10.0)
        assert source.read(DecodeMode.ALL).frames[0].planes.y.shape == (50, 100)
        source.close()


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 5), (4097, 3), (191, 107)])
def test_odd_sizes_work(width: int, height: int) -> None:
    for name in ("synthetic", "demo"):
        source = open_(f"{name}:?width={width}&height={height}&fps=100")
        for _ in range(2):
            assert source.read(DecodeMode.ALL).frames[0].planes.y.shape == (height, width)
        source.close()


@pytest.mark.parametrize("query", ["?widht=3", "?width=abc", "?fps=0", "?fps=-1", "?fps=1000", "?width="])
def test_senseless_queries_are_refused(query: str) -> None:
    with pytest.raises(SourceAddressError):
        open_(f"synthetic:{query}")


def test_too_large_a_picture_is_refused() -> None:
    with pytest.raises(SourcePictureSizeError):
        open_("synthetic:?width=9000")


def test_idle_modes_give_few_frames_or_none() -> None:
    source = open_("synthetic:?fps=50&width=64&height=48")
    start_s = time.monotonic()
    idle = sum(len(source.read(DecodeMode.KEYFRAMES).frames) for _ in range(50))
    took_s = time.monotonic() - start_s
    nothing = sum(len(source.read(DecodeMode.NOTHING).frames) for _ in range(10))
    assert 1 <= idle <= took_s + 2  # one a second
    assert nothing == 0
    assert len(source.read(DecodeMode.ALL).frames) == 1
    source.close()


@pytest.mark.alone
def test_close_ends_a_wait_at_once() -> None:
    source = open_("synthetic:?fps=0.1")
    source.read(DecodeMode.ALL)
    threading.Timer(0.1, source.close).start()
    start_s = time.monotonic()
    with pytest.raises(SourceEndedError):
        source.read(DecodeMode.ALL)
    assert time.monotonic() - start_s < 5  # not the 10 s until the next frame


def test_numbers_and_times_go_on_after_reopening() -> None:
    continuity = Continuity()
    last = None
    for _ in range(2):
        source = open_("synthetic:?fps=100&width=64&height=48", continuity)
        for _ in range(3):
            frame = source.read(DecodeMode.ALL).frames[0]
            if last is not None:
                assert frame.seq > last.seq
                assert frame.pts_s > last.pts_s
            last = frame
        source.close()
    assert continuity.generation == 2


def test_demo_is_720p_at_15() -> None:
    source = open_("demo:")
    assert (source.info.width_px, source.info.height_px, source.info.fps) == (1280, 720, 15.0)
    source.close()


def test_demo_stays_inside_the_portrait() -> None:
    for aspect in (16 / 9, 4 / 3, 9 / 16, 1000.0):
        for time_s in np.arange(0, 2 * PATH[-1].at_s, 0.1):
            left, top, right, bottom = window(float(time_s), aspect)
            assert -1e-6 <= left < right <= 512 + 1e-6
            assert -1e-6 <= top < bottom <= 512 + 1e-6


def test_demo_shows_the_face_mostly_but_not_always() -> None:
    face = (175, 75, 280, 185)  # measured in the portrait
    times = np.arange(0, PATH[-1].at_s, 0.1)
    seen = [
        left <= face[0] and top <= face[1] and right >= face[2] and bottom >= face[3]
        for left, top, right, bottom in (window(float(time_s), 16 / 9) for time_s in times)
    ]
    assert 0.7 < np.mean(seen) < 0.95


def test_demo_licence_stands_beside_the_picture() -> None:
    import popcam.media.sources as package

    assets = Path(package.__file__).parent / "assets"
    assert (assets / "astronaut.jpg").exists()
    assert "public domain" in (assets / "README.md").read_text()

"""Folders of pictures and single pictures."""

import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.media.sources.reading import luma, open_, open_fast, read_all, read_until

from popcam.core.errors import (
    SourceCorruptError,
    SourceEmptyError,
    SourceEndedError,
    SourceNotFoundError,
    SourceNotVideoError,
)
from popcam.core.frame import DecodeMode
from popcam.media.sources import Continuity


def write(path: Path, grey: int, size: tuple[int, int] = (64, 48)) -> Path:
    cv2.imwrite(str(path), np.full((size[1], size[0], 3), grey, np.uint8))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, grey in ((1, 50), (2, 100), (10, 200)):
        write(tmp_path / f"shot{number}.jpg", grey)
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def test_pictures_come_in_the_order_of_their_numbers(folder: Path) -> None:
    frames, packets = read_all(open_fast(folder))
    assert [luma(frame) for frame in frames] == pytest.approx([50, 100, 200], abs=2)
    assert not packets
    assert all(frame.full_range and frame.keyframe for frame in frames)


@pytest.mark.parametrize("prefix", ["images:", "file:", ""])
def test_folder_may_have_a_scheme(folder: Path, prefix: str) -> None:
    assert len(read_all(open_fast(f"{prefix}{folder}"))[0]) == 3


@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp", "webp", "tiff"])
def test_a_single_picture_of_each_format(tmp_path: Path, suffix: str) -> None:
    frames, _ = read_all(open_fast(write(tmp_path / f"a.{suffix}", 120, size=(33, 21))))
    assert len(frames) == 1
    assert frames[0].planes.y.shape == (21, 33)


@pytest.mark.alone
def test_speed_is_that_of_the_spec(folder: Path) -> None:
    start_s = time.monotonic()
    frames, _ = read_all(open_(folder, loop=False, fps=10.0))
    assert 0.15 < time.monotonic() - start_s < 5  # the exact times: test_pacing.py
    assert np.diff([frame.pts_s for frame in frames]) == pytest.approx([0.1, 0.1])


def test_loop_sees_pictures_that_came_meanwhile(folder: Path) -> None:
    source = open_(folder, realtime=False)
    first = [source.read(DecodeMode.ALL).frames[0] for _ in range(3)]
    write(folder / "shot3.jpg", 150)
    second = [source.read(DecodeMode.ALL).frames[0] for _ in range(4)]
    source.close()
    assert [luma(frame) for frame in second] == pytest.approx([50, 100, 150, 200], abs=2)
    assert [frame.seq for frame in first + second] == list(range(7))


def test_another_size_starts_a_generation(folder: Path) -> None:
    continuity = Continuity()
    write(folder / "shot5.jpg", 10, size=(32, 32))
    source = open_fast(folder, continuity)
    frames, _ = read_all(source)
    assert [frame.width_px for frame in frames] == [64, 64, 32, 64]
    assert continuity.generation == 3


def test_damaged_pictures_are_skipped_and_counted(folder: Path) -> None:
    continuity = Continuity()
    (folder / "shot5.jpg").write_bytes(b"\xff\xd8\xff" + b"x" * 100)
    (folder / "shot0.png").write_bytes(b"")
    frames, _ = read_all(open_fast(folder, continuity))
    assert [luma(frame) for frame in frames] == pytest.approx([50, 100, 200], abs=2)
    assert continuity.lost_frames == 1
    assert [frame.seq for frame in frames] == [0, 1, 3]


def test_only_damaged_pictures_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff" + b"x" * 100)
    with pytest.raises(SourceCorruptError):
        open_fast(tmp_path)


def test_pictures_that_go_bad_later_are_an_error_too(folder: Path) -> None:
    source = open_(folder, realtime=False)
    for _ in range(3):
        source.read(DecodeMode.ALL)
    for path in folder.glob("*.jpg"):
        path.write_bytes(b"\xff\xd8\xff")
    with pytest.raises(SourceCorruptError):
        read_until(source, lambda _: False)


def test_bad_inputs_have_their_names(tmp_path: Path) -> None:
    with pytest.raises(SourceEmptyError):
        open_fast(tmp_path)
    with pytest.raises(SourceNotFoundError):
        open_fast(f"images:{tmp_path}/none")
    (tmp_path / "page.jpg").write_text("<html></html>")
    with pytest.raises(SourceNotVideoError):
        open_fast(tmp_path / "page.jpg")
    (tmp_path / "zero.jpg").write_bytes(b"")
    with pytest.raises(SourceEmptyError):
        open_fast(tmp_path / "zero.jpg")


def test_idle_modes_give_few_or_none(folder: Path) -> None:
    frames, _ = read_all(open_fast(folder, fps=10.0), DecodeMode.KEYFRAMES)
    assert len(frames) == 1
    frames, _ = read_all(open_fast(folder), DecodeMode.NOTHING)
    assert frames == []


def test_close_ends_a_wait_at_once(folder: Path) -> None:
    source = open_(folder, fps=0.2)
    source.read(DecodeMode.ALL)
    threading.Timer(0.1, source.close).start()
    with pytest.raises(SourceEndedError):
        source.read(DecodeMode.ALL)


def test_turned_by_the_camera(tmp_path: Path) -> None:
    """EXIF orientation 6: to be shown turned clockwise by a quarter."""
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:24] = 255
    _, jpeg = cv2.imencode(".jpg", picture)
    tiff = b"II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00\x00"
    exif = b"Exif\x00\x00" + tiff
    data = jpeg.tobytes()
    (tmp_path / "a.jpg").write_bytes(data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:])
    frame = read_all(open_fast(tmp_path / "a.jpg"))[0][0]
    assert (frame.width_px, frame.height_px) == (48, 64)
    assert frame.planes.y[:, :20].mean() < 60
    assert frame.planes.y[:, -20:].mean() > 200

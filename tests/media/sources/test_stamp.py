"""The burnt-in number and clock survive what pictures go through."""

import io

import av
import cv2
import numpy as np
import pytest

from popcam.core.frame import Planes
from popcam.media.sources import Stamp, new_picture, read_stamp
from popcam.media.sources.stamp import draw_stamp, prepare
from popcam.media.sources.synthetic import TestCard as Card

STAMPS = [
    Stamp(0, 0),
    Stamp(1, 1_700_000_000_123_456),
    Stamp(2**32 - 1, 2**56 - 1),
    Stamp(0xAAAAAAAA, 0x55555555555555),
]


def stamped(stamp: Stamp, width: int = 1280, height: int = 720) -> tuple[av.VideoFrame, Planes]:
    picture, planes = new_picture(width, height)
    Card(width, height).paint(planes, index=7, seq=0, unix_s=0)
    prepare(planes)
    draw_stamp(planes, stamp)
    return picture, planes


@pytest.mark.parametrize("stamp", STAMPS)
def test_reads_back_exactly(stamp: Stamp) -> None:
    assert read_stamp(stamped(stamp)[1].y) == stamp


@pytest.mark.parametrize("stamp", STAMPS)
@pytest.mark.parametrize("size", [(640, 360), (320, 180), (192, 108), (333, 187), (640, 480), (1920, 1080)])
def test_reads_back_after_scaling_and_jpeg(stamp: Stamp, size: tuple[int, int]) -> None:
    small = cv2.resize(np.ascontiguousarray(stamped(stamp)[1].y), size, interpolation=cv2.INTER_LINEAR)
    _, jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 40])
    assert read_stamp(np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE), np.uint8)) == stamp


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_reads_back_after_x264(scale: int) -> None:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "35"})
        stream.width, stream.height, stream.pix_fmt = 1280 // scale, 720 // scale, "yuv420p"
        for number in range(5):
            picture, _ = stamped(Stamp(number, 1000 + number))
            picture = picture.reformat(1280 // scale, 720 // scale)
            picture.pts = number
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    with av.open(io.BytesIO(buffer.getvalue()), "r") as container:
        read = [read_stamp(picture.to_ndarray(format="gray").astype(np.uint8)) for picture in container.decode(video=0)]
    assert read == [Stamp(number, 1000 + number) for number in range(5)]


def test_nothing_is_read_from_other_pictures() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (720, 1280), dtype=np.uint8)
    assert read_stamp(noise) is None
    assert read_stamp(np.zeros((720, 1280), np.uint8)) is None
    assert read_stamp(np.zeros((5, 5), np.uint8)) is None


def test_a_damaged_stamp_is_no_stamp() -> None:
    planes = stamped(Stamp(5, 6))[1]
    planes.y[60:80, 40:60] = 255 - planes.y[60:80, 40:60]
    assert read_stamp(planes.y) is None

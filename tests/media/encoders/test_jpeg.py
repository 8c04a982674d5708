"""JPEG from planes: colours, sizes, strides."""

import av
import numpy as np
import pytest
import simplejpeg  # type: ignore[import-untyped] # it ships no types
from tests.media.pictures import colour_planes, ffmpeg_rgb, gradient_planes, make_frame

from popcam.core.errors import EncoderError
from popcam.core.frame import ColourMatrix, Planes
from popcam.media.encoders.jpeg import encode_jpeg, snapshot_jpeg

COLOURS = [(16, 128, 128), (235, 128, 128), (126, 128, 128), (82, 90, 220), (145, 60, 50), (60, 200, 110)]


@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("yuv", COLOURS)
def test_colours_are_those_of_ffmpeg(yuv: tuple[int, int, int], full_range: bool, matrix: ColourMatrix) -> None:
    planes = colour_planes(32, 32, yuv)
    jpeg = encode_jpeg(planes, quality=100, full_range=full_range, matrix=matrix)
    seen = simplejpeg.decode_jpeg(jpeg.data)[16, 16].astype(int)
    expected = ffmpeg_rgb(planes, full_range=full_range, matrix=matrix)[16, 16].astype(int)
    assert np.abs(seen - expected).max() <= 3


@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
def test_a_whole_picture_looks_as_ffmpeg_shows_it(matrix: ColourMatrix) -> None:
    planes = gradient_planes(320, 180)
    jpeg = encode_jpeg(planes, quality=98, full_range=False, matrix=matrix)
    difference = simplejpeg.decode_jpeg(jpeg.data).astype(int) - ffmpeg_rgb(planes, matrix=matrix).astype(int)
    assert np.abs(difference).mean() < 1.5


@pytest.mark.parametrize("size_wh", [(1, 1), (1, 9), (9, 1), (3, 5), (641, 361), (4097, 3)])
def test_any_size_is_encoded_as_it_is(size_wh: tuple[int, int]) -> None:
    jpeg = encode_jpeg(colour_planes(*size_wh, (126, 128, 128)), quality=90, full_range=False)
    assert simplejpeg.decode_jpeg(jpeg.data).shape[:2] == (jpeg.height_px, jpeg.width_px) == size_wh[::-1]


@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
@pytest.mark.parametrize("max_width_px", [0, 40])
def test_rows_with_strides_are_read_right(matrix: ColourMatrix, max_width_px: int) -> None:
    tight = colour_planes(63, 41, (145, 60, 50))
    loose = colour_planes(63, 41, (145, 60, 50), padding_px=33)
    jpegs = [
        encode_jpeg(planes, quality=90, full_range=False, max_width_px=max_width_px, matrix=matrix)
        for planes in (tight, loose)
    ]
    assert jpegs[0] == jpegs[1]


@pytest.mark.parametrize("size_wh", [(63, 41), (64, 41), (63, 40), (1, 1), (642, 362)])
def test_nothing_behind_the_planes_gets_into_the_file(size_wh: tuple[int, int]) -> None:
    def surrounded_by(value: int) -> Planes:
        picture = colour_planes(*size_wh, (126, 128, 128))
        walls = [np.full((plane.shape[0] + 16, plane.shape[1] + 16), value, np.uint8) for plane in picture]
        for wall, plane in zip(walls, picture, strict=True):
            wall[: plane.shape[0], : plane.shape[1]] = plane
        return Planes(*(wall[: p.shape[0], : p.shape[1]] for wall, p in zip(walls, picture, strict=True)))

    jpegs = {encode_jpeg(surrounded_by(value), quality=90, full_range=True) for value in (0, 77, 255)}
    assert len(jpegs) == 1


def test_the_planes_stay_as_they_were() -> None:
    planes = gradient_planes(64, 48)
    before = planes.copy()
    encode_jpeg(planes, quality=80, full_range=False, max_width_px=32, matrix="bt709")
    assert all(np.array_equal(plane, old) for plane, old in zip(planes, before, strict=True))


def test_a_wide_picture_is_shrunk_in_shape() -> None:
    jpeg = encode_jpeg(gradient_planes(1280, 720), quality=80, full_range=False, max_width_px=640)
    assert (jpeg.width_px, jpeg.height_px) == (640, 360)


def test_a_snapshot_has_the_colours_of_its_frame() -> None:
    planes = colour_planes(32, 32, (145, 60, 50))
    jpeg = snapshot_jpeg(make_frame(planes, full_range=True, matrix="bt709"), quality=100)
    expected = ffmpeg_rgb(planes, full_range=True, matrix="bt709")[16, 16].astype(int)
    assert np.abs(simplejpeg.decode_jpeg(jpeg.data)[16, 16].astype(int) - expected).max() <= 3


def test_planes_that_do_not_fit_together_are_a_named_error() -> None:
    planes = colour_planes(64, 64, (126, 128, 128))
    with pytest.raises(EncoderError, match="64x64"):
        encode_jpeg(planes._replace(u=planes.u[:3, :3]), quality=80, full_range=True)


def test_ffmpeg_reads_what_we_write() -> None:
    jpeg = encode_jpeg(gradient_planes(320, 180), quality=80, full_range=False)
    decoder = av.CodecContext.create("mjpeg", "r")
    picture = decoder.decode(av.Packet(jpeg.data))[0]
    assert (picture.width, picture.height) == (320, 180)

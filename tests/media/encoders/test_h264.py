"""H.264 from planes: what a decoder sees of it."""

import io
from dataclasses import replace

import av
import numpy as np
import pytest
from tests.media.pictures import colour_planes, ffmpeg_rgb, gradient_planes, make_frame

from popcam.core.errors import EncoderError
from popcam.core.frame import ColourMatrix, Frame, Planes
from popcam.media.encoders.h264 import EncodedPacket, H264Encoder, _copy_planes
from popcam.media.encoders.h264_options import Purpose
from popcam.media.sources.picture import new_picture


def encoder_of(purpose: Purpose = "preview", gop_s: float = 2.0, fps: float = 25.0) -> H264Encoder:
    return H264Encoder(320, 180, fps, 1500, gop_s, purpose)


def decoded(packets: list[EncodedPacket]) -> list[av.VideoFrame]:
    decoder = av.CodecContext.create("h264", "r")
    pictures = [picture for packet in packets for picture in decoder.decode(av.Packet(packet.data))]
    return pictures + decoder.decode(None)


def encoded(encoder: H264Encoder, pictures: list[Planes], fps: float = 25.0) -> list[EncodedPacket]:
    return [packet for number, planes in enumerate(pictures) for packet in encoder.encode(planes, number / fps)]


@pytest.mark.parametrize("purpose", ["preview", "record"])
def test_each_picture_gives_its_packet_at_once(purpose: Purpose) -> None:
    encoder = encoder_of(purpose)
    for number in range(30):
        packets = encoder.encode(gradient_planes(320, 180, number), number / 25)
        assert [packet.pts_s for packet in packets] == [pytest.approx(number / 25, abs=1e-4)]
    assert encoder.flush() == []


@pytest.mark.parametrize("purpose", ["preview", "record"])
def test_the_decoded_pictures_look_like_the_encoded(purpose: Purpose) -> None:
    pictures = [gradient_planes(320, 180, number * 4) for number in range(10)]
    for seen, planes in zip(decoded(encoded(encoder_of(purpose), pictures)), pictures, strict=True):
        difference = seen.to_ndarray(format="rgb24").astype(int) - ffmpeg_rgb(planes).astype(int)
        assert np.abs(difference).mean() < 3


@pytest.mark.parametrize("fps", [5.0, 25.0, 60.0])
def test_keyframes_come_by_the_clock(fps: float) -> None:
    pictures = [gradient_planes(64, 48, number) for number in range(int(fps * 6))]
    keys = [packet.pts_s for packet in encoded(encoder_of(gop_s=2.0), pictures, fps) if packet.keyframe]
    assert keys == pytest.approx([0.0, 2.0, 4.0], abs=1 / fps)


def test_every_keyframe_can_be_decoded_without_any_other() -> None:
    packets = encoded(encoder_of(gop_s=1.0), [gradient_planes(64, 48, number) for number in range(75)])
    keys = [number for number, packet in enumerate(packets) if packet.keyframe]
    assert len(keys) == 3
    assert all(packets[number].data.startswith(b"\x00\x00\x00\x01\x67") for number in keys)
    assert len(decoded(packets[keys[1] :])) == 50


def test_a_forced_keyframe_restarts_the_interval() -> None:
    encoder = encoder_of(gop_s=1.0)
    planes = gradient_planes(64, 48)
    packets = [
        packet for number in range(50) for packet in encoder.encode(planes, number / 25, force_keyframe=number == 10)
    ]
    assert [number for number, packet in enumerate(packets) if packet.keyframe] == [0, 10, 35]


@pytest.mark.parametrize(
    ("size_wh", "expected_wh"),
    [((641, 361), (640, 360)), ((1, 1), (2, 2)), ((3, 1), (2, 2)), ((1, 50), (2, 50)), ((4097, 3), (4096, 2))],
)
def test_odd_sizes_become_even(size_wh: tuple[int, int], expected_wh: tuple[int, int]) -> None:
    pictures = decoded(encoded(encoder_of(), [colour_planes(*size_wh, (145, 60, 50), padding_px=7)] * 3))
    assert [(picture.width, picture.height) for picture in pictures] == [expected_wh] * 3
    # The colour reaches every corner: no uninitialised row or column.
    assert int(np.ptp(pictures[0].to_ndarray(format="rgb24"), axis=(0, 1)).max()) <= 12


@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
@pytest.mark.parametrize("full_range", [False, True])
def test_range_and_matrix_are_told_to_the_decoder(full_range: bool, matrix: ColourMatrix) -> None:
    frame = make_frame(gradient_planes(64, 48), full_range=full_range, matrix=matrix)
    seen = decoded(encoder_of().encode(frame, 0.0))[0]
    assert (seen.color_range, seen.colorspace) == (2 if full_range else 1, 1 if matrix == "bt709" else 6)


def test_another_size_midway_reopens_with_a_keyframe() -> None:
    encoder = encoder_of()
    packets = encoded(encoder, [gradient_planes(320, 180)] * 3 + [gradient_planes(180, 320)] * 3)
    assert [packet.keyframe for packet in packets] == [True, False, False, True, False, False]
    assert (encoder.width_px, encoder.height_px, encoder.generation) == (180, 320, 2)
    assert [(seen.width, seen.height) for seen in decoded(packets)] == [(320, 180)] * 3 + [(180, 320)] * 3


def test_times_that_stand_still_or_go_back_stay_in_order() -> None:
    encoder = encoder_of()
    planes = gradient_planes(64, 48)
    times = [packet.pts_s for pts_s in (1.0, 1.0, 0.5, 0.5, 2.0) for packet in encoder.encode(planes, pts_s)]
    assert times == sorted(set(times))
    assert len(times) == 5


def test_planes_are_copied_before_encode_returns() -> None:
    encoder = encoder_of()
    planes = colour_planes(64, 48, (180, 128, 128))
    packets = encoder.encode(planes, 0.0)
    planes.y[:] = 20
    packets += encoder.encode(colour_planes(64, 48, (180, 128, 128)), 0.04)
    assert all(abs(float(seen.to_ndarray(format="gray").mean()) - 191) < 4 for seen in decoded(packets))


def test_the_bit_rate_is_held() -> None:
    dice = np.random.default_rng(7)
    encoder = H264Encoder(320, 180, 25, 500, 2.0, "preview")
    noise = [gradient_planes(320, 180)._replace(y=dice.integers(16, 235, (180, 320), np.uint8)) for _ in range(8)]
    packets = encoded(encoder, [noise[number % 8] for number in range(150)])
    kbps = sum(packet.native.size for packet in packets[25:]) * 8 / 1000 / 5
    assert kbps < 800


def test_encoders_that_take_nv12_get_the_same_picture() -> None:
    planes = gradient_planes(64, 48)
    picture = av.VideoFrame(64, 48, "nv12")
    _copy_planes(planes, picture)
    expected = ffmpeg_rgb(planes).astype(int)
    assert np.abs(picture.to_ndarray(format="rgb24").astype(int) - expected).max() <= 2


def test_flushing_an_encoder_that_never_opened_gives_nothing() -> None:
    assert encoder_of().flush() == []


def test_hardware_that_is_not_here_falls_back_and_says_so() -> None:
    encoder = H264Encoder(64, 48, 25, 500, 2.0, "preview", hardware="videotoolbox")
    assert encoder.encode(gradient_planes(64, 48), 0.0)[0].keyframe
    if encoder.encoder == "libx264":
        assert encoder.fallback.startswith("h264_videotoolbox: ")


def test_nothing_that_opens_is_a_named_error() -> None:
    encoder = H264Encoder(64, 48, 25, 500, 2.0, "record")
    with pytest.raises(EncoderError, match=r"20000x20000: libx264: "):
        encoder.encode(colour_planes(20_000, 20_000, (16, 128, 128)), 0.0)


def test_an_encoder_goes_on_after_a_picture_that_it_refused() -> None:
    encoder = encoder_of()
    with pytest.raises(EncoderError):
        encoder.encode(colour_planes(20_000, 20_000, (16, 128, 128)), 0.0)
    assert encoder.encode(gradient_planes(64, 48), 0.04)[0].keyframe


def test_closing_ends_it_and_the_next_picture_opens_it_again() -> None:
    encoder = encoder_of()
    encoder.encode(gradient_planes(64, 48), 0.0)
    encoder.close()
    assert not encoder.is_open
    assert encoder.encode(gradient_planes(64, 48), 0.04)[0].keyframe


def test_a_frame_is_encoded_from_its_own_memory_without_a_copy() -> None:
    frame = owned_frame(luma=90)
    encoder = H264Encoder(64, 48, 15, 500, 1.0, "record")
    encoder.encode(frame, 0.0)
    assert encoder._ready_made(frame) is frame.owner


def test_other_planes_than_the_owners_are_what_is_encoded() -> None:
    """A covered copy that still names the picture behind it must never bring that picture out."""
    frame = owned_frame(luma=220)
    covered = replace(frame, planes=frame.planes.copy())
    covered.planes.y[:] = 40
    encoder = H264Encoder(64, 48, 15, 500, 1.0, "preview")
    data = b"".join(packet.data for packet in encoder.encode(covered, 0.0))
    assert encoder._ready_made(covered) is None
    with av.open(io.BytesIO(data), mode="r", format="h264") as container:
        (picture,) = container.decode(video=0)
    assert abs(int(picture.to_ndarray()[:48].mean()) - 40) < 6


def owned_frame(luma: int) -> Frame:
    owner, planes = new_picture(64, 48)
    planes.y[:], planes.u[:], planes.v[:] = luma, 128, 128
    return Frame(
        planes=planes, seq=0, pts_s=0.0, captured_monotonic_s=0.0, captured_unix_s=0.0, interval_s=1 / 15, owner=owner
    )

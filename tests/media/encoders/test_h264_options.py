"""Which encoder is tried, in which order."""

import av
import pytest

from popcam.media.encoders.h264_options import HardwareEncode, choose_encoders, encoder_options

EVERYTHING = {"libx264", "h264_nvenc", "h264_vaapi", "h264_qsv", "h264_videotoolbox", "h264_amf"}


@pytest.mark.parametrize(
    ("hardware", "platform", "expected"),
    [
        ("none", "linux", ("libx264",)),
        ("auto", "linux", ("h264_nvenc", "h264_qsv", "h264_vaapi", "h264_amf", "libx264")),
        ("auto", "win32", ("h264_nvenc", "h264_qsv", "h264_amf", "libx264")),
        ("auto", "darwin", ("h264_videotoolbox", "libx264")),
        ("auto", "freebsd14", ("libx264",)),
        ("nvenc", "linux", ("h264_nvenc", "libx264")),
        ("vaapi", "linux", ("h264_vaapi", "libx264")),
    ],
)
def test_order_follows_setting_and_platform(hardware: HardwareEncode, platform: str, expected: tuple[str, ...]) -> None:
    choice = choose_encoders(hardware, EVERYTHING, platform)
    assert tuple(candidate.codec for candidate in choice.candidates) == expected


def test_a_demanded_encoder_that_the_build_lacks_is_named() -> None:
    choice = choose_encoders("vaapi", {"libx264"}, "linux")
    assert (choice.missing, len(choice.candidates)) == (("h264_vaapi",), 1)


def test_auto_names_nothing_that_the_build_lacks() -> None:
    assert choose_encoders("auto", {"libx264"}, "linux").missing == ()


def test_vaapi_takes_nv12_and_a_device() -> None:
    candidate = choose_encoders("vaapi", EVERYTHING, "linux").candidates[0]
    assert (candidate.pixel_format, candidate.device) == ("nv12", "vaapi")


@pytest.mark.parametrize("codec", sorted(EVERYTHING & set(av.codecs_available)))
@pytest.mark.parametrize("purpose", ["preview", "record"])
def test_every_option_is_one_that_the_encoder_knows(codec: str, purpose: str) -> None:
    context = av.CodecContext.create(codec, "w")
    options = context.supported_options
    known = {option.name for option in (*options.generic, *options.private)}
    assert set(encoder_options(codec, "preview" if purpose == "preview" else "record", 1000)) <= known

"""How much is decoded, and going back to everything in the middle of a group of pictures."""

from pathlib import Path

import av
import pytest
from tests.fakes.video_files import luma_of, make_video
from tests.media.sources.reading import luma, open_fast, read_all

from popcam.core.errors import SourceCorruptError
from popcam.core.frame import DecodeMode, Frame, StreamInfo
from popcam.media.sources import decoder as decoder_module
from popcam.media.sources.decoder import Decoder, plays_in_step, set_threads
from popcam.media.sources.gop import MAX_PACKETS, GroupKeeper
from popcam.media.sources.pyav import VideoPacket


def packets_of(path: Path) -> tuple[av.VideoCodecContext, list[VideoPacket]]:
    container = av.open(str(path), "r")
    stream = container.streams.video[0]
    context = stream.codec_context
    set_threads(context, in_step=True, threads=1)
    packets = [packet for packet in container.demux(stream) if packet.size]
    container.close()
    return context, packets


def brightness(pictures: list[av.VideoFrame]) -> list[float]:
    return [float(picture.to_ndarray()[150, 200]) for picture in pictures]


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return make_video(tmp_path / "a.mp4", frames=60, gop=20)


@pytest.mark.parametrize(
    ("live", "realtime", "size", "fps", "expected"),
    [
        (True, True, (3840, 2160), 60.0, True),
        (False, True, (1920, 1080), 30.0, True),
        (False, True, (3840, 2160), 30.0, False),
        (False, False, (640, 360), 15.0, False),
    ],
)
def test_what_is_live_or_easy_is_decoded_without_delay(
    live: bool, realtime: bool, size: tuple[int, int], fps: float, expected: bool
) -> None:
    info = StreamInfo(codec="h264", width_px=size[0], height_px=size[1], fps=fps, live=live)
    assert plays_in_step(info, realtime=realtime) is expected


def test_keyframes_alone(video: Path) -> None:
    frames, packets = read_all(open_fast(video), DecodeMode.KEYFRAMES)
    assert [luma(frame) for frame in frames] == pytest.approx([luma_of(n) for n in (0, 20, 40)], abs=3)
    assert [frame.seq for frame in frames] == [0, 1, 2]
    assert len(packets) == 60


def test_keyframes_of_a_reordering_stream_come_at_once(tmp_path: Path) -> None:
    source = open_fast(make_video(tmp_path / "a.mp4", frames=30, gop=15, bframes=2))
    assert len(source.read(DecodeMode.KEYFRAMES).frames) == 1
    source.close()


def test_nothing_still_gives_packets(video: Path) -> None:
    frames, packets = read_all(open_fast(video), DecodeMode.NOTHING)
    assert (len(frames), len(packets)) == (0, 60)


def test_frames_that_no_other_needs_are_left_out(tmp_path: Path) -> None:
    frames, _ = read_all(open_fast(make_video(tmp_path / "a.mp4", frames=40, bframes=2)), DecodeMode.NONREF)
    assert 10 < len(frames) < 30


def test_streams_of_keyframes_are_thinned_out_when_idle(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.avi", codec="mjpeg", pixel_format="yuvj420p", frames=50)
    frames, _ = read_all(open_fast(path), DecodeMode.KEYFRAMES)
    assert 3 <= len(frames) <= 5


@pytest.mark.parametrize("idle", [DecodeMode.NOTHING, DecodeMode.KEYFRAMES])
def test_catch_up_begins_at_the_last_keyframe(video: Path, idle: DecodeMode) -> None:
    context, packets = packets_of(video)
    decoder = Decoder(context)
    for packet in packets[:29]:
        decoder.decode(packet, idle)
    pictures = decoder.decode(packets[29], DecodeMode.ALL)
    assert decoder.caught_up
    assert brightness(pictures) == pytest.approx([luma_of(n) for n in range(20, 30)], abs=3)
    assert brightness(decoder.decode(packets[30], DecodeMode.ALL)) == pytest.approx([luma_of(30)], abs=3)
    assert not decoder.caught_up


def test_a_live_catch_up_gives_the_newest_picture_alone(video: Path) -> None:
    source = open_fast(video, realtime=True)
    source._decoder.context.thread_count = 1  # type: ignore[attr-defined]
    for _ in range(10):
        source.read(DecodeMode.NOTHING)
    frames = source.read(DecodeMode.ALL).frames
    source.close()
    assert [luma(frame) for frame in frames] == pytest.approx([luma_of(10)], abs=3)


def test_a_catch_up_gives_no_picture_twice(video: Path) -> None:
    source = open_fast(video)
    frames: list[Frame] = []
    for number in range(60):
        mode = DecodeMode.KEYFRAMES if number % 15 < 7 else DecodeMode.ALL
        frames.extend(source.read(mode).frames)
    source.close()
    times = [frame.pts_s for frame in frames]
    assert times == sorted(set(times))
    assert [frame.seq for frame in frames] == list(range(len(frames)))


def test_without_a_keyframe_there_is_nothing_to_begin_with(video: Path) -> None:
    context, packets = packets_of(video)
    decoder = Decoder(context)
    decoder.decode(packets[0], DecodeMode.ALL)
    decoder.lose_packets()
    assert decoder.decode(packets[5], DecodeMode.ALL) == []
    assert len(decoder.decode(packets[20], DecodeMode.ALL)) == 1


def test_group_is_bounded() -> None:
    keeper = GroupKeeper()
    for number in range(MAX_PACKETS + 5):
        packet = av.Packet(b"x")
        packet.is_keyframe = number == 0
        keeper.add(packet)  # type: ignore[arg-type]
    assert not keeper.complete
    assert keeper.packets == ()


def test_damage_is_tolerated_for_a_while_and_then_named(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_module, "DAMAGED_AFTER_S", 0.0)
    context, packets = packets_of(video)
    decoder = Decoder(context)
    bad = av.Packet(b"\xff" * 500)
    for _ in range(decoder_module.DAMAGED_AFTER_PACKETS - 1):
        decoder.decode(bad, DecodeMode.ALL)  # type: ignore[arg-type]
    with pytest.raises(SourceCorruptError):
        decoder.decode(bad, DecodeMode.ALL)  # type: ignore[arg-type]
    assert packets


def test_one_good_picture_ends_the_count(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_module, "DAMAGED_AFTER_S", 0.0)
    context, packets = packets_of(video)
    decoder = Decoder(context)
    for _ in range(3):
        for _ in range(decoder_module.DAMAGED_AFTER_PACKETS - 1):
            decoder.decode(av.Packet(b"\xff" * 500), DecodeMode.ALL)  # type: ignore[arg-type]
        decoder.decode(packets[0], DecodeMode.KEYFRAMES)
        decoder._last_picture_s = None
        decoder.decode(packets[0], DecodeMode.ALL)
    assert decoder.failed > decoder_module.DAMAGED_AFTER_PACKETS

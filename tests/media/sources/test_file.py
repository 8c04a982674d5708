"""Files: what comes out, how it is played, and what bad ones get."""

import os
import threading
import time
from pathlib import Path

import av
import numpy as np
import pytest
from tests.fakes.video_files import (
    luma_of,
    make_audio,
    make_jumping,
    make_two_sizes,
    make_unknown_codec,
    make_video,
    picture,
)
from tests.media.sources.reading import luma, open_, open_fast, read_all, read_until

from popcam.core.errors import (
    SourceAddressError,
    SourceCorruptError,
    SourceEmptyError,
    SourceEndedError,
    SourceError,
    SourceNotFoundError,
    SourceNotVideoError,
    SourceNoVideoTrackError,
    SourcePermissionError,
    SourceUnsupportedCodecError,
)
from popcam.core.frame import DecodeMode
from popcam.media.sources import Continuity


def test_every_frame_comes_once_and_in_order(tmp_path: Path) -> None:
    frames, packets = read_all(open_fast(make_video(tmp_path / "a.mp4", frames=40, bframes=2)))
    assert [frame.seq for frame in frames] == list(range(40))
    assert [luma(frame) for frame in frames] == pytest.approx([luma_of(n) for n in range(40)], abs=3)
    assert len(packets) == 40


def test_times_follow_the_frame_rate(tmp_path: Path) -> None:
    frames, _ = read_all(open_fast(make_video(tmp_path / "a.mp4", frames=20, bframes=2)))
    assert np.diff([frame.pts_s for frame in frames]) == pytest.approx([0.04] * 19)


def test_info_says_what_it_is(tmp_path: Path) -> None:
    source = open_fast(make_video(tmp_path / "a.mp4", frames=25))
    info = source.info
    source.close()
    assert (info.codec, info.width_px, info.height_px, info.fps, info.live) == ("h264", 320, 240, 25.0, False)
    assert info.duration_s == pytest.approx(1.0)


def test_keyframes_are_marked(tmp_path: Path) -> None:
    frames, packets = read_all(open_fast(make_video(tmp_path / "a.mp4", frames=20, gop=10)))
    assert [frame.seq for frame in frames if frame.keyframe] == [0, 10]
    assert [n for n, packet in enumerate(packets) if packet.keyframe] == [0, 10]


@pytest.mark.alone
def test_own_speed_takes_its_own_time(tmp_path: Path) -> None:
    source = open_(make_video(tmp_path / "a.mp4", frames=20), loop=False)
    start_s = time.monotonic()
    frames, _ = read_all(source)
    assert 0.65 < time.monotonic() - start_s < 6  # the exact times: test_pacing.py
    assert len(frames) == 20


def test_as_fast_as_possible_does_not(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", frames=500)
    start_s = time.monotonic()
    frames, _ = read_all(open_fast(path))
    assert time.monotonic() - start_s < 10  # it lasts 20 s
    assert len(frames) == 500


def test_loop_goes_on_in_number_and_time(tmp_path: Path) -> None:
    continuity = Continuity()
    source = open_(make_video(tmp_path / "a.mp4", frames=10), continuity, realtime=False)
    frames = [frame for _ in range(40) for frame in source.read(DecodeMode.ALL).frames]
    source.close()
    assert [frame.seq for frame in frames] == list(range(len(frames)))
    assert len(frames) > 25
    assert np.diff([frame.pts_s for frame in frames]) == pytest.approx([0.04] * (len(frames) - 1), abs=1e-4)
    assert continuity.generation == 1


def test_a_file_that_was_replaced_starts_a_generation(tmp_path: Path) -> None:
    path, continuity = make_video(tmp_path / "a.mp4", frames=5), Continuity()
    source = open_(path, continuity, realtime=False)
    make_video(tmp_path / "b.mp4", frames=5, width=192, height=144).replace(path)
    sizes = {frame.width_px for _ in range(20) for frame in source.read(DecodeMode.ALL).frames}
    source.close()
    assert sizes == {320, 192}
    assert continuity.generation == 2


def test_a_second_opening_goes_on_where_the_first_ended(tmp_path: Path) -> None:
    path, continuity = make_video(tmp_path / "a.mp4", frames=10), Continuity()
    first, _ = read_all(open_fast(path, continuity))
    second, packets = read_all(open_fast(path, continuity))
    assert second[0].seq == 10
    assert second[0].pts_s > first[-1].pts_s
    assert {packet.generation for packet in packets} == {2}


def test_size_change_midway_is_followed(tmp_path: Path) -> None:
    continuity = Continuity()
    source = open_fast(make_two_sizes(tmp_path / "a.h264"), continuity)
    frames, packets = read_all(source)
    assert [(frame.width_px, frame.height_px) for frame in frames] == [(320, 240)] * 20 + [(192, 144)] * 20
    assert (source.info.width_px, source.info.height_px) == (192, 144)
    assert sorted({packet.generation for packet in packets}) == [1, 2]


def test_template_of_the_new_size_can_be_muxed(tmp_path: Path) -> None:
    _, packets = read_all(open_fast(make_two_sizes(tmp_path / "a.h264")))
    newer = [packet for packet in packets if packet.generation == 2 and packet.template.codec_context.width == 192]
    start = next(n for n, packet in enumerate(newer) if packet.keyframe)
    with av.open(str(tmp_path / "out.mp4"), "w") as output:
        stream = output.add_stream_from_template(newer[0].template, opaque=True)
        for packet in newer[start:]:
            packet.native.stream = stream
            output.mux(packet.native)
    frames, _ = read_all(open_fast(tmp_path / "out.mp4"))
    assert {(frame.width_px, frame.height_px) for frame in frames} == {(192, 144)}


def test_times_that_jump_are_mended_and_counted(tmp_path: Path) -> None:
    continuity = Continuity()
    frames, packets = read_all(open_fast(make_jumping(tmp_path / "a.ts"), continuity))
    steps = np.diff([frame.pts_s for frame in frames])
    assert len(frames) == 60
    assert steps.min() > 0
    assert steps.max() < 1
    assert np.diff([packet.dts_s for packet in packets]).min() > 0
    assert continuity.jumps == 2


def test_packets_can_be_muxed_after_the_source_is_gone(tmp_path: Path) -> None:
    _, packets = read_all(open_fast(make_video(tmp_path / "a.mp4", frames=20, bframes=2)))
    with av.open(str(tmp_path / "copy.mp4"), "w") as output:
        stream = output.add_stream_from_template(packets[0].template, opaque=True)
        for packet in packets:
            packet.native.stream = stream
            output.mux(packet.native)
    copied, _ = read_all(open_fast(tmp_path / "copy.mp4"))
    assert [luma(frame) for frame in copied] == pytest.approx([luma_of(n) for n in range(20)], abs=3)


def make_pause(path: Path, pause_s: int) -> Path:
    """Two pictures with so much time between them."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"preset": "ultrafast", "tune": "zerolatency"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in (0, 1):
            shown = picture(number, 320, 240)
            shown.pts = number * pause_s * 25
            output.mux(stream.encode(shown))
        output.mux(stream.encode(None))
    return path


def test_close_ends_a_read_that_waits(tmp_path: Path) -> None:
    source = open_(make_pause(tmp_path / "a.mp4", pause_s=20), loop=False)
    read_until(source, lambda chunk: bool(chunk.frames))
    threading.Timer(0.2, source.close).start()
    start_s = time.monotonic()
    with pytest.raises(SourceEndedError):
        read_until(source, lambda _: False)
    assert time.monotonic() - start_s < 10  # the next picture is due after 20 s
    source.close()


def test_a_loop_of_a_deleted_file_says_so(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", frames=3)
    source = open_(path, realtime=False)
    path.unlink()
    with pytest.raises(SourceNotFoundError):
        read_until(source, lambda _: False)
    source.close()


def test_file_address_may_have_a_scheme(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a b.mp4", frames=2)
    for url in (f"file:{path}", path.as_uri()):
        assert len(read_all(open_fast(url))[0]) == 2


# --- bad input ---------------------------------------------------------------------------------------------------


def cases(tmp_path: Path) -> dict[str, tuple[Path, type[SourceError]]]:
    good = make_video(tmp_path / "good.mp4", frames=30).read_bytes()
    made = {
        "no such file": (tmp_path / "none.mp4", SourceNotFoundError),
        "below a file": (tmp_path / "good.mp4" / "x.mp4", SourceNotFoundError),
        "zero length": (tmp_path / "zero.mp4", SourceEmptyError),
        "web page": (tmp_path / "page.mp4", SourceNotVideoError),
        "text": (tmp_path / "notes.txt", SourceNotVideoError),
        "playlist": (tmp_path / "list.m3u8", SourceNotVideoError),
        "concat list": (tmp_path / "list.ffconcat", SourceNotVideoError),
        "without its index": (tmp_path / "cut.mp4", SourceCorruptError),
        "only sound": (make_audio(tmp_path / "sound.m4a"), SourceNoVideoTrackError),
        "unknown codec": (make_unknown_codec(tmp_path / "codec.mkv"), SourceUnsupportedCodecError),
        "pipe": (tmp_path / "pipe", SourceNotVideoError),
        "empty folder": (tmp_path / "folder", SourceEmptyError),
    }
    made["zero length"][0].write_bytes(b"")
    made["web page"][0].write_text("<!doctype html><html><body>camera</body></html>" * 50)
    made["text"][0].write_text("hello\n" * 200)
    made["playlist"][0].write_text(f"#EXTM3U\n#EXTINF:1,\n{tmp_path / 'good.mp4'}\n#EXT-X-ENDLIST\n")
    made["concat list"][0].write_text(f"ffconcat version 1.0\nfile {tmp_path / 'good.mp4'}\n")
    made["without its index"][0].write_bytes(good[: len(good) // 2])
    os.mkfifo(made["pipe"][0])
    made["empty folder"][0].mkdir()
    return made


@pytest.mark.parametrize(
    "name",
    [
        "no such file",
        "below a file",
        "zero length",
        "web page",
        "text",
        "playlist",
        "concat list",
        "without its index",
        "only sound",
        "unknown codec",
        "pipe",
        "empty folder",
    ],
)
def test_bad_file_has_its_name(tmp_path: Path, name: str) -> None:
    path, error = cases(tmp_path)[name]
    with pytest.raises(SourceError) as caught:
        open_fast(path)
    assert type(caught.value) is error


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_has_its_name(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", frames=2)
    path.chmod(0)
    with pytest.raises(SourcePermissionError):
        open_fast(path)


def test_permission_is_named_from_what_the_system_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_video(tmp_path / "a.mp4", frames=2)

    def refuse(self: Path, *args: object, **more: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SourcePermissionError):
        open_fast(path)


def test_truncated_video_ends_normally_after_what_is_there(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.ts", container="mpegts", frames=50)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    frames, _ = read_all(open_fast(path))
    assert 10 < len(frames) < 40


def test_damage_midway_is_survived_and_counted(tmp_path: Path) -> None:
    path, continuity = make_video(tmp_path / "a.mp4", frames=60, gop=10), Continuity()
    data = bytearray(path.read_bytes())
    middle = len(data) // 3
    data[middle : middle + 600] = os.urandom(600)
    path.write_bytes(data)
    frames, _ = read_all(open_fast(path, continuity))
    assert len(frames) > 30


def test_all_packets_damaged_is_an_error_not_an_empty_video(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mkv", frames=30, options={"x264-params": "bframes=0:scenecut=0:annexb=0"})
    with av.open(str(path)) as container:
        pieces = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    data = path.read_bytes()
    for piece in pieces:
        data = data.replace(piece, b"\xff" * len(piece))
    path.write_bytes(data)
    with pytest.raises(SourceCorruptError):
        read_all(open_fast(path))


@pytest.mark.parametrize(
    "url", ["concat:a|b", "rtmp://host/x", "subfile,,start,0,:x", "lavfi:testsrc", "data:x,y", "pipe:0"]
)
def test_unknown_schemes_are_refused(url: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_(url)
    assert type(caught.value) in (SourceAddressError, SourceNotFoundError)

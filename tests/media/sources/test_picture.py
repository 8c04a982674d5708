"""Pictures of every format become upright YUV 4:2:0; a decoder's own memory is never written."""

import gc
from pathlib import Path

import av
import numpy as np
import pytest
from tests.fakes.video_files import luma_of, make_video
from tests.media.sources.reading import luma, open_fast, read_all

from popcam.core.errors import SourcePictureSizeError
from popcam.core.frame import DecodeMode, Frame
from popcam.media.sources import writable


def first_frames(path: Path, count: int = 3) -> list[Frame]:
    return read_all(open_fast(path))[0][:count]


@pytest.mark.parametrize(
    ("codec", "pixel_format", "suffix"),
    [
        ("libx264", "yuv420p10le", "mp4"),
        ("libx264", "yuv422p", "mp4"),
        ("libx264", "yuv444p", "mp4"),
        ("libx264", "gray", "mp4"),
        ("libx264", "nv12", "mp4"),
        ("ffv1", "yuv422p10le", "mkv"),
        ("ffv1", "gray16le", "mkv"),
        ("ffv1", "bgr0", "mkv"),
        ("rawvideo", "yuyv422", "nut"),
        ("rawvideo", "rgb24", "nut"),
        ("rawvideo", "nv12", "nut"),
        ("mjpeg", "yuvj422p", "avi"),
        ("mjpeg", "yuvj444p", "avi"),
        ("libvpx", "yuv420p", "webm"),
        ("gif", "rgb8", "gif"),
    ],
)
def test_luma_survives_each_format(tmp_path: Path, codec: str, pixel_format: str, suffix: str) -> None:
    path = make_video(tmp_path / f"a.{suffix}", codec=codec, pixel_format=pixel_format, frames=6)
    frames = first_frames(path, 6)
    assert [(frame.width_px, frame.height_px) for frame in frames] == [(320, 240)] * 6
    expected = [float(luma_of(n)) for n in range(6)]
    if frames[0].full_range and "j" not in pixel_format:
        expected = [(value - 16) * 255 / 219 for value in expected]
    if "j" in pixel_format:
        assert frames[0].full_range
    if "j" in pixel_format or (pixel_format == "gray" and not frames[0].full_range):
        expected = [(value - 16) * 255 / 219 for value in expected]
    assert [luma(frame) for frame in frames] == pytest.approx(expected, abs=20 if codec == "gif" else 4)
    assert abs(float(frames[0].planes.u.mean()) - 128) < 6


@pytest.mark.parametrize(("width", "height"), [(1, 1), (4097, 3), (3, 5), (7680, 4320), (8192, 2)])
def test_odd_sizes_work(tmp_path: Path, width: int, height: int) -> None:
    path = make_video(tmp_path / "a.nut", codec="rawvideo", width=width, height=height, frames=2)
    frame = first_frames(path, 1)[0]
    assert frame.planes.y.shape == (height, width)
    assert frame.planes.u.shape == frame.planes.v.shape == ((height + 1) // 2, (width + 1) // 2)


@pytest.mark.parametrize("pixel_format", ["yuv444p", "yuv422p10le", "bgr0", "gray"])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 5), (4097, 3)])
def test_odd_sizes_work_when_converted(tmp_path: Path, pixel_format: str, width: int, height: int) -> None:
    path = make_video(
        tmp_path / "a.nut", codec="rawvideo", width=width, height=height, pixel_format=pixel_format, frames=2
    )
    assert first_frames(path, 1)[0].planes.y.shape == (height, width)


def test_too_large_a_picture_has_its_name(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mkv", codec="ffv1", width=8194, height=2, frames=1)
    with pytest.raises(SourcePictureSizeError):
        open_fast(path)


@pytest.mark.parametrize(
    ("rotation_deg", "bright_corner"), [(90, "bottom left"), (180, "bottom right"), (-90, "top right")]
)
def test_rotation_is_applied(tmp_path: Path, rotation_deg: int, bright_corner: str) -> None:
    source = open_fast(make_video(tmp_path / "a.mp4", frames=2, rotation_deg=rotation_deg))
    frame = read_all(source)[0][0]
    turned = rotation_deg != 180
    assert (frame.width_px, frame.height_px) == ((240, 320) if turned else (320, 240))
    y = frame.planes.y
    corners = {
        "top left": y[:20, :20].mean(),
        "top right": y[:20, -20:].mean(),
        "bottom left": y[-20:, :20].mean(),
        "bottom right": y[-20:, -20:].mean(),
    }
    assert max(corners, key=lambda name: float(corners[name])) == bright_corner
    assert source.info.rotation_deg == rotation_deg % 360
    assert (source.info.width_px, source.info.height_px) == (frame.width_px, frame.height_px)


def test_interlaced_pictures_become_whole(tmp_path: Path) -> None:
    source = open_fast(make_video(tmp_path / "a.mp4", frames=20, interlaced=True))
    frames, _ = read_all(source)
    assert source.info.interlaced
    assert len(frames) == 20
    assert [luma(frame) for frame in frames] == pytest.approx([luma_of(n) for n in range(20)], abs=4)
    assert not any(frame.owner.interlaced_frame for frame in frames)


def test_progressive_pictures_are_not_filtered(tmp_path: Path) -> None:
    source = open_fast(make_video(tmp_path / "a.mp4", frames=3))
    read_all(source)
    assert not source.info.interlaced


def test_full_range_is_kept(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", pixel_format="yuvj420p", frames=2)
    assert first_frames(path, 1)[0].full_range


def test_video_range_is_not_full_range(tmp_path: Path) -> None:
    assert not first_frames(make_video(tmp_path / "a.mp4", frames=2), 1)[0].full_range


# --- whose memory it is -------------------------------------------------------------------------------------------


def test_planes_of_a_decoder_refuse_writes(tmp_path: Path) -> None:
    frame = first_frames(make_video(tmp_path / "a.mp4", frames=2), 1)[0]
    with pytest.raises(ValueError, match="read-only"):
        frame.planes.y[:] = 0


def test_decoded_planes_are_no_copies(tmp_path: Path) -> None:
    frame = first_frames(make_video(tmp_path / "a.mp4", frames=2), 1)[0]
    assert frame.planes.y.ctypes.data == frame.owner.planes[0].buffer_ptr


def test_writing_into_a_decoders_picture_would_damage_what_follows(tmp_path: Path) -> None:
    """The reason for `writable`. If this fails one day, copies may be saved."""
    assert damage_after_edit(make_video(tmp_path / "a.mp4", frames=20, gop=20), in_place=True) > 20


def test_an_edited_copy_leaves_what_follows_as_it_is(tmp_path: Path) -> None:
    assert damage_after_edit(make_video(tmp_path / "a.mp4", frames=20, gop=20), in_place=False) == 0


def damage_after_edit(path: Path, *, in_place: bool) -> float:
    """Largest mean error of the frames after one whose planes were blackened."""
    clean = [frame.planes.y.copy() for frame in read_all(open_fast(path))[0]]
    source, worst = open_fast(path), 0.0
    source._decoder.context.thread_count = 1  # type: ignore[attr-defined] # pictures one by one
    for number in range(len(clean)):
        for frame in source.read(DecodeMode.ALL).frames:
            if frame.seq > 5:
                worst = max(worst, float(np.abs(frame.planes.y.astype(int) - clean[frame.seq]).mean()))
            if frame.seq == 5:
                if in_place:
                    frame.planes.y.flags.writeable = True
                    frame.planes.y[:] = 0
                else:
                    writable(frame).planes.y[:] = 0
        del number
    source.close()
    return worst


def test_writable_copies_the_picture_and_keeps_the_facts(tmp_path: Path) -> None:
    frame = first_frames(make_video(tmp_path / "a.mp4", frames=2), 1)[0]
    copy = writable(frame)
    assert np.array_equal(copy.planes.y, frame.planes.y)
    assert np.array_equal(copy.planes.u, frame.planes.u)
    assert np.array_equal(copy.planes.v, frame.planes.v)
    assert (copy.seq, copy.pts_s, copy.full_range) == (frame.seq, frame.pts_s, frame.full_range)
    copy.planes.y[:] = 0
    assert frame.planes.y.any()
    assert isinstance(copy.owner, av.VideoFrame)
    assert copy.owner.planes[0].buffer_ptr == copy.planes.y.ctypes.data


def test_writable_does_not_copy_twice(tmp_path: Path) -> None:
    copy = writable(first_frames(make_video(tmp_path / "a.mp4", frames=2), 1)[0])
    assert writable(copy) is copy


def test_planes_outlive_frame_source_and_decoder(tmp_path: Path) -> None:
    planes = [frame.planes for frame in first_frames(make_video(tmp_path / "a.mp4", frames=3, width=640, height=480))]
    gc.collect()
    other = read_all(open_fast(make_video(tmp_path / "b.mp4", frames=60, width=640, height=480)))
    assert [float(plane.y[300:, 400:].mean()) for plane in planes] == pytest.approx(
        [luma_of(n) for n in range(3)], abs=3
    )
    assert len(other[0]) == 60

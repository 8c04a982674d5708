"""Spans give exactly the frames that decoding the whole file gives."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from tests.fakes.media_clips import B_FRAMES, HEVC, HEVC_OPEN, OPEN_GROUPS, Clip, all_frames, make_clip

from popcam.core.batch import MediaFacts
from popcam.core.frame import UInt8Array
from popcam.media.files import Problems, SpanFrame, inspect_file, read_span

VP9 = {"deadline": "realtime", "cpu-used": "8"}
CLIPS = {
    "plain.mp4": Clip(),
    "b-frames.mp4": Clip(options=B_FRAMES),
    "open-groups.mp4": Clip(options=OPEN_GROUPS),
    "b-frames.mkv": Clip(options=B_FRAMES),
    "b-frames.ts": Clip(options=B_FRAMES),
    "open-groups.ts": Clip(options=OPEN_GROUPS),
    "untimed.avi": Clip(options=B_FRAMES),
    "untimed.h264": Clip(options=B_FRAMES),
    "hevc.mp4": Clip(codec="libx265", options=HEVC),
    "hevc-open.mp4": Clip(codec="libx265", options=HEVC_OPEN),
    "vp9.webm": Clip(codec="libvpx-vp9", options=VP9),
    "vp8.webm": Clip(codec="libvpx", options={"auto-alt-ref": "1", "lag-in-frames": "10", "cpu-used": "4"}),
    "mjpeg.avi": Clip(codec="mjpeg", pixel_format="yuvj420p"),
    "mpeg4.avi": Clip(codec="mpeg4", options={"bf": "2"}),
    "mpeg2.ts": Clip(codec="mpeg2video", options={"bf": "2"}),
    "ten-bit.mkv": Clip(codec="libx265", pixel_format="yuv422p10le", options=HEVC),
    "rgb.mkv": Clip(codec="ffv1", pixel_format="bgr0"),
    "fragments.mp4": Clip(container_options={"movflags": "frag_keyframe+empty_moov"}),
}


def spans_of(path: Path, facts: MediaFacts, problems: Problems | None = None) -> Iterator[SpanFrame]:
    for span in facts.spans:
        yield from read_span(path, facts, span, problems=problems)


def flat(frame: SpanFrame) -> UInt8Array:
    return np.concatenate([plane.ravel() for plane in frame.frame.planes])


@pytest.mark.parametrize("name", CLIPS)
def test_spans_give_the_frames_of_the_whole(tmp_path: Path, name: str) -> None:
    path = make_clip(tmp_path / name, CLIPS[name])
    facts = inspect_file(path, 12)
    whole = all_frames(path)
    problems = Problems()
    frames = list(spans_of(path, facts, problems))
    assert len(facts.spans) > 1
    assert [frame.index for frame in frames] == list(range(len(whole)))
    assert facts.frames == len(whole) == 60
    assert all(np.array_equal(flat(frame), picture) for frame, (_, picture) in zip(frames, whole, strict=True))
    assert problems.found == ()


@pytest.mark.parametrize("name", ["b-frames.mp4", "open-groups.ts", "hevc-open.mp4", "vp9.webm"])
def test_times_are_those_of_the_file(tmp_path: Path, name: str) -> None:
    path = make_clip(tmp_path / name, CLIPS[name])
    frames = list(spans_of(path, inspect_file(path, 12)))
    assert [frame.pts for frame in frames] == [pts for pts, _ in all_frames(path)]


@pytest.mark.parametrize("name", ["b-frames.mp4", "open-groups.mp4", "hevc.mp4", "b-frames.ts"])
def test_frames_that_none_needs_can_be_left_out_and_numbers_stay_right(tmp_path: Path, name: str) -> None:
    path = make_clip(tmp_path / name, CLIPS[name])
    facts = inspect_file(path, 12)
    whole = all_frames(path)
    problems = Problems()
    seen = 0
    for span in facts.spans:
        for frame in read_span(path, facts, span, nonref=False, problems=problems):
            assert frame.pts == whole[frame.index][0]
            assert np.array_equal(flat(frame), whole[frame.index][1])
            seen += 1
    assert 10 < seen < 50
    assert problems.found == ()


@pytest.mark.parametrize("nonref", [True, False])
@pytest.mark.parametrize("name", ["b-frames.mp4", "open-groups.mp4", "hevc.mp4", "vp9.webm", "mjpeg.avi"])
def test_lead_and_tail(tmp_path: Path, name: str, nonref: bool) -> None:
    path = make_clip(tmp_path / name, CLIPS[name])
    facts = inspect_file(path, 12)
    whole = all_frames(path)
    span = facts.spans[2]
    frames = list(read_span(path, facts, span, nonref=nonref, lead_frames=5, tail_frames=7))
    numbers = [frame.index for frame in frames]
    assert numbers == sorted(set(numbers))
    assert numbers[0] < span.first_frame
    assert span.first_frame + span.frames <= numbers[-1] < span.first_frame + span.frames + 7
    assert all(np.array_equal(flat(frame), whole[frame.index][1]) for frame in frames)
    if nonref and name != "mjpeg.avi":
        assert numbers == list(range(span.first_frame - 5, span.first_frame + span.frames + 7))


def test_lead_of_the_first_and_tail_of_the_last_span_are_empty(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", Clip(options=B_FRAMES))
    facts = inspect_file(path, 12)
    first = [one.index for one in read_span(path, facts, facts.spans[0], lead_frames=5)]
    last = [one.index for one in read_span(path, facts, facts.spans[-1], tail_frames=5)]
    assert first == list(range(12))
    assert last == list(range(48, 60))


def test_pictures_hidden_by_an_edit_list_are_not_counted(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "a.mp4", Clip(options=B_FRAMES))
    data = bytearray(source.read_bytes())
    at = data.find(b"elst") + 12
    begin = int.from_bytes(data[at + 4 : at + 8], "big")
    data[at + 4 : at + 8] = (begin + 5 * 512).to_bytes(4, "big")
    edited = tmp_path / "edited.mp4"
    edited.write_bytes(data)
    whole = all_frames(edited)
    facts = inspect_file(edited, 12)
    frames = list(spans_of(edited, facts))
    assert facts.frames == len(whole) == 55
    assert [frame.pts for frame in frames] == [pts for pts, _ in whole]
    assert all(np.array_equal(flat(frame), picture) for frame, (_, picture) in zip(frames, whole, strict=True))
    assert not any(span.closed for span in facts.spans)


def test_planes_of_eight_bit_video_are_the_decoders_own(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4")
    facts = inspect_file(path, 100)
    frame = next(iter(read_span(path, facts, facts.spans[0])))
    assert not frame.frame.planes.y.flags.writeable
    assert frame.frame.planes.y.ctypes.data == frame.frame.owner.planes[0].buffer_ptr


def test_grey_pictures_keep_their_luma(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mkv", Clip(codec="ffv1", pixel_format="gray", frames=2))
    facts = inspect_file(path)
    frame = next(iter(read_span(path, facts, facts.spans[0]))).frame
    with av.open(str(path)) as container:
        assert np.array_equal(frame.planes.y, next(container.decode(video=0)).to_ndarray())
    assert set(np.unique(frame.planes.u)) == set(np.unique(frame.planes.v)) == {128}


def test_several_threads_give_the_same_frames(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", Clip(options=B_FRAMES))
    facts = inspect_file(path, 24)
    one = [flat(frame) for frame in read_span(path, facts, facts.spans[1])]
    two = [flat(frame) for frame in read_span(path, facts, facts.spans[1], threads=2)]
    assert np.array_equal(one, two)

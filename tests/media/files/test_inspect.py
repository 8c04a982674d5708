"""What inspecting tells of a file."""

from fractions import Fraction
from pathlib import Path

import pytest
from tests.fakes.media_clips import B_FRAMES, HEVC, OPEN_GROUPS, Clip, make_clip
from tests.fakes.video_files import make_video

from popcam.core.errors import JobCancelledError
from popcam.media.files import inspect_file

VFR = [0, 1, 2, 5, 9, 10, 14, 30, 31, 33, 40, 41, 47, 48, 60, 61, 62, 80, 81, 82]


def test_facts_of_a_video(tmp_path: Path) -> None:
    clip = Clip(options=B_FRAMES, audio="aac", colour=(1, 1, 1, 1), sample_aspect=Fraction(4, 3))
    path = make_clip(tmp_path / "a.mp4", clip)
    facts = inspect_file(path, 24)
    assert (facts.kind, facts.codec, facts.width_px, facts.height_px) == ("video", "h264", 160, 120)
    assert (facts.frames, facts.duration_s, facts.fps) == (60, 2.4, 25.0)
    assert facts.has_audio
    assert facts.colour == (1, 1, 1, 1)
    assert facts.sample_aspect == (4, 3)
    assert facts.time_base == (1, 12800)
    assert facts.bytes == path.stat().st_size
    assert facts.timed
    assert facts.seekable
    assert facts.problems == ()


@pytest.mark.parametrize(("turn_deg", "told"), [(90, 270), (180, 180), (270, 90)])
def test_rotation_is_told_clockwise(tmp_path: Path, turn_deg: int, told: int) -> None:
    facts = inspect_file(make_clip(tmp_path / "a.mp4", Clip(frames=5, turn_deg=turn_deg)))
    assert facts.rotation_deg == told
    assert len(facts.display_matrix) == 9


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_spans_begin_where_decoding_begins_afresh(tmp_path: Path, name: str) -> None:
    facts = inspect_file(make_clip(tmp_path / name, Clip(options=B_FRAMES)), 20)
    assert [(span.first_frame, span.frames, span.closed) for span in facts.spans] == [
        (0, 24, True),
        (24, 24, True),
        (48, 12, True),
    ]
    assert [span.end_pts for span in facts.spans] == [span.start_pts for span in facts.spans[1:]] + [None]


def test_open_groups_are_cut_too_but_not_closed(tmp_path: Path) -> None:
    facts = inspect_file(make_clip(tmp_path / "a.mp4", Clip(options=OPEN_GROUPS)), 20)
    assert len(facts.spans) == 3
    assert not any(span.closed for span in facts.spans)


def test_a_last_span_of_a_few_frames_is_not_cut_off(tmp_path: Path) -> None:
    facts = inspect_file(make_clip(tmp_path / "a.mp4", Clip(frames=50)), 24)
    assert [span.frames for span in facts.spans] == [24, 26]


def test_variable_rate_is_told_by_times(tmp_path: Path) -> None:
    clip = Clip(frames=20, times=[40 * one for one in VFR], time_base=Fraction(1, 1000))
    facts = inspect_file(make_clip(tmp_path / "a.mkv", clip), 12)
    assert facts.frames == 20
    assert facts.spans[1].start_pts == 40 * VFR[12]
    assert facts.problems == ()


def test_length_of_variable_rate_with_reordering_is_to_the_tick(tmp_path: Path) -> None:
    clip = Clip(frames=20, times=[600 * one for one in VFR], time_base=Fraction(1, 15000), options=B_FRAMES)
    facts = inspect_file(make_clip(tmp_path / "a.mp4", clip), 12)
    assert facts.duration_s == pytest.approx(82 * 0.04 + 0.04, abs=0.001)


def test_more_than_eight_bits_are_said_to_be_reduced(tmp_path: Path) -> None:
    facts = inspect_file(make_clip(tmp_path / "a.mkv", Clip(codec="libx265", pixel_format="yuv420p10le", options=HEVC)))
    assert [problem.code for problem in facts.problems] == ["media.depth_reduced"]
    assert facts.pixel_format == "yuv420p10le"


def test_an_odd_size_is_said_to_be_cut(tmp_path: Path) -> None:
    options = {"deadline": "realtime", "cpu-used": "8"}
    facts = inspect_file(
        make_clip(tmp_path / "a.mkv", Clip(codec="libvpx-vp9", size=(161, 121), frames=5, options=options))
    )
    assert (facts.width_px, facts.height_px) == (161, 121)
    assert [problem.code for problem in facts.problems] == ["media.changed"]


def test_interlacing_is_told(tmp_path: Path) -> None:
    assert inspect_file(make_video(tmp_path / "a.mp4", interlaced=True, frames=5)).interlaced


def test_half_an_avi_has_no_times_of_showing(tmp_path: Path) -> None:
    facts = inspect_file(make_clip(tmp_path / "a.avi", Clip(options=B_FRAMES)), 12)
    assert not facts.timed
    assert facts.reorder == 0
    assert len(facts.spans) == 5


def test_what_the_reporter_raises_comes_through(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "a.mp4", Clip(frames=2000, size=(32, 32), options={"preset": "ultrafast"}))

    def cancel(frames: int) -> None:
        raise JobCancelledError(str(frames))

    with pytest.raises(JobCancelledError):
        inspect_file(path, report=cancel)

"""Rules without files: cuts, clocks, units, headers, lengths."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from popcam.core.errors import JobResultMismatchError, MediaError, SourceCorruptError
from popcam.media.files import Problems, nal
from popcam.media.files.chunk import ChunkIndex
from popcam.media.files.clock import JoinClock
from popcam.media.files.ebml import is_cut_off
from popcam.media.files.headers import common_header
from popcam.media.files.mp4_length import shown_length_s
from popcam.media.files.spans import KeyPacket, make_spans, reorder_depth, unlikely_gaps


def chunk(times: list[int], *, codec: str = "h264", header: bytes = b"") -> ChunkIndex:
    made = ChunkIndex(codec=codec, header=header, width_px=2, height_px=2, time_base=(1, 25), encoder="", copied=False)
    made.pts = np.array(times, np.int64).tobytes()
    return made


groups = st.lists(st.permutations(range(6)), min_size=1, max_size=6)


@given(groups, st.integers(0, 50), st.integers(1, 40))
def test_decoding_times_grow_and_are_never_behind_showing(orders: list[list[int]], start: int, pace: int) -> None:
    chunks = [chunk([(start + 6 * at + one) * pace for one in order]) for at, order in enumerate(orders)]
    clock = JoinClock(chunks, (start + 6 * len(chunks)) * pace)
    made = [clock.next_times(int(pts)) for one in chunks for pts in one.times]
    assert all(one.dts < later.dts for one, later in pairwise(made))
    assert all(one.dts <= one.pts for one in made)
    assert [one.pts for one in made] == [int(pts) for one in chunks for pts in one.times]
    assert max(one.pts for one in made) < clock.end


def test_decoding_begins_before_zero_only_where_showing_begins_there() -> None:
    assert JoinClock([chunk([0, 80, 40])], 120).next_times(0).dts < 0
    assert JoinClock([chunk([23, 103, 63])], 143).next_times(23).dts >= 0


def test_a_finer_scale_and_another_origin() -> None:
    clock = JoinClock([chunk([10, 12, 11])], 13, origin=10, scale=512)
    assert [clock.next_times(pts).pts for pts in (10, 12, 11)] == [0, 1024, 512]
    assert clock.end == 1536


def test_chunks_out_of_order_and_nothing_at_all_are_refused() -> None:
    with pytest.raises(JobResultMismatchError):
        JoinClock([chunk([5, 6]), chunk([1, 2])], 9)
    with pytest.raises(JobResultMismatchError):
        JoinClock([], 0)


def test_reorder_depth() -> None:
    assert reorder_depth(np.array([0, 1, 2], np.int64)) == 0
    assert reorder_depth(np.array([0, 4, 2, 1, 3], np.int64)) == 3
    assert reorder_depth(np.array([], np.int64)) == 0


@given(st.integers(1, 200), st.integers(1, 60), st.integers(1, 30))
def test_spans_hold_every_frame_once(frames: int, gop: int, span_frames: int) -> None:
    keys = [KeyPacket(at, at, fresh=True) for at in range(0, frames, gop)]
    spans = make_spans(np.arange(frames, dtype=np.int64), keys, span_frames)
    assert sum(span.frames for span in spans) == frames
    assert [span.first_frame for span in spans] == [0, *np.cumsum([span.frames for span in spans])[:-1]]
    assert all(span.frames >= span_frames for span in spans[:-1])
    assert all(span.closed for span in spans)


def sizes(frames: int, gop: int, *wanted: int) -> list[int]:
    keys = [KeyPacket(at, at, fresh=True) for at in range(0, frames, gop)]
    return [span.frames for span in make_spans(np.arange(frames, dtype=np.int64), keys, *wanted)]


def test_spans_shrink_towards_the_end() -> None:
    assert sizes(1500, 50, 150, 50) == [150] * 5 + [150, 100, 100, 100, 50, 50, 50, 50, 50, 50]
    assert sizes(300, 50, 150, 50) == [50] * 6
    assert sizes(300, 50, 150) == [150, 150]


@given(st.integers(1, 3000), st.integers(1, 300), st.integers(2, 16))
def test_all_workers_come_to_an_end_together(frames: int, gop: int, workers: int) -> None:
    ends = [0] * workers
    for size in sizes(frames, gop, 150, 50):
        ends[ends.index(min(ends))] += size
    # who comes last has at most one of the last spans more than an equal share; keyframes may be far apart
    assert max(ends) <= frames / workers + max(50 + 16, frames / 6) + gop


def test_a_clean_cut_is_waited_for_but_not_for_ever() -> None:
    pts = np.arange(100, dtype=np.int64)
    keys = [KeyPacket(at, at, fresh=at in {30, 95}) for at in range(0, 100, 5)]
    assert make_spans(pts, keys, 10)[1].first_frame == 30


def test_gaps_are_told_in_a_steady_video_alone() -> None:
    steady = np.concatenate([np.arange(50), np.arange(80, 130)]).astype(np.int64)
    assert unlikely_gaps(steady, 0.04) == [(49, 80)]
    loose = np.cumsum(np.tile([1, 5, 2, 9], 20)).astype(np.int64)
    assert unlikely_gaps(loose, 0.04) == []
    assert unlikely_gaps(np.arange(5, dtype=np.int64) * 100, 0.04) == []


# --- H.264 and H.265 units ---

SPS_0 = b"\x67\x64\x00\x1f\xac\xb4"
SPS_1 = b"\x67\x64\x00\x28\x5c\xb4"
PPS_0, PPS_1 = b"\x68\xee\x3c\x80", b"\x68\x5b\x8f\x20"


def test_units_come_out_of_both_packings() -> None:
    units = [SPS_0, PPS_0, b"\x65" + bytes(range(1, 40))]
    assert list(nal.split_annex_b(nal.to_annex_b(units))) == units
    lengths = b"".join(len(one).to_bytes(4, "big") + one for one in units)
    assert list(nal.units_of(lengths, 4)) == units
    assert list(nal.split_lengths(lengths[:-1], 4)) == units[:2]


def test_parameter_sets_of_an_avcc() -> None:
    avcc = (
        b"\x01\x64\x00\x1f\xff\xe1"
        + len(SPS_0).to_bytes(2, "big")
        + SPS_0
        + b"\x01"
        + len(PPS_0).to_bytes(2, "big")
        + PPS_0
    )
    assert nal.length_size(avcc, "h264") == 4
    assert nal.parameter_sets(avcc, "h264") == [SPS_0, PPS_0]


def test_numbers_of_parameter_sets() -> None:
    assert nal.set_name(SPS_0) == (7, 0)
    assert nal.set_name(SPS_1) == (7, 1)
    assert nal.set_name(PPS_1) == (8, 1)
    numbers = nal.SetNumbers()
    numbers.add([SPS_0, PPS_0, SPS_1, PPS_1, b"\x65abc"])
    assert numbers.free == 2
    numbers.add([SPS_0 + b"\x01"])
    assert numbers.free == -1


@pytest.mark.parametrize(
    ("unit", "codec", "fresh"),
    [
        (b"\x65", "h264", True),
        (b"\x41", "h264", False),
        (b"\x06", "h264", None),
        (b"\x26\x01", "hevc", True),
        (b"\x2a\x01", "hevc", False),
        (b"\x40\x01", "hevc", None),
    ],
)
def test_where_decoding_begins_afresh(unit: bytes, codec: str, fresh: bool | None) -> None:
    assert nal.is_clean_start(unit, codec) is fresh


def test_headers_stand_together_with_the_strongest_first() -> None:
    first, second = nal.to_annex_b([SPS_0, PPS_0]), nal.to_annex_b([SPS_1, PPS_1])
    together = common_header([chunk([0], header=first), chunk([1], header=second)])
    assert not together.in_band
    assert next(nal.split_annex_b(together.data)) == SPS_1
    assert common_header([chunk([0], header=first)] * 2).data == first


def test_headers_that_contradict_go_into_the_band() -> None:
    first, other = nal.to_annex_b([SPS_0, PPS_0]), nal.to_annex_b([SPS_0 + b"\x01", PPS_0])
    assert common_header([chunk([0], header=first), chunk([1], header=other)]).in_band
    assert common_header([chunk([0], codec="hevc", header=b"a"), chunk([1], codec="hevc", header=b"b")]).in_band


# --- odds and ends ---


def test_neighbouring_problems_become_one() -> None:
    problems = Problems()
    for at_s in (1.0, 1.04, 1.08, 9.0):
        problems.add(SourceCorruptError, "lost", at_s, at_s)
    problems.add(MediaError, "odd")
    problems.add(MediaError, "odd")
    assert [(one.start_s, one.end_s) for one in problems.found] == [(1.0, 1.08), (9.0, 9.0), (None, None)]


def test_problems_are_bounded() -> None:
    problems = Problems()
    for number in range(1000):
        problems.add(SourceCorruptError, str(number))
    assert len(problems.found) == 200


def test_other_files_have_no_length_and_are_not_cut(tmp_path: Path) -> None:
    for data in (b"", b"abc", bytes(100), b"\x00\x00\x00\x08moov"):
        path = tmp_path / "a"
        path.write_bytes(data)
        assert shown_length_s(path, 1) is None
        assert not is_cut_off(path)

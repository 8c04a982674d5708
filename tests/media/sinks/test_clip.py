"""Clips out of real recordings, made by the recorder."""

import io
import itertools
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import structlog
from tests.media.clock import FakeClock
from tests.media.packets import UNIX_START_S, close_sources, decode_file, make_clip, read_packets

from popcam.core.protocol import ClipCut, CutClip
from popcam.core.recordings import list_recordings
from popcam.core.spec import RecordSpec
from popcam.media.sinks.clip import cut_clip
from popcam.media.sinks.recorder import Recorder


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty seconds of H.264, a keyframe each second."""
    return make_clip(tmp_path_factory.mktemp("films") / "film.mp4", seconds=30.0)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    close_sources()


def record(folder: Path, film: Path, segment_s: float = 60.0, start_s: float = 0.0, generation: int = 0) -> Recorder:
    spec = RecordSpec(mode="continuous", segment_s=segment_s, max_age_days=3650)
    recorder = Recorder("front", folder, spec, copy=True, clock=FakeClock(unix_offset_s=UNIX_START_S))
    for packet in read_packets(film, start_s=start_s, generation=generation):
        recorder.offer_packet(packet)
    return recorder


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, film: Path) -> Path:
    """The film in one recording."""
    made = tmp_path_factory.mktemp("recorded")
    record(made, film).close()
    return made


def cut(folder: Path, at_s: float, **more: float) -> ClipCut:
    return cut_clip(CutClip(folder=str(folder), at_unix_s=UNIX_START_S + at_s, **more))  # type: ignore[arg-type]


def pictures(clip: ClipCut) -> list[Any]:
    with av.open(io.BytesIO(clip.mp4), "r") as container:
        return [frame.to_ndarray() for frame in container.decode(video=0)]


def begin_s(clip: ClipCut) -> float:
    return clip.started_unix_s - UNIX_START_S


def test_a_clip_shows_what_was_recorded_around_the_moment(folder: Path, film: Path) -> None:
    clip = cut(folder, 20.0)
    assert [begin_s(clip), clip.duration_s] == pytest.approx([15.0, 10.0], abs=0.01)
    recorded = decode_file(film)[15 * 25 : 25 * 25]
    assert all(np.array_equal(one, other.to_ndarray()) for one, other in zip(pictures(clip), recorded, strict=True))


def test_it_begins_at_a_keyframe_and_at_time_zero(folder: Path) -> None:
    clip = cut(folder, 20.4)
    with av.open(io.BytesIO(clip.mp4), "r") as container:
        first = next(container.demux(video=0))
        assert (first.is_keyframe, first.pts, container.format.name) == (True, 0, "mov,mp4,m4a,3gp,3g2,mj2")
    assert begin_s(clip) == pytest.approx(15.0, abs=0.01)


def test_players_find_the_index_ahead_of_the_pictures(folder: Path) -> None:
    clip = cut(folder, 20.0)
    assert 0 < clip.mp4.index(b"moov") < clip.mp4.index(b"mdat")


def test_it_goes_over_the_end_of_a_file(tmp_path: Path, film: Path) -> None:
    record(tmp_path, film, segment_s=4.0).close()
    assert len(list_recordings(tmp_path)) == 8
    clip = cut(tmp_path, 17.0)
    assert [len(pictures(clip)), clip.duration_s] == pytest.approx([250, 10.0], abs=0.01)


def test_what_is_being_written_is_in_it(tmp_path: Path, film: Path) -> None:
    recorder = record(tmp_path, film)
    end_s, shown = time.monotonic() + 60.0, 0
    while shown < 250 and time.monotonic() < end_s:  # its thread writes what it was given
        time.sleep(0.02)
        clip = cut(tmp_path, 20.0)
        shown = len(pictures(clip)) if clip.mp4 else 0
    unfinished = [not one.finished for one in list_recordings(tmp_path)]
    recorder.close()
    assert (unfinished, shown) == ([True], 250)


def test_of_a_camera_that_was_lost_the_last_pictures_are_taken(folder: Path) -> None:
    clip = cut(folder, 50.0)
    assert [begin_s(clip), clip.duration_s] == pytest.approx([25.0, 5.0], abs=0.01)


@pytest.mark.parametrize("at_s", [-10.0, 300.0])
def test_a_time_that_nobody_recorded_gives_none(folder: Path, at_s: float) -> None:
    clip = cut(folder, at_s)
    assert (clip.mp4, clip.reason) == (b"", "nothing was recorded then")


def test_a_camera_that_never_recorded_gives_none(tmp_path: Path) -> None:
    assert cut(tmp_path / "nothing", 20.0).mp4 == b""


def test_it_is_no_larger_than_asked_and_keeps_the_moment(folder: Path) -> None:
    whole = cut(folder, 20.0)
    clip = cut(folder, 20.0, max_bytes=len(whole.mp4) // 2)
    assert len(clip.mp4) <= len(whole.mp4) // 2
    assert begin_s(clip) <= 20.0 < begin_s(clip) + clip.duration_s
    assert len(pictures(clip)) == round(clip.duration_s * 25)


def test_where_not_even_a_picture_fits_there_is_none(folder: Path) -> None:
    assert "fits" in cut(folder, 20.0, max_bytes=9000).reason


def test_pictures_of_another_size_are_left_out(tmp_path: Path, film: Path) -> None:
    record(tmp_path, film).close()
    larger = make_clip(tmp_path / "larger.mp4", seconds=10.0, size_wh=(320, 240))
    record(tmp_path, larger, start_s=30.0, generation=1).close()
    assert {picture.shape for picture in pictures(cut(tmp_path, 28.0))} == {(180, 160)}
    assert {picture.shape for picture in pictures(cut(tmp_path, 32.0))} == {(360, 320)}


def test_a_file_that_broke_off_is_taken_as_far_as_it_goes(tmp_path: Path, folder: Path) -> None:
    (recording,) = list_recordings(folder)
    copy = tmp_path / recording.path.relative_to(folder)
    copy.parent.mkdir()
    whole = recording.path.read_bytes()
    copy.write_bytes(whole[: len(whole) * 2 // 3])
    assert 100 < len(pictures(cut(tmp_path, 19.0))) < 250


def test_a_recording_that_cannot_be_read_is_named(tmp_path: Path, folder: Path) -> None:
    (recording,) = list_recordings(folder)
    damaged = tmp_path / recording.path.relative_to(folder)
    damaged.parent.mkdir(parents=True, exist_ok=True)
    damaged.write_bytes(b"this is no film" * 1000)
    with structlog.testing.capture_logs() as lines:
        assert not cut(tmp_path, 10.0).mp4
    assert (lines[0]["event"], lines[0]["path"]) == ("clip.recording_damaged", str(damaged))


def test_pictures_that_were_reordered_stay_in_order(tmp_path: Path) -> None:
    film = make_clip(tmp_path / "film.mp4", seconds=10.0, b_frames=2)
    record(tmp_path / "front", film).close()
    clip = cut(tmp_path / "front", 5.0, before_s=2.0, after_s=2.0)
    with av.open(io.BytesIO(clip.mp4), "r") as container:
        times = [frame.pts or 0 for frame in container.decode(video=0)]
    assert all(one < other for one, other in itertools.pairwise(times))
    assert len(times) == pytest.approx(100, abs=4)

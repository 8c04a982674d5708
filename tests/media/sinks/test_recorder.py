"""The recorder from outside: packets or frames in, playable files out."""

import itertools
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from tests.media.clock import FakeClock
from tests.media.packets import UNIX_START_S, close_sources, decode_file, make_clip, read_packets
from tests.media.pictures import colour_planes, facts_of, gradient_planes, make_frame

from popcam.core.errors import SinkError
from popcam.core.frame import MediaPacket
from popcam.core.recordings import Recording, list_recordings
from popcam.core.spec import RecordSpec
from popcam.media.sinks import mux as mux_module
from popcam.media.sinks import recorder as recorder_module
from popcam.media.sinks.recorder import Recorder

CONTINUOUS = RecordSpec(mode="continuous", segment_s=3.0)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds of H.264, a keyframe each second."""
    return make_clip(tmp_path_factory.mktemp("clips") / "ten_seconds.mp4")


def record(folder: Path, packets: Iterable[MediaPacket], spec: RecordSpec = CONTINUOUS) -> list[Recording]:
    recorder = Recorder("front", folder, spec, copy=True, clock=FakeClock(unix_offset_s=UNIX_START_S))
    for packet in packets:
        recorder.offer_packet(packet)
    recorder.close()
    assert recorder.fault is None
    return list_recordings(folder)


def wait_until(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, "it did not happen in time"
        time.sleep(0.02)


def test_packets_become_segments_that_begin_at_keyframes(tmp_path: Path, clip: Path) -> None:
    found = record(tmp_path, read_packets(clip))
    assert [one.duration_s for one in found] == pytest.approx([3.0, 3.0, 3.0, 1.0])
    assert [len(decode_file(one.path)) for one in found] == [75, 75, 75, 25]
    assert all(one.finished for one in found)


def test_segments_are_named_by_the_time_of_their_first_picture(tmp_path: Path, clip: Path) -> None:
    starts_s = [one.started_unix_s - UNIX_START_S for one in record(tmp_path, read_packets(clip))]
    assert starts_s == pytest.approx([0.0, 3.0, 6.0, 9.0], abs=0.002)


def test_each_file_starts_at_time_zero(tmp_path: Path, clip: Path) -> None:
    for one in record(tmp_path, read_packets(clip, start_s=5000.0)):
        times = [picture.time for picture in decode_file(one.path)]
        assert times[0] == pytest.approx(0.0, abs=0.001)
        assert {round(after - before, 3) for before, after in itertools.pairwise(times)} == {0.04}


@pytest.mark.parametrize(
    ("codec", "suffix"), [("libx265", "mp4"), ("libsvtav1", "mp4"), ("mjpeg", "mp4"), ("libvpx", "mkv")]
)
def test_other_codecs_are_copied_into_a_container_that_takes_them(tmp_path: Path, codec: str, suffix: str) -> None:
    source = make_clip(tmp_path / "source.mkv", codec=codec, seconds=2.0)
    found = record(tmp_path / "front", read_packets(source), RecordSpec(mode="continuous", segment_s=60.0))
    assert [one.path.suffix for one in found] == [f".{suffix}"]
    assert len(decode_file(found[0].path)) == 50


def test_pictures_that_were_reordered_stay_in_order(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "source.mp4", seconds=3.0, b_frames=2)
    found = record(tmp_path / "front", read_packets(source), RecordSpec(mode="continuous", segment_s=60.0))
    times = [picture.time for picture in decode_file(found[0].path)]
    assert times == sorted(times)
    assert len(times) == 75


def test_a_stream_without_global_parameters_is_recorded(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "source.ts", seconds=2.0)
    found = record(tmp_path / "front", read_packets(source))
    assert sum(len(decode_file(one.path)) for one in found) == 50


def test_a_reconnect_starts_a_new_file(tmp_path: Path, clip: Path) -> None:
    other = make_clip(tmp_path / "other.mp4", seconds=1.0, size_wh=(320, 240))
    before = list(read_packets(clip))[:30]
    found = record(tmp_path / "front", [*before, *read_packets(other, start_s=20.0, generation=1)])
    assert [decode_file(one.path)[0].width for one in found] == [160, 320]


def test_recording_begins_at_a_keyframe(tmp_path: Path, clip: Path) -> None:
    packets = list(read_packets(clip))[10:60]
    assert sum(len(decode_file(one.path)) for one in record(tmp_path, packets)) == 35


def test_packets_outlive_their_source(tmp_path: Path, clip: Path) -> None:
    spec = RecordSpec(mode="events", pre_roll_s=60.0)
    recorder = Recorder("front", tmp_path, spec, copy=True, clock=FakeClock(unix_offset_s=UNIX_START_S))
    packets = list(read_packets(clip))
    for packet in packets[:100]:
        recorder.offer_packet(packet)
    close_sources()
    recorder.trigger(True, packets[100].captured_monotonic_s)
    for packet in read_packets(clip, start_s=20.0, generation=1):
        recorder.offer_packet(packet)
    recorder.close()
    assert [len(decode_file(one.path)) for one in list_recordings(tmp_path)] == [100, 250]


def test_the_packets_stay_as_they_were(tmp_path: Path, clip: Path) -> None:
    packets = list(read_packets(clip, start_s=77.0))
    before = [(packet.native.pts, packet.native.dts, packet.native.time_base) for packet in packets]
    record(tmp_path, packets)
    assert [(packet.native.pts, packet.native.dts, packet.native.time_base) for packet in packets] == before


def test_nothing_is_recorded_when_it_is_off(tmp_path: Path, clip: Path) -> None:
    assert record(tmp_path / "front", read_packets(clip), RecordSpec(mode="off")) == []
    assert not (tmp_path / "front").exists()


# --- events -----------------------------------------------------------------------------------------------------


def record_event(
    folder: Path, clip: Path, events: list[tuple[float, float]], pre_roll_s: float = 2.0, post_roll_s: float = 1.0
) -> list[tuple[float, float]]:
    """Record a clip with events from a to b; return start and end of each file, in seconds of the clip."""
    spec = RecordSpec(mode="events", segment_s=60.0, pre_roll_s=pre_roll_s, post_roll_s=post_roll_s)
    recorder = Recorder("front", folder, spec, copy=True, clock=FakeClock(unix_offset_s=UNIX_START_S))
    for packet in read_packets(clip):
        at_s = packet.captured_monotonic_s - 1000.0
        recorder.trigger(any(start_s <= at_s < end_s for start_s, end_s in events), packet.captured_monotonic_s)
        recorder.offer_packet(packet)
    recorder.close()
    found = list_recordings(folder)
    starts = [round(one.started_unix_s - UNIX_START_S, 2) for one in found]
    return [(start, round(start + (one.duration_s or 0.0), 2)) for start, one in zip(starts, found, strict=True)]


def test_an_event_is_kept_with_what_was_before_and_after(tmp_path: Path, clip: Path) -> None:
    # Two seconds before 4.5 lie within the group that began at 2; a second after 5.0 is just the end of a group.
    assert record_event(tmp_path, clip, [(4.5, 5.0)]) == [(2.0, 6.0)]


def test_no_event_leaves_no_file(tmp_path: Path, clip: Path) -> None:
    assert record_event(tmp_path, clip, []) == []


def test_events_one_after_the_other_hold_nothing_twice(tmp_path: Path, clip: Path) -> None:
    found = record_event(tmp_path, clip, [(2.5, 2.6), (6.2, 6.3)], pre_roll_s=3.0)
    assert found == [(0.0, 4.0), (4.0, 8.0)]


def test_an_event_that_comes_back_within_the_post_roll_goes_on_in_the_same_file(tmp_path: Path, clip: Path) -> None:
    assert record_event(tmp_path, clip, [(2.5, 2.6), (3.2, 3.3)]) == [(0.0, 5.0)]


def test_an_event_at_the_end_is_finished_by_close(tmp_path: Path, clip: Path) -> None:
    assert record_event(tmp_path, clip, [(8.5, 99.0)], pre_roll_s=1.0) == [(7.0, 10.0)]


# --- processed frames -------------------------------------------------------------------------------------------


def offer_frames(recorder: Recorder, count: int, luma: int | None = None) -> None:
    for seq in range(count):
        planes = colour_planes(160, 120, (luma, 128, 128)) if luma else gradient_planes(160, 120, shift=seq)
        frame = make_frame(planes, seq)
        recorder.offer(frame, facts_of(frame))


def test_frames_are_encoded_into_segments(tmp_path: Path) -> None:
    recorder = Recorder("front", tmp_path, RecordSpec(mode="continuous", segment_s=2.0), copy=False, clock=FakeClock())
    offer_frames(recorder, 125)
    recorder.close()
    found = list_recordings(tmp_path)
    assert [one.duration_s for one in found] == pytest.approx([2.0, 2.0, 1.0], abs=0.01)
    assert [len(decode_file(one.path)) for one in found] == [50, 50, 25]


def test_the_file_shows_the_frames_that_were_offered(tmp_path: Path) -> None:
    recorder = Recorder("front", tmp_path, CONTINUOUS, copy=False, clock=FakeClock())
    offer_frames(recorder, 25, luma=90)
    recorder.close()
    pictures = decode_file(list_recordings(tmp_path)[0].path)
    assert all(abs(float(picture.to_ndarray(format="yuv420p")[:120].mean()) - 90) < 2 for picture in pictures)
    assert (pictures[0].color_range, pictures[0].colorspace) == (1, 6)


def test_a_privacy_recording_refuses_packets(tmp_path: Path, clip: Path) -> None:
    recorder = Recorder("front", tmp_path, CONTINUOUS, copy=False, clock=FakeClock())
    with pytest.raises(SinkError, match="unprocessed packet"):
        recorder.offer_packet(next(read_packets(clip)))
    recorder.close()
    assert list_recordings(tmp_path) == []


def test_a_copying_recorder_needs_no_frames(tmp_path: Path) -> None:
    recorder = Recorder("front", tmp_path, CONTINUOUS, copy=True, clock=FakeClock())
    wanted = recorder.wanted
    offer_frames(recorder, 3)
    recorder.close()
    assert (wanted, list_recordings(tmp_path)) == (False, [])


@pytest.mark.parametrize(("pre_roll_s", "before", "during"), [(5.0, True, True), (0.0, False, True)])
def test_frames_are_wanted_only_when_they_can_be_kept(
    tmp_path: Path, pre_roll_s: float, before: bool, during: bool
) -> None:
    recorder = Recorder(
        "front", tmp_path, RecordSpec(mode="events", pre_roll_s=pre_roll_s), copy=False, clock=FakeClock()
    )
    seen = [recorder.wanted]
    recorder.trigger(True, 1000.0)
    seen.append(recorder.wanted)
    recorder.close()
    assert seen == [before, during]


def test_an_event_of_frames_is_kept_with_its_pre_roll(tmp_path: Path) -> None:
    spec = RecordSpec(mode="events", pre_roll_s=2.0, post_roll_s=1.0)
    recorder = Recorder("front", tmp_path, spec, copy=False, clock=FakeClock())
    for seq in range(250):
        frame = make_frame(gradient_planes(160, 120, shift=seq), seq)
        recorder.trigger(4.5 <= frame.pts_s < 5.0, frame.captured_monotonic_s)
        recorder.offer(frame, facts_of(frame))
    recorder.close()
    found = list_recordings(tmp_path)
    assert [round(one.started_unix_s - 1_700_000_000.0, 2) for one in found] == [2.0]
    assert found[0].duration_s == pytest.approx(4.0, abs=0.01)


# --- bounds -----------------------------------------------------------------------------------------------------


class StuckWriter:
    """Holds the writer's thread as a disk that hangs does."""

    def __init__(self, recorder: Recorder) -> None:
        self.go_on = threading.Event()
        self._take = recorder._writer.take
        recorder._writer.take = self._wait  # type: ignore[method-assign]

    def _wait(self, packet: MediaPacket) -> None:
        self.go_on.wait(20)
        self._take(packet)


@pytest.mark.alone
def test_a_slow_disk_costs_packets_but_never_time(tmp_path: Path, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "QUEUE_PACKETS", 60)
    recorder = Recorder("front", tmp_path, CONTINUOUS, copy=True, clock=FakeClock(unix_offset_s=UNIX_START_S))
    stuck = StuckWriter(recorder)
    packets = list(read_packets(clip))
    started_s = time.perf_counter()
    for packet in packets[:110]:
        recorder.offer_packet(packet)
    assert time.perf_counter() - started_s < 10  # the writer stands still for 20 s
    lost = recorder.drops["queue"]
    assert lost >= 49
    stuck.go_on.set()
    wait_until(lambda: recorder._queued_bytes == 0)
    monkeypatch.undo()
    for packet in packets[110:]:
        recorder.offer_packet(packet)
    recorder.close()
    # It went on at the keyframe 125, and every file that was written can be decoded.
    assert recorder.drops["queue"] == lost + 15
    assert sum(len(decode_file(one.path)) for one in list_recordings(tmp_path)) == 250 - recorder.drops["queue"]


def test_an_event_that_is_over_ends_its_file_though_the_camera_is_silent(tmp_path: Path, clip: Path) -> None:
    clock = FakeClock(unix_offset_s=UNIX_START_S)
    spec = RecordSpec(mode="events", pre_roll_s=1.0, post_roll_s=1.0)
    recorder = Recorder("front", tmp_path, spec, copy=True, clock=clock)
    recorder.trigger(True, 1000.0)
    for packet in list(read_packets(clip))[:30]:
        recorder.offer_packet(packet)
    wait_until(lambda: recorder.recording)
    recorder.trigger(False, 1001.2)

    def ended_as_time_passes() -> bool:
        clock.pass_s(1.0)  # in steps: the last packets may be written after the first of them
        return not recorder.recording

    wait_until(ended_as_time_passes)
    recorder.close()
    assert [len(decode_file(one.path)) for one in list_recordings(tmp_path)] == [30]


def test_a_codec_that_no_container_takes_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make_clip(tmp_path / "source.mkv", codec="libvpx", seconds=1.0)
    monkeypatch.setattr(mux_module, "_MP4_CODECS", {"vp8"})
    recorder = Recorder("front", tmp_path / "front", CONTINUOUS, copy=True, clock=FakeClock())
    for packet in read_packets(source):
        recorder.offer_packet(packet)
    wait_until(lambda: recorder.fault is not None)
    recorder.close()
    assert recorder.fault is not None
    assert (recorder.fault.code, recorder.fault.detail) == ("sink.failed", "vp8 does not fit into mp4")
    assert list_recordings(tmp_path / "front") == []


def test_close_does_not_wait_for_a_disk_that_hangs(tmp_path: Path, clip: Path) -> None:
    recorder = Recorder("front", tmp_path, CONTINUOUS, copy=True, clock=FakeClock())
    stuck = StuckWriter(recorder)
    recorder.offer_packet(next(read_packets(clip)))
    started_s = time.perf_counter()
    recorder.close(timeout_s=0.3)
    assert time.perf_counter() - started_s < 10  # the writer stands still for 20 s
    stuck.go_on.set()
    recorder._thread.join(5)


def test_a_defect_becomes_a_fault_and_recording_goes_on(tmp_path: Path, clip: Path) -> None:
    recorder = Recorder("front", tmp_path, CONTINUOUS, copy=True, clock=FakeClock(unix_offset_s=UNIX_START_S))
    packets = list(read_packets(clip))
    take = recorder._writer.take

    def broken(packet: MediaPacket) -> None:
        raise RuntimeError("planted")

    recorder._writer.take = broken  # type: ignore[method-assign]
    recorder.offer_packet(packets[0])
    wait_until(lambda: recorder.fault is not None and "planted" in recorder.fault.detail)
    recorder._writer.take = take  # type: ignore[method-assign]
    for packet in packets[25:]:
        recorder.offer_packet(packet)
    recorder.close()
    assert recorder.fault is None
    assert sum(len(decode_file(one.path)) for one in list_recordings(tmp_path)) == 225


def test_noise_does_not_outgrow_the_pre_roll(tmp_path: Path) -> None:
    spec = RecordSpec(mode="events", pre_roll_s=60.0)
    recorder = Recorder("front", tmp_path, spec, copy=False, clock=FakeClock())
    recorder._writer.roll._most_bytes = 200_000  # type: ignore[attr-defined]
    dice = np.random.default_rng(7)
    for seq in range(150):
        planes = gradient_planes(160, 120)._replace(y=dice.integers(16, 235, (120, 160), np.uint8))
        frame = make_frame(planes, seq)
        recorder.offer(frame, facts_of(frame))
    recorder.close()
    assert recorder._writer.roll._bytes <= 200_000  # type: ignore[attr-defined]
    assert recorder.drops["preroll"] > 0

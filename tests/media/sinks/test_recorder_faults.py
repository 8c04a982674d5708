"""What disks and crashes do to recordings. The disks are real: small tmpfs mounts, where we may make them."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.media.packets import decode_file, make_clip, read_packets

from popcam.core.recordings import list_recordings
from popcam.core.spec import RecordSpec
from popcam.media.sinks import record_writer
from popcam.media.sinks.recorder import Recorder
from popcam.media.sinks.repair import repair_parts

SPEC = RecordSpec(mode="continuous", segment_s=1.0, max_age_days=3650)
LONG = RecordSpec(mode="continuous", segment_s=3600.0, max_age_days=3650)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds of H.264, a keyframe each second."""
    return make_clip(tmp_path_factory.mktemp("clips") / "ten_seconds.mp4")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB of its own."""
    mount = shutil.which("mount")
    if mount is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root on Linux")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often, so that tests need not wait long."""
    monkeypatch.setattr(record_writer, "CHECK_S", 0.05)
    monkeypatch.setattr(record_writer, "_RETRY_FIRST_S", 0.1)
    monkeypatch.setattr(record_writer, "_RETRY_MOST_S", 0.2)


class Camera:
    """Sends a clip again and again, in time with the test."""

    def __init__(self, recorder: Recorder, clip: Path) -> None:
        self._recorder = recorder
        self._clip = clip
        self._turn = 0

    def play_until(self, condition: Callable[[], bool], timeout_s: float = 60) -> None:
        end_s = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < end_s, "it did not happen in time"
            for packet in read_packets(self._clip, start_s=self._turn * 10.0):
                self._recorder.offer_packet(packet)
            self._turn += 1
            time.sleep(0.15)


def fault_code(recorder: Recorder) -> str:
    return recorder.fault.code if recorder.fault else ""


# --- a crash ----------------------------------------------------------------------------------------------------


def test_a_killed_recorder_leaves_a_file_that_plays_up_to_its_last_fragment(tmp_path: Path, clip: Path) -> None:
    script = Path(__file__).with_name("kill_me.py")
    command = [sys.executable, str(script), str(clip), str(tmp_path / "front")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        last_s = 0.0
        for line in process.stdout:
            last_s = float(line)
            if last_s >= 7.5:
                break
        process.send_signal(signal.SIGKILL)
        last_s = max([last_s, *(float(line) for line in process.stdout)])
    part = list_recordings(tmp_path / "front")[0]
    assert not part.finished
    # As it is, before any repair: fragments are at most a second long, packets wait 0.1 s for their batch, and the
    # clip plays at four times its speed on a machine that may be busy, and held up for a second.
    playable_s = len(decode_file_leniently(part.path)) * 0.04
    assert playable_s >= last_s - 5.0
    assert repair_parts(tmp_path / "front") == 1
    whole = list_recordings(tmp_path / "front")[0]
    assert whole.finished
    assert len(decode_file(whole.path)) * 0.04 == pytest.approx(whole.duration_s, abs=0.05)


def decode_file_leniently(path: Path) -> list[object]:
    """What any player shows of a file whose end is missing."""
    import av

    with av.open(str(path), format="mp4") as container:
        pictures: list[object] = []
        with contextlib.suppress(av.FFmpegError):
            pictures.extend(container.decode(video=0))
        return pictures


def test_the_next_start_makes_a_recording_of_what_a_crash_left(tmp_path: Path, clip: Path) -> None:
    crashed = Recorder("front", tmp_path, LONG, copy=True)
    for packet in read_packets(clip):
        crashed.offer_packet(packet)
    wait_until(lambda: crashed._queued_bytes == 0)
    part = list_recordings(tmp_path)[0].path
    copied = tmp_path / "after_crash" / part.parent.name / part.name
    copied.parent.mkdir(parents=True)
    shutil.copy(part, copied)
    with copied.open("ab") as file:
        file.write(b"\x00\x00\x40\x00moof half a fragment")
    crashed.close()

    recorder = Recorder("front", copied.parents[1], SPEC, copy=True)
    wait_until(lambda: all(one.finished for one in list_recordings(copied.parents[1])))
    recorder.close()
    repaired = list_recordings(copied.parents[1])[0]
    assert len(decode_file(repaired.path)) >= 225
    assert repaired.duration_s == pytest.approx(len(decode_file(repaired.path)) * 0.04)


def test_an_empty_part_is_removed(tmp_path: Path) -> None:
    day = tmp_path / "2023-11-14"
    day.mkdir()
    (day / "20231114T221320.500Z.mp4.part").write_bytes(b"")
    (day / "20231114T221330.500Z.mkv.part").write_bytes(b"nothing that plays")
    assert repair_parts(tmp_path) == 0
    assert list_recordings(tmp_path) == []


def test_a_part_that_is_being_written_is_left_alone(tmp_path: Path, clip: Path) -> None:
    recorder = Recorder("front", tmp_path, LONG, copy=True)
    for packet in read_packets(clip):
        recorder.offer_packet(packet)
    wait_until(lambda: recorder._queued_bytes == 0)
    assert repair_parts(tmp_path) == 0
    recorder.close()
    assert [len(decode_file(one.path)) for one in list_recordings(tmp_path)] == [250]


def wait_until(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, "it did not happen in time"
        time.sleep(0.02)


# --- disks ------------------------------------------------------------------------------------------------------


def test_a_disk_that_others_fill_is_a_fault_and_recovery_needs_nobody(small_disk: Path, clip: Path) -> None:
    recorder = Recorder("front", small_disk / "front", SPEC, copy=True)
    camera = Camera(recorder, clip)
    camera.play_until(lambda: recorder.segments >= 3)
    ballast = small_disk / "ballast"
    fill(ballast)
    camera.play_until(lambda: fault_code(recorder) == "storage.full")
    assert recorder.drops["storage"] > 0
    segments = recorder.segments
    ballast.unlink()
    camera.play_until(lambda: recorder.fault is None and recorder.segments > segments + 3)
    recorder.close()
    assert all(decode_file(one.path) for one in list_recordings(small_disk / "front"))


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return


def test_a_file_that_outgrows_the_disk_is_kept_up_to_there(small_disk: Path, clip: Path) -> None:
    recorder = Recorder("front", small_disk / "front", LONG, copy=True)
    camera = Camera(recorder, clip)
    camera.play_until(lambda: recorder.recording)
    fill(small_disk / "ballast")
    camera.play_until(lambda: fault_code(recorder) == "storage.full")
    recorder.close()
    assert all(one.finished and decode_file(one.path) for one in list_recordings(small_disk / "front"))
    assert not list((small_disk / "front").rglob("*.part"))


def test_the_reserve_of_a_small_disk_stays_free_by_deleting_the_oldest(small_disk: Path, clip: Path) -> None:
    recorder = Recorder("front", small_disk / "front", SPEC, copy=True)
    first = small_disk / "front" / "2023-11-14"
    Camera(recorder, clip).play_until(lambda: recorder.segments >= 170 and recorder.fault is None)
    recorder.close()
    assert recorder.drops == {}
    found = list_recordings(small_disk / "front")
    assert 20 < len(found) < 170
    assert shutil.disk_usage(small_disk).free > 0.04 * 1_048_576
    assert max(one.started_unix_s for one in found) == found[-1].started_unix_s
    assert first.exists()


def test_a_read_only_disk_is_a_fault_and_recovery_needs_nobody(small_disk: Path, clip: Path) -> None:
    recorder = Recorder("front", small_disk / "front", SPEC, copy=True)
    camera = Camera(recorder, clip)
    camera.play_until(lambda: recorder.segments >= 3)
    recorder.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    recorder = Recorder("front", small_disk / "front", SPEC, copy=True)
    camera = Camera(recorder, clip)
    camera.play_until(lambda: fault_code(recorder) == "storage.read_only")
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    camera.play_until(lambda: recorder.fault is None and recorder.segments > 3)
    recorder.close()
    assert all(one.finished for one in list_recordings(small_disk / "front"))


def test_a_folder_that_vanishes_is_made_again(tmp_path: Path, clip: Path) -> None:
    folder = tmp_path / "front"
    recorder = Recorder("front", folder, LONG, copy=True)
    camera = Camera(recorder, clip)
    camera.play_until(lambda: recorder.recording)
    shutil.rmtree(folder)
    camera.play_until(lambda: recorder.recording and len(list_recordings(folder)) == 1)
    recorder.close()
    assert len(decode_file(list_recordings(folder)[0].path)) > 0


def test_a_file_where_the_folder_should_be_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "front").write_text("in the way")
    recorder = Recorder("front", tmp_path / "front", SPEC, copy=True)
    wait_until(lambda: recorder.fault is not None)
    recorder.close()
    assert fault_code(recorder) == "sink.failed"

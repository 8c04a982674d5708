"""The thread behind a source: it is never waited for longer than asked, and never lets a container leak."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.fakes.sockets import Deaf
from tests.fakes.video_files import make_video

from popcam.core.errors import SourceEndedError, SourceTimeoutError
from popcam.media.sources.container import Recipe, open_container
from popcam.media.sources.reader import FILE_QUEUE_PACKETS, Opened, PacketReader


def reader_of(path: Path) -> PacketReader:
    recipe = Recipe(kind="file", url=str(path), options={}, live=False)
    return PacketReader(lambda: open_container(recipe), name="test")


@pytest.mark.alone
def test_an_opening_that_hangs_is_left_behind() -> None:
    release = threading.Event()

    def hang() -> Opened:
        release.wait(10)
        raise OSError(5, "too late")

    reader = PacketReader(hang, name="test")
    start_s = time.monotonic()
    with pytest.raises(SourceTimeoutError):
        reader.wait_opened(0.2)
    reader.close()
    assert time.monotonic() - start_s < 5  # it hangs for 10 s
    assert reader.hangs
    release.set()
    time.sleep(0.1)
    assert not reader.hangs


def test_an_opening_that_ends_after_close_closes_its_container(tmp_path: Path) -> None:
    path, release, opened = make_video(tmp_path / "a.mp4", frames=5), threading.Event(), []

    def late() -> Opened:
        release.wait(10)
        opened.append(open_container(Recipe(kind="file", url=str(path), options={}, live=False)))
        return opened[0]

    reader = PacketReader(late, name="test")
    reader.close()
    release.set()
    end_s = time.monotonic() + 60
    while reader.hangs and time.monotonic() < end_s:
        time.sleep(0.01)
    assert not reader.hangs
    with pytest.raises(AssertionError):
        _ = opened[0].container.duration  # PyAV's way to say that it is closed


def test_a_recording_waits_for_its_reader(tmp_path: Path) -> None:
    reader = reader_of(make_video(tmp_path / "a.mp4", frames=200))
    reader.wait_opened(60)
    end_s = time.monotonic() + 60
    while len(reader._queue) < FILE_QUEUE_PACKETS and time.monotonic() < end_s:
        time.sleep(0.01)
    time.sleep(0.2)  # in which it could read on
    assert len(reader._queue) == FILE_QUEUE_PACKETS
    count = 0
    while reader.next(5) is not None:
        count += 1
    assert count == 200
    reader.close()
    assert not reader.hangs


def test_close_wakes_whoever_waits(tmp_path: Path) -> None:
    release = threading.Event()

    def hang() -> Opened:
        release.wait(10)
        raise OSError(5, "too late")

    reader = PacketReader(hang, name="test")
    threading.Timer(0.1, reader.close).start()
    with pytest.raises(SourceEndedError):
        reader.next(10)
    release.set()


def test_no_thread_stays_after_close(tmp_path: Path) -> None:
    before = threading.active_count()
    for _ in range(5):
        reader = reader_of(make_video(tmp_path / "a.mp4", frames=100))
        reader.wait_opened(5)
        reader.close()
        assert not reader.hangs
    assert threading.active_count() <= before


def test_a_process_ends_cleanly_and_quietly_while_a_source_hangs() -> None:
    program = (
        "from popcam.core.errors import SourceError\n"
        "from popcam.media.sources import Continuity, open_source\n"
        "from popcam.core.spec import DecodeSpec, SourceSpec\n"
        "import sys\n"
        "spec = SourceSpec(url=sys.argv[1], open_timeout_s=0.5)\n"
        "try:\n"
        "    open_source(spec, DecodeSpec(hardware='none'), Continuity())\n"
        "except SourceError as error:\n"
        "    print(error.code)\n"
    )
    with Deaf() as deaf:
        ended = subprocess.run(
            [sys.executable, "-c", program, f"rtsp://127.0.0.1:{deaf.port}/cam"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    assert (ended.returncode, ended.stdout.strip(), ended.stderr) == (0, "source.timeout", "")

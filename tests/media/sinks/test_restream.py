"""Restreams against real servers: absent, present, gone, silent."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs
from tests.fakes.ports import free_port
from tests.media.packets import make_clip, read_packets
from tests.media.pictures import facts_of, gradient_planes, make_frame
from tests.media.sinks.listeners import Listener, silent_server

from popcam.core.errors import RestreamError, SinkError
from popcam.core.spec import RestreamSpec
from popcam.media.sinks import pusher as pusher_module
from popcam.media.sinks import restream as restream_module
from popcam.media.sinks.pusher import target_format
from popcam.media.sinks.restream import Restream


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds of H.264, a keyframe each second."""
    return make_clip(tmp_path_factory.mktemp("clips") / "ten_seconds.mp4")


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restream_module, "_RETRY_FIRST_S", 0.1)
    monkeypatch.setattr(restream_module, "_RETRY_MOST_S", 0.3)


class Camera:
    """Sends a clip for ever, twice as fast as its own time, in a thread of its own."""

    def __init__(self, clip: Path, restream: Restream, *, frames: bool = False) -> None:
        self._clip = clip
        self._restream = restream
        self._ended = threading.Event()
        self.slowest_s = 0.0
        self._thread = threading.Thread(target=self._send_frames if frames else self._send_packets, daemon=True)
        self._thread.start()

    def _send_packets(self) -> None:
        for turn in itertools.count():
            for packet in read_packets(self._clip, start_s=turn * 10.0):
                if self._ended.wait(0.02):
                    return
                started_s = time.perf_counter()
                self._restream.offer_packet(packet)
                self.slowest_s = max(self.slowest_s, time.perf_counter() - started_s)

    def _send_frames(self) -> None:
        for seq in itertools.count():
            if self._ended.wait(0.02):
                return
            frame = make_frame(gradient_planes(160, 120, shift=seq), seq)
            self._restream.offer(frame, facts_of(frame))

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


@pytest.fixture
def play(clip: Path) -> Iterator[Callable[..., tuple[Restream, Camera]]]:
    """Starts restreams with a camera behind; ends all of them."""
    started: list[tuple[Restream, Camera]] = []

    def start(url: str, *, copy: bool = True) -> tuple[Restream, Camera]:
        restream = Restream("front", RestreamSpec(url=url), copy=copy)
        started.append((restream, Camera(clip, restream, frames=not copy)))
        return started[-1]

    yield start
    for restream, camera in started:
        camera.end()
        restream.close()


Play = Callable[..., tuple[Restream, Camera]]


def wait_until(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, "it did not happen in time"
        time.sleep(0.02)


def local(scheme: str) -> str:
    return f"{scheme}://127.0.0.1:{free_port()}/live/front"


@pytest.mark.parametrize("scheme", ["rtsp", "rtmp"])
@pytest.mark.parametrize("copy", [True, False])
def test_a_server_gets_the_stream_from_a_keyframe_on(play: Play, scheme: str, copy: bool) -> None:
    url = local(scheme)
    listener = Listener(url)
    time.sleep(0.3)
    restream, _ = play(url, copy=copy)
    wait_until(lambda: len(listener.keyframes) >= 60)
    assert restream.fault is None
    assert restream.connected
    assert listener.keyframes[0]
    assert {(picture.width, picture.height) for picture in listener.pictures} == {(160, 120)}
    listener.stop()


@pytest.mark.alone
@pytest.mark.parametrize("scheme", ["rtsp", "rtmp"])
def test_a_server_that_is_absent_comes_goes_and_returns(play: Play, scheme: str) -> None:
    url = local(scheme)
    restream, camera = play(url)
    wait_until(lambda: restream.fault is not None and restream.fault.count >= 2)
    assert restream.fault is not None
    assert (restream.fault.code, restream.fault.detail) == ("restream.failed", "Connection refused")
    for _ in range(2):
        listener = Listener(url)
        wait_until(lambda listener=listener: len(listener.keyframes) >= 20)  # type: ignore[misc] # of this turn
        wait_until(lambda: restream.fault is None)
        assert listener.keyframes[0]
        listener.stop()
        wait_until(lambda: restream.fault is not None)
    assert restream.drops["offline"] > 0
    assert camera.slowest_s < pusher_module.CONNECT_S / 2


@pytest.mark.alone
@pytest.mark.parametrize("scheme", ["rtsp", "rtmp"])
def test_a_server_that_never_answers_is_given_up(play: Play, scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pusher_module, "CONNECT_S", 4.0)
    with silent_server() as port:
        restream, camera = play(f"{scheme}://127.0.0.1:{port}/live/front")
        wait_until(lambda: restream.fault is not None)
        assert restream.fault is not None
        assert restream.fault.detail == "no answer within 4 s"
        assert camera.slowest_s < 3  # nobody waits for the answer


def test_closing_is_quick_even_when_the_server_hangs(clip: Path) -> None:
    with silent_server() as port:
        restream = Restream("front", RestreamSpec(url=f"rtsp://127.0.0.1:{port}/live"), copy=True)
        camera = Camera(clip, restream)
        wait_until(lambda: restream._pusher is not None)
        camera.end()
        started_s = time.monotonic()
        restream.close()
        assert time.monotonic() - started_s < pusher_module.CONNECT_S - 1


def test_no_process_stays_behind(play: Play) -> None:
    url = local("rtsp")
    listener = Listener(url)
    restream, camera = play(url)
    wait_until(lambda: restream.connected)
    pusher = restream._pusher
    assert pusher is not None
    child = psutil.Process(pusher._process.pid)
    camera.end()
    restream.close()
    assert not child.is_running()
    listener.stop()


def test_a_process_that_dies_is_replaced(play: Play) -> None:
    url = local("rtsp")
    listener = Listener(url)
    restream, _ = play(url)
    wait_until(lambda: restream.connected)
    pusher = restream._pusher
    assert pusher is not None
    pusher._process.kill()
    wait_until(lambda: restream.fault is not None)
    listener.stop()
    second = Listener(url)
    wait_until(lambda: len(second.keyframes) > 10)
    second.stop()


def test_the_push_process_ends_with_its_parent_and_tells_no_secret_in_its_arguments(play: Play) -> None:
    url = f"rtsp://user:geheim@127.0.0.1:{free_port()}/live/front"
    listener = Listener(url.replace("user:geheim@", ""))
    restream, _ = play(url)
    wait_until(lambda: restream.connected)
    pusher = restream._pusher
    assert pusher is not None
    child = psutil.Process(pusher._process.pid)
    assert "geheim" not in " ".join(child.cmdline())
    # What the end of the parent is for it: its input ends.
    pusher._pipe.close()
    psutil.wait_procs([child], timeout=5)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    listener.stop()


def test_credentials_stay_out_of_logs_and_faults(play: Play) -> None:
    with capture_logs() as logs:
        restream, _ = play(f"rtmp://user:geheim@127.0.0.1:{free_port()}/live?token=geheim")
        wait_until(lambda: restream.fault is not None)
    assert logs
    assert "geheim" not in f"{logs}{restream.fault}{restream._spec!r}"


def test_a_stream_that_changes_size_is_sent_anew(tmp_path: Path, clip: Path) -> None:
    url = local("rtsp")
    first = Listener(url)
    restream = Restream("front", RestreamSpec(url=url), copy=True)
    other = make_clip(tmp_path / "other.mp4", seconds=4.0, size_wh=(320, 240))
    packets = iter(read_packets(clip))
    while len(first.pictures) < 10:
        restream.offer_packet(next(packets))
        time.sleep(0.03)
    first.ask_to_stop()
    while first.is_alive():
        restream.offer_packet(next(packets))
        time.sleep(0.03)
    second = Listener(url)
    for packet in read_packets(other, start_s=20.0, generation=1):
        restream.offer_packet(packet)
        time.sleep(0.04)
    wait_until(lambda: len(second.pictures) > 0)
    restream.close()
    second.stop()
    assert {(picture.width, picture.height) for picture in second.pictures} == {(320, 240)}


def test_pictures_that_were_reordered_arrive_in_order(tmp_path: Path) -> None:
    url = local("rtsp")
    listener = Listener(url)
    restream = Restream("front", RestreamSpec(url=url), copy=True)
    for packet in read_packets(make_clip(tmp_path / "reordered.mp4", seconds=3.0, b_frames=2)):
        restream.offer_packet(packet)
        time.sleep(0.02)
    wait_until(lambda: len(listener.pictures) > 50)
    restream.close()
    listener.stop()
    times = [picture.pts for picture in listener.pictures if picture.pts is not None]
    assert times == sorted(set(times))


def test_a_privacy_restream_refuses_packets(clip: Path) -> None:
    restream = Restream("front", RestreamSpec(url=local("rtsp")), copy=False)
    with pytest.raises(SinkError, match="unprocessed packet"):
        restream.offer_packet(next(iter(read_packets(clip))))
    restream.close()


def test_nothing_is_encoded_while_the_server_is_away(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restream_module, "_RETRY_MOST_S", 30.0)
    monkeypatch.setattr(restream_module, "_RETRY_FIRST_S", 30.0)
    restream, _ = play(local("rtsp"), copy=False)
    wait_until(lambda: restream.fault is not None)
    wait_until(lambda: not restream.wanted)


@pytest.mark.parametrize("url", ["srt://host/live", "http://host/live", "/tmp/file.mp4"])
def test_other_addresses_are_refused_by_name(url: str) -> None:
    with pytest.raises(RestreamError, match="only rtsp"):
        target_format(url)


def test_a_wrong_address_is_a_fault_of_the_restream(play: Play) -> None:
    restream, _ = play("srt://user:geheim@127.0.0.1/live")
    wait_until(lambda: restream.fault is not None)
    assert restream.fault is not None
    assert "only rtsp" in restream.fault.detail
    assert "geheim" not in restream.fault.detail

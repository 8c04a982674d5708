"""A real worker process, spoken to over its sockets."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
import pytest
from tests.fakes.worker_process import WorkerClient, running_worker

from popcam.core import protocol
from popcam.core.allocations import Recording
from popcam.core.facts import CameraState, PreviewFrame, WorkerStatus
from popcam.core.spec import ActSpec, CameraSpec, DetectSpec, RecordSpec, SourceSpec

pytestmark = pytest.mark.slow

SYNTHETIC = SourceSpec(url="synthetic:?width=320&height=180&fps=20")


def camera(camera_id: str = "cam", **more: object) -> CameraSpec:
    values: dict[str, object] = {"source": SYNTHETIC, "act": ActSpec(kind="pass")}
    return CameraSpec(id=camera_id, **(values | more))  # type: ignore[arg-type]


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[WorkerClient]:
    with running_worker(tmp_path) as client:
        client.hello()
        yield client


def start(worker: WorkerClient, spec: CameraSpec, epoch: int = 1) -> None:
    worker.subscribe(protocol.topic(spec.id, "status"))
    assert worker.ask(protocol.StartCamera(spec=spec, epoch=epoch)) == protocol.Done()
    worker.status_where(spec.id, state=CameraState.RUNNING, epoch=epoch)


def test_hello_tells_who_it_is(worker: WorkerClient) -> None:
    reply = worker.hello()
    assert isinstance(reply, protocol.Welcome)
    assert (reply.worker_id, reply.pid) == ("w1", worker.process.pid)


def test_another_protocol_version_is_refused(worker: WorkerClient) -> None:
    reply = worker.ask(protocol.Hello(protocol_version=999, server_id="test"))
    assert isinstance(reply, protocol.Refused)
    assert reply.code == "worker.protocol_mismatch"


def test_commands_before_hello_are_refused(tmp_path: Path) -> None:
    with running_worker(tmp_path) as client:
        reply = client.ask(protocol.GetStatus())
        assert isinstance(reply, protocol.Refused)
        assert reply.code == "worker.command_refused"


def test_garbage_is_refused_and_the_worker_lives(worker: WorkerClient) -> None:
    reply = worker.send_raw(b"\xc1garbage")
    assert isinstance(reply, protocol.Refused)
    assert reply.code == "worker.command_refused"
    assert worker.ask(protocol.Ping()) == protocol.Done()


def test_camera_runs_and_stops(worker: WorkerClient) -> None:
    start(worker, camera())
    assert worker.ask(protocol.StopCamera(camera_id="cam")) == protocol.Done()
    assert worker.ask(protocol.GetStatus()) == protocol.StatusReply(cameras=())


def test_starting_twice_changes_nothing(worker: WorkerClient) -> None:
    start(worker, camera())
    frames = worker.status_where("cam").frames
    assert worker.ask(protocol.StartCamera(spec=camera(), epoch=1)) == protocol.Done()
    assert worker.status_where("cam").frames >= frames


def test_changed_spec_keeps_the_stream_open(worker: WorkerClient) -> None:
    start(worker, camera())
    seq_before = snapshot(worker).seq
    start(worker, camera(name="other"), epoch=2)
    end_s = time.monotonic() + 60
    while (seq := snapshot(worker).seq) == seq_before and time.monotonic() < end_s:
        time.sleep(0.05)
    assert seq > seq_before


def test_changed_source_replaces_the_pipeline(worker: WorkerClient) -> None:
    start(worker, camera())
    start(worker, camera(source=SourceSpec(url="synthetic:?width=160&height=90&fps=20")), epoch=2)
    assert worker.status_where("cam", width_px=160).height_px == 90


def snapshot(worker: WorkerClient) -> protocol.SnapshotReply:
    reply = worker.ask(protocol.GetSnapshot(camera_id="cam"))
    assert isinstance(reply, protocol.SnapshotReply), reply
    return reply


def test_snapshot_is_a_jpeg(worker: WorkerClient) -> None:
    start(worker, camera())
    assert snapshot(worker).jpeg[:3] == b"\xff\xd8\xff"


def recorded(worker: WorkerClient, what: Literal["begin", "look", "end"], for_s: float = 60.0) -> Recording:
    reply = worker.ask(protocol.RecordAllocations(what=what, for_s=for_s))
    assert isinstance(reply, protocol.AllocationsRecorded), reply
    return reply.recording


def test_where_its_memory_goes_is_recorded_on_demand(worker: WorkerClient) -> None:
    assert not recorded(worker, "look").running
    assert recorded(worker, "begin").running
    start(worker, camera())
    again = worker.ask(protocol.RecordAllocations(what="begin"))
    assert isinstance(again, protocol.Refused)
    assert again.code == "monitoring.snapshot_busy"
    assert recorded(worker, "look").lines[0].grown_bytes > 1000
    ended = recorded(worker, "end")
    assert not ended.running
    assert ended.lines == recorded(worker, "look").lines  # what was found last stays


def test_recording_memory_ends_by_itself(worker: WorkerClient) -> None:
    recorded(worker, "begin", for_s=1.0)
    end_s = time.monotonic() + 60
    while isinstance(worker.ask(protocol.RecordAllocations(what="begin")), protocol.Refused):
        assert time.monotonic() < end_s
        time.sleep(0.2)


def test_unknown_camera_has_a_name_for_it(worker: WorkerClient) -> None:
    for command in (
        protocol.GetSnapshot(camera_id="nobody"),
        protocol.RequestKeyframe(camera_id="nobody", kind="preview.h264"),
    ):
        reply = worker.ask(command)
        assert isinstance(reply, protocol.Refused)
        assert reply.code == "camera.not_running"


def test_preview_is_encoded_only_while_somebody_subscribes(worker: WorkerClient) -> None:
    start(worker, camera())
    topic = protocol.topic("cam", "preview.jpeg")
    assert worker.status_where("cam").viewers == 0
    worker.subscribe(topic)
    header, payload = worker.fact(topic)
    assert payload[:3] == b"\xff\xd8\xff"
    assert msgspec.msgpack.decode(header, type=PreviewFrame).camera_id == "cam"
    worker.status_where("cam", viewers=1)
    worker.unsubscribe(topic)
    assert worker.status_where("cam", viewers=0).state is CameraState.RUNNING


def test_unreachable_source_is_a_named_state_and_others_run(worker: WorkerClient, tmp_path: Path) -> None:
    start(worker, camera("good"))
    worker.subscribe(protocol.topic("bad", "status"))
    bad = camera("bad", source=SourceSpec(url=str(tmp_path / "nowhere.mp4")))
    assert worker.ask(protocol.StartCamera(spec=bad)) == protocol.Done()
    status = worker.status_where("bad", state=CameraState.RECONNECTING)
    assert [fault.code for fault in status.faults] == ["source.not_found"]
    assert worker.status_where("good", state=CameraState.RUNNING).faults == ()


def test_each_camera_has_its_log(worker: WorkerClient, tmp_path: Path) -> None:
    start(worker, camera())
    lines = (tmp_path / "log" / "cameras" / "cam.log").read_text().splitlines()
    events = [msgspec.json.decode(line)["event"] for line in lines]
    assert events[:2] == ["camera.started", "source.opened"]


def test_passwords_reach_no_log(worker: WorkerClient, tmp_path: Path) -> None:
    worker.subscribe(protocol.topic("cam", "status"))
    source = SourceSpec(url="rtsp://user:geheim77@127.0.0.1:1/x?token=geheim78", open_timeout_s=2)
    worker.ask(protocol.StartCamera(spec=camera(source=source)))
    status = worker.status_where("cam", state=CameraState.RECONNECTING)
    texts = [path.read_text() for path in (tmp_path / "log" / "cameras" / "cam.log", tmp_path / "worker.log")]
    assert not any("geheim" in text for text in [*texts, repr(status)])
    assert status.faults[0].code == "source.unreachable"


def test_heartbeat_tells_what_the_process_takes(worker: WorkerClient) -> None:
    worker.subscribe(protocol.WORKER_TOPIC)
    start(worker, camera(detect=DetectSpec(faces="yunet"), act=ActSpec(kind="boxes")))
    time.sleep(1.5)
    statuses = [msgspec.msgpack.decode(worker.fact(protocol.WORKER_TOPIC)[0], type=WorkerStatus) for _ in range(2)]
    assert statuses[-1].pid == worker.process.pid
    assert statuses[-1].rss_bytes > 10_000_000


def test_it_says_that_it_loads_a_model_before_it_does(worker: WorkerClient) -> None:
    worker.subscribe(protocol.WORKER_TOPIC)
    worker.subscribe(protocol.topic("cam", "preview.jpeg"))
    worker.fact(protocol.WORKER_TOPIC)
    hiding = camera(detect=DetectSpec(faces="yunet"), act=ActSpec(kind="hide"))
    assert worker.ask(protocol.StartCamera(spec=hiding)) == protocol.Done()
    loading: list[str] = []
    while "yunet" not in loading or loading[-1]:
        status = msgspec.msgpack.decode(worker.fact(protocol.WORKER_TOPIC)[0], type=WorkerStatus)
        loading.append(status.loading)
    assert set(loading) == {"", "yunet"}


@pytest.mark.parametrize("how", ["command", "SIGTERM"])
def test_graceful_end_finishes_recordings(worker: WorkerClient, tmp_path: Path, how: str) -> None:
    start(worker, camera(record=RecordSpec(mode="continuous", segment_s=600)))
    folder, end_s = tmp_path / "recordings" / "cam", time.monotonic() + 60
    while not any(path.is_file() and path.stat().st_size for path in folder.rglob("*")):
        assert time.monotonic() < end_s
        time.sleep(0.05)
    if how == "command":
        assert worker.ask(protocol.Shutdown()) == protocol.Done()
    else:
        worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(15) == 0
    recordings = list(folder.rglob("*.*"))
    assert [path.suffix for path in recordings if path.is_file()] == [".mp4"]


def test_worker_ends_when_its_server_falls_silent(tmp_path: Path) -> None:
    with running_worker(tmp_path, server_loss_s=1.0) as client:
        client.hello()
        assert client.process.wait(15) == 0


def test_worker_goes_on_without_its_server_when_set_so(tmp_path: Path) -> None:
    with running_worker(tmp_path, server_loss_s=0.5, on_server_loss="continue") as client:
        client.hello()
        client.subscribe(protocol.topic("cam", "status"))
        client.ask(protocol.StartCamera(spec=camera()))
        silent_until_s = time.time() + 3
        time.sleep(3)
        assert client.process.poll() is None
        status = client.status_where("cam", state=CameraState.RUNNING)
        while status.at_unix_s < silent_until_s:  # those that were sent meanwhile
            status = client.status_where("cam", state=CameraState.RUNNING)
        assert status.fps > 0


def test_many_starts_and_stops_leave_nothing_open(worker: WorkerClient) -> None:
    worker.subscribe(protocol.WORKER_TOPIC)

    def cycle(count: int) -> WorkerStatus:
        for _ in range(count):
            start(worker, camera())
            worker.ask(protocol.StopCamera(camera_id="cam"))
        time.sleep(1.2)
        while worker.facts.poll(0):
            worker.facts.recv_multipart()
        return msgspec.msgpack.decode(worker.fact(protocol.WORKER_TOPIC)[0], type=WorkerStatus)

    before, after = cycle(2), cycle(5)
    assert after.open_files <= before.open_files + 2
    assert after.threads <= before.threads + 1

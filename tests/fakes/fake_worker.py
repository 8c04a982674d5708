"""A worker that is a real process and speaks the real protocol, and fails on demand.

Start it as the fleet starts the real one: `python fake_worker.py` with WorkerSettings in standard input. How a camera
behaves stands in the address of its source, several joined by `&`:

    fake:ok                 runs
    fake:crash=0.2          ends the process with SIGKILL that long after its start
    fake:crash-once=PATH    the same at once, unless PATH exists; it is created first
    fake:hang               the whole process stops answering and publishing
    fake:silent             the camera publishes one status and then nothing
    fake:slow=0.5           the start is answered that much later
    fake:refuse             the start is refused with worker.command_refused
    fake:no-frame           a snapshot is refused with camera.no_frame
    fake:event              an event is published with each status
    fake:stuck              a stop is never answered
    fake:lively             its picture is known to change
    fake:calm               statuses and heartbeats come once a second, as from a real worker, not every 0.2 s

Arguments set how the process behaves: `--start=crash`, `--start=hang`, `--start=slow:2`, `--protocol=99`.
What it did is appended to `<data_dir>/fake.log` as JSON lines: start, camera, stop, subscribe, unsubscribe, keyframe,
restart_stream, finished (a recording was closed).
"""

import argparse
import dataclasses
import itertools
import os
import signal
import sys
import time
from pathlib import Path
from urllib.parse import parse_qsl

import msgspec
import psutil
import zmq

from popcam.core.allocations import Recording
from popcam.core.errors import (
    CameraNoFrameError,
    CameraNotRunningError,
    CommandRefusedError,
    PopcamError,
    SourceUnreachableError,
)
from popcam.core.facts import CameraState, CameraStatus, Event, PreviewFrame, WorkerStatus
from popcam.core.protocol import (
    PREVIEW_KINDS,
    PROTOCOL_VERSION,
    WORKER_TOPIC,
    AllocationsRecorded,
    Command,
    DevicesFound,
    Done,
    FindDevices,
    GetSnapshot,
    GetStatus,
    Hello,
    Ping,
    Question,
    RecordAllocations,
    Reply,
    RequestKeyframe,
    RestartStream,
    Shutdown,
    SnapshotReply,
    SourceTested,
    StartCamera,
    StatusReply,
    StopCamera,
    TestSource,
    Welcome,
    check_version,
    decode_command,
    encode,
    parse_topic,
    refusal,
    topic,
)
from popcam.core.spec import CameraSpec
from popcam.core.worker_settings import WorkerSettings

STATUS_EVERY_S = 0.2
PREVIEW_EVERY_S = 0.02
KEYFRAME_EVERY = 50


@dataclasses.dataclass
class FakeCamera:
    spec: CameraSpec
    epoch: int
    started_s: float
    statuses: int = 0

    def asks(self, name: str) -> str | None:
        behaviour = dict(parse_qsl(self.spec.source.url.removeprefix("fake:"), keep_blank_values=True))
        return behaviour.get(name)


class FakeWorker:
    def __init__(self, settings: WorkerSettings, protocol: int) -> None:
        self.settings = settings
        self.protocol = protocol
        self.cameras: dict[str, FakeCamera] = {}
        self.watched: set[bytes] = set()
        self.keyframe_due: set[bytes] = set()
        self.greeted = False
        self.running = True
        self.heard_s = self.began_s = time.monotonic()
        self.seq = itertools.count()
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context.instance()
        self.commands = self._bind(context.socket(zmq.ROUTER), settings.commands_endpoint)
        self.facts = self._bind(context.socket(zmq.XPUB), settings.facts_endpoint)
        self.journal("start", pid=os.getpid())

    def _bind(self, socket: "zmq.Socket[bytes]", endpoint: str) -> "zmq.Socket[bytes]":
        socket.linger = 0
        if self.settings.curve_secret_key:
            socket.curve_server = True
            socket.curve_publickey = self.settings.curve_public_key.encode()
            socket.curve_secretkey = self.settings.curve_secret_key.encode()
        socket.bind(endpoint)
        return socket

    def journal(self, what: str, **facts: object) -> None:
        line = msgspec.json.encode({"what": what, "worker": self.settings.worker_id, "at": time.time(), **facts})
        with (Path(self.settings.data_dir) / "fake.log").open("ab") as file:
            file.write(line + b"\n")

    def run(self) -> None:
        poller = zmq.Poller()
        poller.register(self.commands, zmq.POLLIN)
        poller.register(self.facts, zmq.POLLIN)
        next_status_s = next_preview_s = 0.0
        while self.running:
            previews = any(b"/preview." in name for name in self.watched)
            due_s = min(next_status_s, next_preview_s) if previews else next_status_s
            ready = dict(poller.poll(int(max(0.0, min(due_s - time.monotonic(), STATUS_EVERY_S)) * 1000.0) + 1))
            if self.facts in ready:
                self._subscription(self.facts.recv())
            if self.commands in ready:
                self._answer(*self.commands.recv_multipart())
            now_s = time.monotonic()
            if now_s >= next_status_s:
                calm = any(camera.asks("calm") is not None for camera in self.cameras.values())
                next_status_s = now_s + (1.0 if calm else STATUS_EVERY_S)
                self._publish_statuses()
                self._misbehave(now_s)
                self._mind_the_server(now_s)
            if previews and now_s >= next_preview_s:
                next_preview_s = now_s + PREVIEW_EVERY_S
                self._publish_previews()
        for camera_id in list(self.cameras):
            self._stop_camera(camera_id)
        zmq.Context.instance().destroy(linger=200)

    def _subscription(self, message: bytes) -> None:
        name = message[1:]
        if message[0]:
            self.watched.add(name)
        else:
            self.watched.discard(name)
        self.journal("subscribe" if message[0] else "unsubscribe", topic=name.decode())

    def _answer(self, peer: bytes, key: bytes, raw: bytes) -> None:
        self.heard_s = time.monotonic()
        command = decode_command(raw)
        try:
            reply = self._carry_out(command)
        except PopcamError as exc:
            reply = refusal(exc)
        if reply is not None:
            self.commands.send_multipart([peer, key, encode(reply)])

    def _carry_out(self, command: Command) -> Reply | None:
        if not self.greeted and not isinstance(command, Hello):
            raise CommandRefusedError("Hello comes first")
        match command:
            case Hello():
                if self.protocol == PROTOCOL_VERSION:
                    check_version(command.protocol_version)
                self.greeted = True
                return Welcome(
                    protocol_version=self.protocol,
                    popcam_version="fake",
                    worker_id=self.settings.worker_id,
                    pid=os.getpid(),
                )
            case StartCamera():
                return self._start_camera(command)
            case StopCamera():
                camera = self.cameras.get(command.camera_id)
                if camera is not None and camera.asks("stuck") is not None:
                    return None
                self._stop_camera(command.camera_id)
                return Done()
            case GetStatus():
                return StatusReply(cameras=tuple(self._status(camera) for camera in self.cameras.values()))
            case RecordAllocations():
                self.journal("record_allocations", wish=command.what)
                return AllocationsRecorded(recording=Recording(running=command.what == "begin"))
            case GetSnapshot():
                return self._snapshot(command.camera_id)
            case _:
                return self._carry_out_small(command)

    def _carry_out_small(self, command: RequestKeyframe | RestartStream | Ping | Shutdown | Question) -> Reply | None:
        if isinstance(command, RequestKeyframe):
            self.journal("keyframe", camera=command.camera_id, kind=command.kind)
            self.keyframe_due.add(topic(command.camera_id, command.kind))
        elif isinstance(command, RestartStream):
            self.journal("restart_stream", camera=command.camera_id)
        elif isinstance(command, Shutdown):
            self.running = False
        elif isinstance(command, TestSource):
            return self._look_at(command.source.url)
        elif isinstance(command, FindDevices):
            return DevicesFound(devices=())
        return Done()

    def _look_at(self, url: str) -> Reply | None:
        self.journal("look", url=url)
        if url == "fake:crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if url == "fake:silent":
            return None
        if url == "fake:refuse":
            raise SourceUnreachableError(url)
        return SourceTested(codec="fake", width_px=64, height_px=48, fps=25.0)

    def _start_camera(self, command: StartCamera) -> Reply:
        spec = command.spec
        camera = FakeCamera(spec, command.epoch, time.monotonic())
        known = self.cameras.get(spec.id)
        if known is not None and (known.spec, known.epoch) == (spec, command.epoch):
            return Done()
        if camera.asks("refuse") is not None:
            raise CommandRefusedError("told to refuse")
        time.sleep(float(camera.asks("slow") or 0.0))
        self.journal("camera", camera=spec.id, epoch=command.epoch, url=spec.source.url, lively=command.lively)
        self.cameras[spec.id] = camera
        once = camera.asks("crash-once")
        if once and not Path(once).exists():
            Path(once).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        self._publish_status(camera)
        return Done()

    def _stop_camera(self, camera_id: str) -> None:
        if self.cameras.pop(camera_id, None) is not None:
            self.journal("stop", camera=camera_id)
            self.journal("finished", camera=camera_id)

    def _snapshot(self, camera_id: str) -> Reply:
        camera = self.cameras.get(camera_id)
        if camera is None:
            raise CameraNotRunningError(camera_id)
        if camera.asks("no-frame") is not None:
            raise CameraNoFrameError(camera_id)
        return SnapshotReply(jpeg=b"\xff\xd8fake\xff\xd9", captured_unix_s=time.time(), seq=next(self.seq))

    def _misbehave(self, now_s: float) -> None:
        for camera in self.cameras.values():
            crash = camera.asks("crash")
            if crash is not None and now_s - camera.started_s >= float(crash or 0.0):
                os.kill(os.getpid(), signal.SIGKILL)
            if camera.asks("hang") is not None:
                time.sleep(3600.0)

    def _mind_the_server(self, now_s: float) -> None:
        """The rule of every worker: without a sign of life from the server it ends, unless told to go on."""
        if self.settings.on_server_loss == "end" and now_s - self.heard_s > self.settings.server_loss_s:
            self.running = False

    def _publish_statuses(self) -> None:
        about = WorkerStatus(
            worker_id=self.settings.worker_id,
            pid=os.getpid(),
            at_unix_s=time.time(),
            uptime_s=time.monotonic() - self.began_s,
            cpu_percent=0.0,
            rss_bytes=psutil.Process().memory_info().rss,
            threads=1,
            open_files=0,
            camera_ids=tuple(self.cameras),
        )
        self.facts.send_multipart([WORKER_TOPIC, encode(about)])
        for camera in self.cameras.values():
            if camera.asks("silent") is None or camera.statuses == 0:
                self._publish_status(camera)

    def _publish_status(self, camera: FakeCamera) -> None:
        camera.statuses += 1
        self.facts.send_multipart([topic(camera.spec.id, "status"), encode(self._status(camera))])
        if camera.asks("event") is not None:
            event = Event(
                event_id=f"{camera.spec.id}-{camera.statuses}",
                camera_id=camera.spec.id,
                kind="motion_started",
                started_unix_s=time.time(),
            )
            self.facts.send_multipart([topic(camera.spec.id, "event"), encode(event)])

    def _status(self, camera: FakeCamera) -> CameraStatus:
        now_s = time.time()
        return CameraStatus(
            camera_id=camera.spec.id,
            state=CameraState.RUNNING,
            since_unix_s=now_s - (time.monotonic() - camera.started_s),
            at_unix_s=now_s,
            epoch=camera.epoch,
            frames=camera.statuses,
            lively=camera.asks("lively") is not None,
        )

    def _publish_previews(self) -> None:
        for name in sorted(self.watched):
            camera_id, kind = parse_topic(name)
            if kind in PREVIEW_KINDS and camera_id in self.cameras:
                seq = next(self.seq)
                keyframe = kind.startswith("preview.jpeg") or seq % KEYFRAME_EVERY == 0 or name in self.keyframe_due
                self.keyframe_due.discard(name)
                header = PreviewFrame(
                    camera_id=camera_id,
                    seq=seq,
                    pts_s=seq * PREVIEW_EVERY_S,
                    captured_unix_s=time.time(),
                    published_unix_s=time.time(),
                    width_px=64,
                    height_px=48,
                    codec="jpeg" if kind.startswith("preview.jpeg") else "h264",
                    keyframe=keyframe,
                )
                self.facts.send_multipart([name, encode(header), b"picture"])


def _start_badly(how: str) -> None:
    match how.partition(":"):
        case ("crash", _, _):
            sys.exit("told to crash at the start")
        case ("hang", _, _):
            time.sleep(3600.0)
        case ("slow", _, seconds):
            time.sleep(float(seconds))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--start", default="")
    parser.add_argument("--protocol", type=int, default=PROTOCOL_VERSION)
    arguments = parser.parse_args()
    settings = msgspec.json.decode(sys.stdin.buffer.read(), type=WorkerSettings)
    _start_badly(arguments.start)
    worker = FakeWorker(settings, arguments.protocol)

    def end(*_: object) -> None:
        worker.running = False

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    worker.run()


if __name__ == "__main__":
    main()

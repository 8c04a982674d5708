"""A real worker process for tests, and a plain client for its two sockets."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import zmq

from popcam.core import protocol
from popcam.core.facts import CameraStatus
from popcam.core.worker_settings import WorkerSettings


@dataclass(slots=True)
class WorkerClient:
    """Speaks to one worker, one thing at a time."""

    process: subprocess.Popen[bytes]
    settings: WorkerSettings
    commands: "zmq.Socket[bytes]"
    facts: "zmq.Socket[bytes]"

    def ask(self, command: protocol.Command, timeout_s: float = 60) -> protocol.Reply:
        """Send a command and wait for its reply."""
        request_id = str(time.monotonic_ns()).encode()
        self.commands.send_multipart([request_id, protocol.encode(command)])
        return self.reply_to(request_id, timeout_s)

    def send_raw(self, body: bytes, timeout_s: float = 60) -> protocol.Reply:
        """Send bytes that need not be a command."""
        self.commands.send_multipart([b"raw", body])
        return self.reply_to(b"raw", timeout_s)

    def reply_to(self, request_id: bytes, timeout_s: float) -> protocol.Reply:
        deadline_s = time.monotonic() + timeout_s
        while (left_s := deadline_s - time.monotonic()) > 0:
            if not self.commands.poll(int(left_s * 1000) + 1):
                break
            answered, body = self.commands.recv_multipart()
            if answered == request_id:
                reply: protocol.Reply = protocol.decode_reply(body)
                return reply
        raise TimeoutError("the worker gave no reply")

    def hello(self) -> protocol.Reply:
        return self.ask(protocol.Hello(protocol_version=protocol.PROTOCOL_VERSION, server_id="test"))

    def subscribe(self, topic: bytes) -> None:
        self.facts.subscribe(topic)

    def unsubscribe(self, topic: bytes) -> None:
        self.facts.unsubscribe(topic)

    def fact(self, topic: bytes, timeout_s: float = 60) -> list[bytes]:
        """The next message of a topic, without the topic."""
        deadline_s = time.monotonic() + timeout_s
        while (left_s := deadline_s - time.monotonic()) > 0:
            if not self.facts.poll(int(left_s * 1000) + 1):
                break
            parts = self.facts.recv_multipart()
            if parts[0] == topic:
                return parts[1:]
        raise TimeoutError(f"nothing came for {topic!r}")

    def status_where(self, camera_id: str, **wanted: object) -> CameraStatus:
        """Wait for a status with these values."""
        deadline_s = time.monotonic() + 60
        while time.monotonic() < deadline_s:
            self.ask(protocol.Ping())
            (body,) = self.fact(protocol.topic(camera_id, "status"))
            status = msgspec.msgpack.decode(body, type=CameraStatus)
            if all(getattr(status, name) == value for name, value in wanted.items()):
                return status
        raise TimeoutError(f"{camera_id} never had {wanted}")


@contextlib.contextmanager
def running_worker(folder: Path, **more: object) -> Iterator[WorkerClient]:
    """Start `python -m popcam.worker` with sockets, data and logs below `folder`."""
    settings = WorkerSettings(
        worker_id="w1",
        commands_endpoint=f"ipc://{folder}/c",
        facts_endpoint=f"ipc://{folder}/f",
        data_dir=str(folder),
        log_dir=str(folder / "log"),
        **more,  # type: ignore[arg-type]
    )
    with (folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "popcam.worker"], stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT
        )
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(settings))
    process.stdin.close()
    context = zmq.Context()
    commands, facts = context.socket(zmq.DEALER), context.socket(zmq.SUB)
    try:
        for socket, endpoint in ((commands, settings.commands_endpoint), (facts, settings.facts_endpoint)):
            socket.setsockopt(zmq.LINGER, 0)
            socket.connect(endpoint)
        yield WorkerClient(process, settings, commands, facts)
    finally:
        commands.close()
        facts.close()
        context.term()
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

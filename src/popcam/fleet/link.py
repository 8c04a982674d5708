"""One worker as the fleet sees it: its process, its sockets, and the cameras it was told to run."""

import asyncio
from dataclasses import dataclass

import zmq.asyncio

from popcam.core.clock import Clock
from popcam.core.facts import CameraState, CameraStatus, WorkerStatus
from popcam.core.protocol import (
    PROTOCOL_VERSION,
    Command,
    GetStatus,
    Hello,
    Ping,
    Reply,
    StatusReply,
    Welcome,
    check_version,
)
from popcam.core.spec import CameraSpec
from popcam.fleet.channel import CommandChannel
from popcam.fleet.endpoints import Endpoints
from popcam.fleet.fact_reader import FactListeners, FactReader
from popcam.fleet.plan import Phase, Placed, WorkerView
from popcam.fleet.preview_reader import PreviewReader
from popcam.fleet.process import WorkerProcess
from popcam.fleet.viewers import Audience, Stream


@dataclass(slots=True)
class Placement:
    """A camera that a worker was told to run, the state it reported last, and when (`seen_s`)."""

    epoch: int
    seen_s: float
    state: CameraState = CameraState.STARTING
    spec: CameraSpec | None = None
    confirmed: bool = False
    busy: bool = False
    restarting: bool = False


class WorkerLink:
    """The server's side of one life of one worker."""

    def __init__(
        self,
        slot: str,
        token: str,
        process: WorkerProcess,
        endpoints: Endpoints,
        *,
        context: zmq.asyncio.Context,
        clock: Clock,
        listeners: FactListeners,
        audience: Audience,
    ) -> None:
        self.slot = slot
        self.token = token
        self.process = process
        self.endpoints = endpoints
        self.phase = Phase.STARTING
        self.greeted = asyncio.Event()
        self.reason = ""  # why the fleet ends it, when it does
        self.suspect = ""  # the camera that is the cause, when it is known
        self.retired = False  # the fleet does not need it any more: its end is no failure
        self.wanted_again = False  # it is ended to be started anew, with its cameras
        self.placements: dict[str, Placement] = {}
        self.status: WorkerStatus | None = None
        self.ready_s: float | None = None
        self.seen_s = self.idle_since_s = clock.monotonic_s()
        self._clock = clock
        self._audience = audience
        self._channel = CommandChannel(context, endpoints, clock)
        self._facts = FactReader(context, endpoints, listeners)
        self._previews = PreviewReader(context, endpoints, audience.offer)

    async def greet(self, server_id: str, timeout_s: float) -> Welcome:
        """Wait until the worker answers, and agree on the version.

        Raises:
            ProtocolMismatchError: another version.
            WorkerUnavailableError: no answer in time.
        """
        hello = Hello(protocol_version=PROTOCOL_VERSION, server_id=server_id)
        welcome = await self._channel.request(hello, timeout_s)
        check_version(welcome.protocol_version if isinstance(welcome, Welcome) else 0)
        assert isinstance(welcome, Welcome)  # noqa: S101 - anything else was refused one line above
        self.phase = Phase.READY
        self.greeted.set()
        self.ready_s = self.seen_s = self.idle_since_s = self._clock.monotonic_s()
        return welcome

    async def wait_ready(self, timeout_s: float) -> None:
        """Wait for the greeting to be answered.

        Raises:
            TimeoutError: it was not.
        """
        async with asyncio.timeout(timeout_s):
            await self.greeted.wait()

    async def cameras(self, timeout_s: float) -> tuple[CameraStatus, ...]:
        """Ask for the states of all its cameras."""
        reply = await self._channel.request(GetStatus(), timeout_s)
        return reply.cameras if isinstance(reply, StatusReply) else ()

    async def request(self, command: Command, timeout_s: float) -> Reply:
        """See `CommandChannel.request`."""
        return await self._channel.request(command, timeout_s)

    def notify(self, command: Command) -> None:
        """See `CommandChannel.notify`."""
        self._channel.notify(command)

    def ping(self) -> None:
        self._channel.notify(Ping())

    def follow(self, camera_id: str) -> None:
        """Take the camera's facts, and its live pictures if somebody watches."""
        self._facts.follow(camera_id)
        for stream in self._audience.watched(camera_id):
            self._previews.subscribe(stream)

    def unfollow(self, camera_id: str) -> None:
        self._facts.unfollow(camera_id)
        for stream in self._audience.watched(camera_id):
            self._previews.unsubscribe(stream)

    def watch(self, stream: Stream) -> None:
        self._previews.subscribe(stream)

    def unwatch(self, stream: Stream) -> None:
        self._previews.unsubscribe(stream)

    def forget_camera(self, camera_id: str) -> None:
        """The worker does not run it any more."""
        self.placements.pop(camera_id, None)
        self.unfollow(camera_id)
        if not self.placements:
            self.idle_since_s = self._clock.monotonic_s()

    def silence_s(self, now_s: float) -> float:
        """How long no heartbeat came."""
        return now_s - self.seen_s

    @property
    def unread(self) -> bool:
        """Whether the worker has said something that this busy server has not read yet."""
        return self._facts.unread

    def command_silence_s(self, now_s: float) -> float:
        """How long no command was answered, though pings ask all the time."""
        return now_s - self._channel.last_reply_s

    def excuse(self, seconds: float) -> None:
        """The server itself was away: do not blame the worker for that time."""
        self.seen_s += seconds
        self._channel.last_reply_s += seconds
        for placement in self.placements.values():
            placement.seen_s += seconds

    def view(self, now_s: float) -> WorkerView:
        cameras = {
            camera_id: Placed(one.spec, one.confirmed, one.busy, one.restarting)
            for camera_id, one in self.placements.items()
        }
        return WorkerView(self.slot, self.phase, cameras, now_s - self.idle_since_s)

    async def close(self) -> None:
        """Let go of the sockets; the process is not touched."""
        await self._channel.close()
        await self._facts.close()
        await self._previews.close()

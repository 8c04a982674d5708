"""Messages that nobody can read: a worker of another make must not stop the fleet."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import zmq
import zmq.asyncio

from popcam.core.clock import SystemClock
from popcam.core.errors import CommandRefusedError, WorkerUnavailableError
from popcam.core.facts import CameraState, CameraStatus, WorkerStatus
from popcam.core.interfaces import PreviewPicture
from popcam.core.protocol import WORKER_TOPIC, Done, Ping, Refused, encode, topic
from popcam.fleet.channel import CommandChannel
from popcam.fleet.endpoints import Endpoints
from popcam.fleet.fact_reader import FactListeners, FactReader
from popcam.fleet.preview_reader import PreviewReader
from popcam.fleet.viewers import Stream

STATUS = CameraStatus(camera_id="a", state=CameraState.RUNNING, since_unix_s=0.0, at_unix_s=0.0)


class Peer:
    """The worker's two sockets, for a test to speak through."""

    def __init__(self, folder: Path) -> None:
        self.endpoints = Endpoints(f"ipc://{folder}/c", f"ipc://{folder}/f")
        self.context = zmq.asyncio.Context()
        self.commands = self.context.socket(zmq.ROUTER)
        self.facts = self.context.socket(zmq.XPUB)
        for socket, endpoint in ((self.commands, self.endpoints.commands), (self.facts, self.endpoints.facts)):
            socket.linger = 0
            socket.bind(endpoint)

    async def subscribed(self, times: int) -> None:
        for _ in range(times):
            await asyncio.wait_for(self.facts.recv(), 60)

    async def reply(self, *parts: bytes) -> None:
        """Answer the next command with these parts behind its id."""
        sender, key, _ = await asyncio.wait_for(self.commands.recv_multipart(), 60)
        await self.commands.send_multipart([sender, key, *parts])


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[Peer]:
    peer = Peer(tmp_path)
    yield peer
    peer.commands.close()
    peer.facts.close()
    peer.context.term()


@pytest.fixture
async def channel(peer: Peer) -> AsyncIterator[CommandChannel]:
    channel = CommandChannel(peer.context, peer.endpoints, SystemClock())
    yield channel
    await channel.close()


async def test_answers_may_come_in_any_order(peer: Peer, channel: CommandChannel) -> None:
    first = asyncio.create_task(channel.request(Ping(), 5.0))
    sender, key_1, _ = await peer.commands.recv_multipart()
    second = asyncio.create_task(channel.request(Ping(), 5.0))
    _, key_2, _ = await peer.commands.recv_multipart()
    await peer.commands.send_multipart([sender, key_2, encode(Refused(code="worker.command_refused", detail="two"))])
    await peer.commands.send_multipart([sender, key_1, encode(Done())])
    assert await first == Done()
    with pytest.raises(CommandRefusedError, match="two"):
        await second


async def test_no_answer_in_time_is_named(channel: CommandChannel) -> None:
    with pytest.raises(WorkerUnavailableError, match="no answer to Ping"):
        await channel.request(Ping(), 0.05)


async def test_an_unreadable_answer_is_named(peer: Peer, channel: CommandChannel) -> None:
    request = asyncio.create_task(channel.request(Ping(), 5.0))
    await peer.reply(b"\xc1 no MessagePack")
    with pytest.raises(WorkerUnavailableError, match="unreadable"):
        await request


async def test_an_answer_in_too_many_parts_is_no_answer(peer: Peer, channel: CommandChannel) -> None:
    request = asyncio.create_task(channel.request(Ping(), 0.3))
    await peer.reply(encode(Done()), b"more")
    with pytest.raises(WorkerUnavailableError):
        await request


async def test_closing_fails_what_is_under_way_and_what_comes_later(peer: Peer) -> None:
    channel = CommandChannel(peer.context, peer.endpoints, SystemClock())
    request = asyncio.create_task(channel.request(Ping(), 5.0))
    await asyncio.sleep(0.05)
    await channel.close()
    channel.notify(Ping())
    with pytest.raises(WorkerUnavailableError, match="ended"):
        await request
    with pytest.raises(WorkerUnavailableError, match="ended"):
        await channel.request(Ping(), 5.0)


async def test_pings_to_a_worker_that_does_not_read_are_bounded(tmp_path: Path) -> None:
    context = zmq.asyncio.Context()
    nobody = Endpoints(f"ipc://{tmp_path}/c", f"ipc://{tmp_path}/f")
    channel = CommandChannel(context, nobody, SystemClock())
    for _ in range(1000):
        channel.notify(Ping())
    await channel.close()
    context.term()


async def test_facts_that_can_t_be_read_are_counted_and_the_next_is_heard(peer: Peer) -> None:
    statuses: list[CameraStatus] = []
    workers: list[WorkerStatus] = []
    reader = FactReader(peer.context, peer.endpoints, FactListeners(workers.append, statuses.append, lambda _: None))
    reader.follow("a")
    await peer.subscribed(3)
    await peer.facts.send_multipart([WORKER_TOPIC, b"\xc1"])
    await peer.facts.send_multipart([topic("a", "status"), b"\x01"])
    await peer.facts.send_multipart([topic("a", "status"), b"", b""])
    await peer.facts.send_multipart([topic("a", "status"), encode(STATUS)])
    for _ in range(6000):
        if statuses:
            break
        await asyncio.sleep(0.01)
    assert (statuses, workers, reader.unreadable) == ([STATUS], [], 3)
    await reader.close()
    reader.follow("b")
    reader.unfollow("a")


async def test_previews_that_can_t_be_read_are_counted(peer: Peer) -> None:
    pictures: list[tuple[Stream, PreviewPicture]] = []
    reader = PreviewReader(peer.context, peer.endpoints, lambda stream, picture: pictures.append((stream, picture)))
    reader.subscribe(("a", "preview.jpeg"))
    await peer.subscribed(1)
    await peer.facts.send_multipart([topic("a", "preview.jpeg"), b"\xc1", b""])
    await peer.facts.send_multipart([topic("a", "preview.jpeg"), b"two parts"])
    for _ in range(6000):
        if reader.unreadable == 2:
            break
        await asyncio.sleep(0.01)
    assert (reader.unreadable, pictures) == (2, [])
    await reader.close()
    reader.subscribe(("b", "preview.jpeg"))
    await reader.close()

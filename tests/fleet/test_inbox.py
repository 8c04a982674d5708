"""What workers publish, over real sockets: nothing is left lying, however the news of it were taken."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import zmq
import zmq.asyncio

from popcam.fleet.inbox import AT_ONCE, Inbox


class Line:
    """A publisher, and an inbox that listens to it."""

    def __init__(self, folder: Path, context: zmq.asyncio.Context) -> None:
        self.got: list[bytes] = []
        self.publisher = context.socket(zmq.XPUB)
        self.socket = context.socket(zmq.SUB)
        for socket in (self.publisher, self.socket):
            socket.linger = 0
            socket.sndhwm = socket.rcvhwm = 10_000
        self.publisher.bind(f"ipc://{folder}/line")
        self.socket.connect(f"ipc://{folder}/line")
        self.socket.subscribe(b"")

    def open(self) -> Inbox:
        self.inbox = Inbox(self.socket, lambda parts: self.got.append(parts[0]), "test")
        return self.inbox

    async def say(self, *messages: bytes) -> None:
        for message in messages:
            await self.publisher.send_multipart([message])


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    context = zmq.asyncio.Context()
    line = Line(tmp_path, context)
    await asyncio.wait_for(line.publisher.recv(), 30)
    yield line
    await line.inbox.close()
    line.publisher.close(0)
    context.term()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.002)


async def test_messages_come_in_their_order(line: Line) -> None:
    line.open()
    sent = [b"%d" % number for number in range(3 * AT_ONCE)]
    await line.say(*sent)
    await until(lambda: len(line.got) == len(sent))
    assert line.got == sent


async def test_what_came_before_anybody_listened_is_taken(line: Line) -> None:
    await line.say(b"early")
    await asyncio.sleep(0.05)
    line.open()
    await until(lambda: line.got == [b"early"])


async def test_a_flood_leaves_the_loop_to_others(line: Line) -> None:
    inbox = line.open()
    await asyncio.sleep(0.01)
    turns: list[int] = []

    def turn() -> None:
        turns.append(len(line.got))
        if len(line.got) < 5 * AT_ONCE:
            asyncio.get_running_loop().call_soon(turn)

    plain: zmq.Socket[bytes] = zmq.Socket.shadow(line.publisher)
    for _ in range(5 * AT_ONCE):
        plain.send_multipart([b"x"])
    turn()
    await until(lambda: len(line.got) == 5 * AT_ONCE)
    assert any(0 < seen < 5 * AT_ONCE for seen in turns)
    assert not inbox.waits


async def test_who_asks_whether_something_waits_takes_nothing_away(line: Line) -> None:
    inbox = line.open()
    for number in range(20):
        plain: zmq.Socket[bytes] = zmq.Socket.shadow(line.publisher)
        plain.send_multipart([b"%d" % number])
        # The news of it are taken here, before the loop hears of them.
        assert any(inbox.waits for _ in range(1_000_000))
        await until(lambda: len(line.got) > number)  # noqa: B023 - it ends within the turn
    assert len(line.got) == 20


async def test_where_the_loop_can_t_watch_sockets_messages_come_all_the_same(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    with monkeypatch.context() as windows:

        def refuse(*_: object) -> None:
            raise NotImplementedError

        windows.setattr(loop, "add_reader", refuse)
        inbox = line.open()
    await line.say(b"one", b"two")
    await until(lambda: line.got == [b"one", b"two"])
    inbox.look()
    assert not inbox.waits


async def test_a_closed_one_takes_nothing(line: Line) -> None:
    inbox = line.open()
    await line.say(b"late")
    await inbox.close()
    await inbox.close()
    inbox.look()
    await asyncio.sleep(0.05)
    assert line.got == []
    assert not inbox.waits

"""A worker's sockets, with a real subscriber on the other side."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from popcam.core.worker_settings import WorkerSettings
from popcam.worker.sockets import FACTS_HWM, CommandMessage, WorkerSockets


@pytest.fixture
def sockets(tmp_path: Path) -> Iterator[WorkerSockets]:
    sockets = WorkerSockets(
        WorkerSettings(
            worker_id="w",
            commands_endpoint=f"ipc://{tmp_path}/commands",
            facts_endpoint=f"ipc://{tmp_path}/facts",
            data_dir=str(tmp_path),
            log_dir=str(tmp_path),
        )
    )
    yield sockets
    sockets.close()


@pytest.fixture
def context() -> Iterator["zmq.Context[zmq.Socket[bytes]]"]:
    with zmq.Context() as context:
        yield context


@pytest.fixture
def subscriber(context: "zmq.Context[zmq.Socket[bytes]]", tmp_path: Path) -> Iterator["zmq.Socket[bytes]"]:
    with context.socket(zmq.SUB) as subscriber:
        subscriber.rcvtimeo = 5000
        subscriber.connect(f"ipc://{tmp_path}/facts")
        yield subscriber


def no_commands(message: CommandMessage) -> None:
    raise AssertionError(message)


def poll_until_watched(sockets: WorkerSockets, topic: bytes, watched: bool = True) -> None:
    deadline_s = time.monotonic() + 60
    while sockets.watched(topic) is not watched:
        assert time.monotonic() < deadline_s
        sockets.poll(0.05, no_commands)


def test_a_subscription_is_noticed_and_its_end_too(sockets: WorkerSockets, subscriber: "zmq.Socket[bytes]") -> None:
    subscriber.subscribe(b"cam/facts ")
    poll_until_watched(sockets, b"cam/facts ")
    subscriber.unsubscribe(b"cam/facts ")
    poll_until_watched(sockets, b"cam/facts ", watched=False)


def test_a_subscription_is_noticed_by_a_sender_when_nobody_polls(
    sockets: WorkerSockets, subscriber: "zmq.Socket[bytes]"
) -> None:
    subscriber.subscribe(b"cam/facts ")
    deadline_s = time.monotonic() + 60
    while not sockets.watched(b"cam/facts "):
        assert time.monotonic() < deadline_s
        sockets.publish(b"other ", b"x")
        time.sleep(0.01)


def test_a_subscription_that_comes_amid_sending_is_not_missed(
    sockets: WorkerSockets, subscriber: "zmq.Socket[bytes]"
) -> None:
    ended = threading.Event()

    def send() -> None:
        while not ended.is_set():
            sockets.publish(b"other ", b"x")

    sender = threading.Thread(target=send)
    sender.start()
    try:
        for number in range(50):
            topic = f"cam{number}/facts ".encode()
            subscriber.subscribe(topic)
            poll_until_watched(sockets, topic)
    finally:
        ended.set()
        sender.join()


def test_what_several_threads_send_arrives_whole_and_each_thread_s_in_order(
    sockets: WorkerSockets, subscriber: "zmq.Socket[bytes]"
) -> None:
    subscriber.subscribe(b"t")
    poll_until_watched(sockets, b"t")
    per_thread = FACTS_HWM // 8  # all of it fits even when nothing leaves

    def send(name: int) -> None:
        for number in range(per_thread):
            sockets.publish(b"t%d" % name, b"%d" % number, bytes([name]) * 100_000 if number % 2 else b"small")

    threads = [threading.Thread(target=send, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    seen: dict[bytes, list[int]] = {}
    for _ in range(4 * per_thread):
        topic, number, payload = subscriber.recv_multipart()
        seen.setdefault(topic, []).append(int(number))
        assert payload == (bytes([int(topic[1:])]) * 100_000 if int(number) % 2 else b"small")
    for thread in threads:
        thread.join()
    assert seen == {b"t%d" % name: list(range(per_thread)) for name in range(4)}
    assert sockets.lost == 0


def test_a_subscriber_that_never_reads_holds_nobody_up(sockets: WorkerSockets, subscriber: "zmq.Socket[bytes]") -> None:
    subscriber.subscribe(b"t")
    poll_until_watched(sockets, b"t")
    began_s = time.monotonic()
    for _ in range(20 * FACTS_HWM):
        sockets.publish(b"t", b"x" * 1000)
    assert time.monotonic() - began_s < 30  # who waited for it would wait for ever


def test_a_command_is_answered_from_another_thread(
    sockets: WorkerSockets, context: "zmq.Context[zmq.Socket[bytes]]", tmp_path: Path
) -> None:
    with context.socket(zmq.DEALER) as asker:
        asker.rcvtimeo = 5000
        asker.connect(f"ipc://{tmp_path}/commands")
        asker.send_multipart([b"id", b"question"])
        messages: list[CommandMessage] = []
        while not messages:
            sockets.poll(1.0, messages.append)
        thread = threading.Thread(target=sockets.reply, args=(messages[0], b"answer"))
        thread.start()
        thread.join()
        sockets.poll(1.0, no_commands)
        assert asker.recv_multipart() == [b"id", b"answer"]


def test_publishing_after_the_end_is_no_error(sockets: WorkerSockets) -> None:
    sockets.close()
    sockets.publish(b"t", b"x")
    sockets.reply(CommandMessage(b"s", b"r", b""), b"x")
    sockets.close()

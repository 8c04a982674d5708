"""A worker that may not connect to its own machine does not, whoever asks."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fakes.worker_process import WorkerClient, running_worker

from popcam.core import protocol
from popcam.core.spec import SourceSpec


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[WorkerClient]:
    with running_worker(tmp_path, allow_loopback=False) as worker:
        yield worker


def test_a_source_of_this_machine_is_not_connected_to(worker: WorkerClient) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        url = f"rtsp://localhost:{server.getsockname()[1]}/x"
        worker.hello()
        reply = worker.ask(protocol.TestSource(source=SourceSpec(url=url), timeout_s=5.0))
        with pytest.raises(TimeoutError):
            server.accept()
    assert isinstance(reply, protocol.Refused)
    assert reply.code == "source.address_refused"

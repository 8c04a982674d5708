"""Taking a port, for real."""

import os
import socket

import pytest

from popcam.core.errors import AddressUnavailableError, PortInUseError
from popcam.server.listen import listen
from popcam.server.ports import free_port


def test_any_free_port_is_taken() -> None:
    (taken,) = listen("127.0.0.1", 0)
    assert taken.getsockname()[1] > 0
    taken.close()


def test_a_port_in_use_names_its_owner_and_a_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortInUseError) as refused:
            listen("127.0.0.1", port)
    assert f"127.0.0.1:{port}" in refused.value.detail
    assert f"process {os.getpid()}" in refused.value.detail
    assert "is free" in refused.value.detail


def test_the_proposed_port_is_really_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        proposed = free_port("127.0.0.1", port)
        assert proposed is not None
        listen("127.0.0.1", proposed)[0].close()


def test_a_name_is_taken_on_all_its_addresses_with_one_port() -> None:
    sockets = listen("localhost", 0)
    assert len({taken.getsockname()[1] for taken in sockets}) == 1
    for taken in sockets:
        taken.close()


@pytest.mark.parametrize("host", ["203.0.113.7", "no-such-host.invalid", "a" * 300])
def test_an_address_that_is_not_ours_is_named(host: str) -> None:
    with pytest.raises(AddressUnavailableError):
        listen(host, 0)


def test_a_port_in_use_leaves_nothing_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(PortInUseError):
        listen("localhost", other.getsockname()[1])

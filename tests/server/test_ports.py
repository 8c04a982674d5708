"""Ports: which settings assign them, who has them, and what is said when somebody else does."""

import os
import socket
import sys

import pytest

from popcam.config import ServerSettings, Settings
from popcam.core.language import Text
from popcam.server.ports import AssignedPort, assigned, clashes, free_port, holders_of, look, owner_of, ports_check


def http(number: int) -> tuple[AssignedPort, ...]:
    return assigned(Settings(server=ServerSettings(port=number)))


def test_all_ports_of_the_settings_stand_in_one_place() -> None:
    (port,) = http(4711)
    assert (port.setting, port.address, port.number, port.transport) == ("server.port", "127.0.0.1", 4711, "tcp")


def test_what_was_really_taken_counts() -> None:
    (port,) = assigned(Settings(server=ServerSettings(port=0)), http_port=4712)
    assert port.number == 4712


def test_one_port_for_two_parts_is_a_conflict() -> None:
    (one,) = http(4711)
    two = AssignedPort("other.port", "0.0.0.0", 4711, Text("", ""))
    assert clashes((one, two)) == ["other.port", "server.port"]
    assert clashes((one, two._replace(number=4712))) == []
    assert clashes((one._replace(number=0), two._replace(number=0))) == []
    assert look((one, two), None).state == "failed"


def test_a_port_that_nobody_has_is_free_without_a_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        number = gone.getsockname()[1]
    assert look(http(number), None).state == "ok"
    assert look(http(number), os.getpid()).state == "failed"


def test_our_own_port_is_ours() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = look(http(taken.getsockname()[1]), os.getpid())
    assert found.state == "ok"
    assert "is ours" in found.detail.en


def test_a_port_that_another_has_names_it_and_a_free_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        found = look(http(number), own_pid=1)
        free = free_port("127.0.0.1", number)
    assert (found.state, found.code) == ("failed", "server.port_in_use")
    assert f"(process {os.getpid()})" in found.detail.en
    assert f"server.port: {free}" in found.remedy.en


def test_any_free_port_is_never_a_conflict() -> None:
    assert look(http(0), None).state == "ok"


@pytest.mark.skipif(sys.platform == "win32", reason="names differ")
def test_who_listens_is_known() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        assert [holder.pid for holder in holders_of(number)] == [os.getpid()]
        assert f"process {os.getpid()}" in owner_of(number)
    assert owner_of(number) == ""


async def test_a_port_that_changed_settings_assign_is_looked_at_before_the_restart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours, socket.create_server(("127.0.0.1", 0)) as others:
        now, next_time = http(ours.getsockname()[1]), http(others.getsockname()[1])
        found = await ports_check(now, os.getpid(), lambda: next_time).look()
        assert (found.state, found.code) == ("failed", "server.port_in_use")
        assert "will not start" in found.detail.en
        assert f"(process {os.getpid()})" in found.detail.en
        assert "that one is free" in found.remedy.en
        assert (await ports_check(now, os.getpid(), lambda: now).look()).state == "ok"
        assert (await ports_check(now, os.getpid(), lambda: http(0)).look()).state == "ok"
    assert (await ports_check(next_time, None, lambda: now).look()).state == "ok"


async def test_the_check_looks_at_them() -> None:
    assert (await ports_check(http(0), None).look()).state == "ok"

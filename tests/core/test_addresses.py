"""Hosts that no camera has, however they are spelled."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from popcam.core.addresses import (
    SOURCE_SCHEMES,
    address_of,
    allow_loopback,
    host_problem,
    resolved_problem,
    url_problem,
)


@pytest.fixture
def strict() -> Iterator[None]:
    allow_loopback(allowed=False)
    yield
    allow_loopback(allowed=True)


def why(host: str) -> str:
    problem = host_problem(host)
    assert problem is None or problem.zh
    return problem.en if problem else ""


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "2852039166",
        "0xA9FEA9FE",
        "0xa9.0xfe.0xa9.0xfe",
        "0251.0376.0251.0376",
        "169.254.43518",
        "169.16689662",
        "169.254.169.254.",
        "１６９.254.169.254",
        "::ffff:169.254.169.254",
        "[::ffff:a9fe:a9fe]",
        "::a9fe:a9fe",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "fd00:ec2::254",
        "fd20:ce::254",
        "168.63.129.16",
        "100.100.100.200",
        "metadata.google.internal",
        "Metadata.Google.Internal.",
        "instance-data",
    ],
)
def test_the_clouds_metadata_service_is_refused_in_every_spelling(host: str) -> None:
    assert "metadata" in why(host)


@pytest.mark.parametrize("host", ["169.254.1.1", "fe80::1", "fe80::1%eth0", "[fe80::1%25eth0]", "::ffff:169.254.7.7"])
def test_link_local_addresses_are_refused(host: str) -> None:
    assert "link-local" in why(host)


@pytest.mark.parametrize("host", ["224.0.0.1", "ff02::1", "255.255.255.255"])
def test_what_is_no_single_machine_is_refused(host: str) -> None:
    assert "no single machine" in why(host)


LOOPBACK = ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "017700000001", "::1", "::ffff:127.0.0.1", "0.0.0.0"]
LOOPBACK += ["0", "0.0.0.1", "::", "localhost", "LOCALHOST.", "a.localhost", "ip6-localhost", "64:ff9b::7f00:1"]


@pytest.mark.parametrize("host", LOOPBACK)
@pytest.mark.usefixtures("strict")
def test_this_machine_is_refused_where_the_settings_forbid_it(host: str) -> None:
    assert "allow_loopback_sources" in why(host)


@pytest.mark.parametrize("host", LOOPBACK)
def test_this_machine_is_fine_otherwise(host: str) -> None:
    assert not why(host)


def test_a_caller_may_ask_for_other_settings_than_this_process_has() -> None:
    assert host_problem("127.0.0.1", loopback=False) is not None


@pytest.mark.parametrize(
    "host",
    ["192.168.1.5", "10.0.0.1", "camera.lan", "cam-1", "8.8.8.8", "fd12::5", "100.64.0.9", "", "1.2.3.4.5", "0x"],
)
def test_cameras_are_fine(host: str) -> None:
    assert not why(host)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("1.2.3", "1.2.0.3"),
        ("1.2", "1.0.0.2"),
        ("0x10", "0.0.0.16"),
        ("010.0.0.1", "8.0.0.1"),
        ("1.2.3.256", None),
        ("256.1", None),
        ("4294967296", None),
        ("08.1", None),
        ("1.2.3.x", None),
        ("", None),
    ],
)
def test_numbers_are_read_as_systems_read_them(text: str, address: str | None) -> None:
    assert (str(address_of(text)) if address_of(text) else None) == address


@given(st.integers(0, 2**32 - 1))
def test_one_number_means_what_the_system_says(number: int) -> None:
    import socket

    assert str(address_of(str(number))) == socket.inet_ntoa(socket.inet_aton(str(number)))


def test_one_bad_address_of_a_name_is_enough() -> None:
    assert resolved_problem(["192.168.1.5"]) is None
    assert resolved_problem(["192.168.1.5", "169.254.169.254"]) is not None
    assert resolved_problem(["nonsense"]) is not None


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://camera@169.254.169.254/",
        "http://user:p@ss@169.254.169.254:80/x",
        "rtsp://[fe80::1]:554/main",
        "http://0xa9fea9fe",
    ],
)
def test_addresses_are_judged_by_their_host(url: str) -> None:
    assert url_problem(url) is not None


@pytest.mark.parametrize(
    "url", ["rtsp://camera/169.254.169.254", "http://[broken", "rtsp://10.0.0.5/a?h=169.254.169.254"]
)
def test_other_parts_of_an_address_do_not_count(url: str) -> None:
    assert url_problem(url) is None


def test_no_scheme_runs_a_command() -> None:
    assert {"rtsp", "rtsps", "http", "https", "device", "synthetic", "demo", "images", "file"} == SOURCE_SCHEMES

"""Rules of hosts and origins beyond what the server's tests show."""

import pytest

from popcam.server import hosts
from popcam.server.hosts import HostRules, host_name, machine_names


def rules(*hosts: str, origins: tuple[str, ...] = ()) -> HostRules:
    return HostRules("127.0.0.1", hosts, origins, names=("box",))


@pytest.mark.parametrize(
    ("header", "name"),
    [("Example.ORG:80", "example.org"), ("[fe80::1]:8080", "fe80::1"), ("a.b.", "a.b"), ("", ""), ("[::1", "")],
)
def test_host_name_of_a_header(header: str, name: str) -> None:
    assert host_name(header) == name


def test_the_machines_own_name_is_known() -> None:
    assert rules().knows_host("BOX:8080")
    assert machine_names()


def test_a_pattern_allows_names_below_it_only() -> None:
    allowed = rules("*.example.org")
    assert allowed.knows_host("cams.example.org")
    assert not allowed.knows_host("example.org")
    assert not allowed.knows_host("badexample.org")


def test_a_star_allows_any_host() -> None:
    assert rules("*").knows_host("whatever.example")


def test_an_allowed_origin_may_act() -> None:
    assert rules(origins=("https://home.example/",)).knows_origin("https://HOME.example", "box")


def test_the_port_belongs_to_the_origin() -> None:
    assert not rules().knows_origin("http://box:1", "box:2")


def test_no_host_is_no_match_for_an_empty_origin() -> None:
    assert not rules().knows_origin("http://", "")


def test_what_was_ours_once_is_remembered_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "MAX_KNOWN_HOSTS", 2)
    own = HostRules("127.0.0.1", names=())
    for _ in range(2):
        assert not own.knows_host("evil.example")
        assert [own.knows_host(f"127.0.0.1:{port}") for port in (1, 2, 3)] == [True] * 3
    assert own._known_hosts == {"127.0.0.1:1", "127.0.0.1:2"}

"""What counts as trouble."""

import pytest

from popcam.security import watch_rules as rules


@pytest.mark.parametrize(
    "path",
    [
        "/.env",
        "/wp-login.php",
        "/.git/config",
        "/cgi-bin/luci",
        "/api/v1/recordings/../../etc/passwd",
        "/%2e%2e/secret",
        "/actuator/health",
        "/ISAPI/Security/users",
        "/a?x=${jndi:ldap://x}",
    ],
)
def test_what_only_scanners_ask_for_costs_most(path: str) -> None:
    assert rules.missing_points(path) == rules.TRAP_POINTS


@pytest.mark.parametrize(
    "path", ["/favicon.ico", "/robots.txt", "/apple-touch-icon-precomposed.png", "/.well-known/change-password"]
)
def test_what_browsers_ask_for_by_themselves_costs_nothing(path: str) -> None:
    assert rules.missing_points(path) == 0


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/cameras/gone",
        "/api/v1/events/abc/snapshot.jpg",
        "/assets/index-abc123.js",
        "/cameras/environment",
        "/cameras/wp-1",
    ],
)
def test_what_is_merely_gone_costs_little(path: str) -> None:
    assert rules.missing_points(path) == rules.MISSING_POINTS


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::1"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_a_place_is_an_address_or_the_network_of_one_line(address: str, place: str) -> None:
    assert rules.place_of(address) == place


@pytest.mark.parametrize("place", ["127.0.0.1", "127.9.9.9", "::1", "testclient", "", "10.1.2.3", "2001:db8::/64"])
def test_this_machine_proxies_and_odd_text_are_never_blocked(place: str) -> None:
    assert not rules.may_block(place, rules.networks_of(["10.0.0.0/8", "2001:db8::5", "proxy.example.org"]))


@pytest.mark.parametrize("place", ["192.0.2.7", "2001:db8:9::/64", "11.0.0.1"])
def test_others_are(place: str) -> None:
    assert rules.may_block(place, rules.networks_of(["10.0.0.0/8", "2001:db8::5"]))


def test_blocks_grow_up_to_an_hour() -> None:
    assert [rules.block_s(strikes) for strikes in (0, 1, 2, 3, 1000)] == [60, 240, 960, 3600, 3600]


def test_nobody_waits_longer_than_two_seconds() -> None:
    assert rules.delay_of(rules.SLOW_AT - 0.1) == 0
    assert 0 < rules.delay_of(rules.SLOW_AT) < rules.delay_of(rules.BLOCK_AT) <= rules.MAX_DELAY_S
    assert rules.delay_of(1e9) == rules.MAX_DELAY_S


def test_text_of_strangers_loses_marks_that_turn_it_around() -> None:
    assert rules.plain("a\u202eb\x00c\u200bd\ne", 40) == "a\ufffdb\ufffdc\ufffdd\ufffde"


def test_text_of_strangers_has_an_end() -> None:
    assert rules.plain("x" * 100, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("192.0.2.7", "192.0.2.200", True), ("192.0.2.7", "192.0.3.7", False), ("2001:db8::1", "2001:db8::2", True)],
)
def test_a_router_that_gives_out_other_addresses_is_one_place(one: str, other: str, same: bool) -> None:
    assert (rules.neighbourhood_of(one) == rules.neighbourhood_of(other)) is same

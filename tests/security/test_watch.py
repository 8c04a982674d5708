"""Addresses that misbehave are slowed, then blocked; nobody can turn that against others."""

import time

import pytest
from tests.fakes.hand_clock import HandClock

from popcam.core.access import Principal
from popcam.core.security import SecurityEvent, SecurityKind
from popcam.security.watch import MAX_BLOCKS, Watch

STRANGER = "192.0.2.7"
TRAP = "/wp-login.php"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def watch(clock: HandClock) -> Watch:
    return Watch(clock, trusted=["10.0.0.0/8"])


def probe(watch: Watch, address: str = STRANGER, times: int = 6) -> None:
    for _ in range(times):
        watch.not_found(address, TRAP)


def kinds(watch: Watch) -> list[SecurityKind]:
    return [event.kind for event in watch.book.newest()]


def test_nothing_wrong_costs_no_wait(watch: Watch) -> None:
    assert (watch.blocked(STRANGER), watch.delay_s(STRANGER)) == (0, 0)


def test_an_address_that_probes_is_slowed_first(watch: Watch) -> None:
    probe(watch, times=3)
    assert watch.blocked(STRANGER) == 0
    assert 0 < watch.delay_s(STRANGER) <= 2


def test_then_it_is_blocked_for_a_minute(watch: Watch) -> None:
    probe(watch)
    assert watch.blocked(STRANGER) == 60
    assert kinds(watch) == [SecurityKind.BLOCKED, SecurityKind.PROBING]


def test_a_block_ends_by_itself(watch: Watch, clock: HandClock) -> None:
    probe(watch)
    clock.pass_s(60)
    assert watch.blocked(STRANGER) == 0
    assert watch.blocks() == []


def test_each_block_is_longer_than_the_one_before(watch: Watch, clock: HandClock) -> None:
    lasted = []
    for _ in range(5):
        probe(watch)
        lasted.append(watch.blocked(STRANGER))
        clock.pass_s(lasted[-1])
    assert lasted == [60, 240, 960, 3600, 3600]


def test_a_quiet_day_makes_the_next_block_short_again(watch: Watch, clock: HandClock) -> None:
    probe(watch)
    clock.pass_s(60 + 86_401)
    probe(watch)
    assert watch.blocked(STRANGER) == 60


def test_few_missing_things_now_and_then_are_forgiven(watch: Watch, clock: HandClock) -> None:
    for number in range(200):
        watch.not_found(STRANGER, f"/api/v1/events/{number}")
        clock.pass_s(10)
    assert watch.delay_s(STRANGER) == 0


def test_guessing_passwords_blocks_the_address_and_no_other(watch: Watch) -> None:
    for _ in range(15):
        watch.failed_login(STRANGER, "anna")
    assert watch.blocked(STRANGER) > 0
    assert watch.blocked("192.0.2.8") == 0


def test_refusals_alone_slow_and_never_block(watch: Watch) -> None:
    for _ in range(5000):
        watch.refused(Principal(address=STRANGER), "/api/v1/cameras")
    assert watch.blocked(STRANGER) == 0
    assert watch.delay_s(STRANGER) > 0


def test_refusals_do_not_forgive_other_trouble(watch: Watch) -> None:
    probe(watch, times=5)
    before_s = watch.delay_s(STRANGER)
    watch.refused(Principal(address=STRANGER), "/api/v1/cameras")
    assert watch.delay_s(STRANGER) >= before_s


def test_a_burst_of_refusals_of_one_person_is_told_with_the_name(watch: Watch) -> None:
    viewer = Principal(via="session", role="viewer", user_id="u1", name="vera", address=STRANGER)
    for _ in range(12):
        watch.refused(viewer, "/api/v1/users")
    (event,) = watch.book.newest()
    assert (event.kind, event.account, event.count) == (SecurityKind.REFUSALS, "vera", 3)
    assert watch.delay_s(STRANGER) == 0


def test_refusals_far_apart_are_not_told(watch: Watch, clock: HandClock) -> None:
    for _ in range(30):
        watch.refused(Principal(address=STRANGER), "/api/v1/users")
        clock.pass_s(30)
    assert watch.book.newest() == []


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3"])
def test_this_machine_and_trusted_proxies_are_only_slowed(watch: Watch, address: str) -> None:
    probe(watch, address, times=500)
    assert watch.blocked(address) == 0
    assert watch.delay_s(address) > 0


def test_a_line_of_ipv6_has_one_account_for_all_its_addresses(watch: Watch) -> None:
    for number in range(6):
        watch.not_found(f"2001:db8::{number}", TRAP)
    assert watch.blocked("2001:db8::ffff") == 60
    assert [block.place for block in watch.blocks()] == ["2001:db8::/64"]


def test_pages_of_other_sites_cannot_shut_out_who_looks_at_them(watch: Watch) -> None:
    for _ in range(100):
        watch.not_found(STRANGER, TRAP, cross_site=True)
    assert (watch.blocked(STRANGER), watch.delay_s(STRANGER), watch.book.newest()) == (0, 0, [])


def test_known_people_who_probe_are_told_and_not_blocked(watch: Watch) -> None:
    for _ in range(100):
        watch.not_found(STRANGER, TRAP, known=True)
    assert watch.blocked(STRANGER) == 0
    assert kinds(watch) == [SecurityKind.PROBING]


def test_what_was_typed_for_a_name_is_not_kept_when_it_is_nobodys(watch: Watch) -> None:
    watch.failed_login(STRANGER, "hunter2hunter2", exists=False)
    (event,) = watch.book.newest()
    assert "hunter2" not in repr(event)


def test_a_block_can_be_removed_and_is_forgiven(watch: Watch) -> None:
    probe(watch)
    assert watch.unblock(STRANGER)
    assert (watch.blocked(STRANGER), watch.delay_s(STRANGER)) == (0, 0)
    assert not watch.unblock(STRANGER)


def test_a_block_of_a_network_is_removed_by_its_own_name(watch: Watch) -> None:
    probe(watch, "2001:db8::1")
    assert watch.unblock("2001:db8::/64")


def test_memory_is_bounded_however_many_addresses_come(clock: HandClock) -> None:
    watch = Watch(clock, max_addresses=100)
    for number in range(3000):
        probe(watch, f"198.{number >> 8 & 255}.{number & 255}.1")
    assert len(watch._standings) <= 100
    assert len(watch._strikes) <= 100
    assert len(watch.blocks()) <= MAX_BLOCKS


def test_a_token_at_home_is_no_news(watch: Watch) -> None:
    for address in ("192.0.2.7", "192.0.2.9", "192.0.2.7"):
        watch.token_used("t1", address)
    assert watch.book.newest() == []


def test_a_token_in_a_new_place_is_told_once(watch: Watch) -> None:
    for address in ("192.0.2.7", "198.51.100.1", "192.0.2.7", "198.51.100.2"):
        watch.token_used("t1", address, "door script")
    (event,) = watch.book.newest()
    assert (event.kind, event.account, event.address) == (SecurityKind.TOKEN_NEW_PLACE, "door script", "198.51.100.1")


def test_a_revoked_token_leaves_nothing(watch: Watch) -> None:
    watch.token_used("t1", "192.0.2.7")
    watch.token_gone("t1")
    assert watch.places() == {}


def test_blocks_and_places_last_over_a_restart(watch: Watch, clock: HandClock) -> None:
    probe(watch)
    watch.token_used("t1", "192.0.2.7")
    clock.pass_s(20)
    later = Watch(clock)
    later.load(watch.blocks(), watch.places())
    later.token_used("t1", "198.51.100.1")
    assert later.blocked(STRANGER) == 40
    assert kinds(later) == [SecurityKind.TOKEN_NEW_PLACE]


def test_a_clock_set_back_makes_no_endless_block(watch: Watch, clock: HandClock) -> None:
    probe(watch)
    clock.jump_s(-86_400 * 365)
    later = Watch(clock)
    later.load(watch.blocks(), {})
    assert later.blocked(STRANGER) <= 3600


def test_listeners_hear_of_blocks(watch: Watch) -> None:
    heard: list[SecurityEvent] = []
    watch.on_event(heard.append)
    probe(watch)
    assert heard[-1].kind is SecurityKind.BLOCKED
    assert heard[-1].severity == "warning"


def test_asking_about_a_quiet_address_costs_next_to_nothing() -> None:
    watch = Watch(HandClock())
    probe(watch, "198.51.100.9")
    took_s = []
    for _ in range(5):
        began_s = time.perf_counter()
        for _ in range(10_000):
            watch.blocked(STRANGER)
            watch.delay_s(STRANGER)
        took_s.append((time.perf_counter() - began_s) / 10_000)
    # The bound is loose for busy machines; on a free core both together take half a microsecond.
    assert min(took_s) < 50e-6

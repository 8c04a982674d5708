"""How often somebody may ask for what is expensive, and how long who guesses passwords waits."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.fakes.guarded_app import GuardedApp, guarded_app

from popcam.core.access import Principal
from popcam.core.errors import TooManyRequestsError
from popcam.server import login_guard
from popcam.server.login_guard import LoginGuard
from popcam.server.rates import Rates, counted_as


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic_s(self) -> float:
        return self.now_s

    def unix_s(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[GuardedApp]:
    async with guarded_app(tmp_path) as site:
        yield site


async def test_what_is_too_much_is_refused_with_the_time_to_wait(site: GuardedApp) -> None:
    site.services.rates = Rates({"job.check": ("2/minute",)})
    headers = await site.session(await site.user("Olga", "operator"))
    answers = [await site.ask("POST", "/api/v1/jobs/check", headers, "no job") for _ in range(3)]
    assert [answer.status for answer in answers] == [422, 422, 429]
    assert answers[2].code == "access.too_many_requests"
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60


async def test_everybody_has_a_count_of_their_own(site: GuardedApp) -> None:
    site.services.rates = Rates({"job.check": ("1/minute",)})
    for name in ("Olga", "Otto"):
        headers = await site.session(await site.user(name, "operator"))
        assert (await site.ask("POST", "/api/v1/jobs/check", headers, "no job")).status == 422


async def test_logins_are_counted_by_address(site: GuardedApp) -> None:
    site.services.rates = Rates({"login": ("2/minute",)})
    asked = [await site.ask("POST", "/api/v1/auth/login", {}, [], address="203.0.113.4") for _ in range(3)]
    assert [answer.status for answer in asked] == [422, 422, 429]
    assert (await site.ask("POST", "/api/v1/auth/login", {}, [], address="203.0.113.5")).status == 422


def test_a_person_is_counted_by_session_and_nobody_by_address() -> None:
    session = Principal(via="session", role="viewer", user_id="u", credential_id="s", address="a")
    assert counted_as(session) == "session:s"
    assert counted_as(Principal(address="a")) == "address:a"


def failures(guard: LoginGuard, account: str, address: str, count: int) -> None:
    for _ in range(count):
        guard.failed(account, address)


def test_people_may_mistype() -> None:
    guard = LoginGuard(Clock())
    failures(guard, "ann", "here", login_guard.FREE_FAILURES)
    assert guard.check("ann", "here") == 0.0


def test_the_wait_doubles_up_to_a_quarter_of_an_hour() -> None:
    clock, waits = Clock(), []
    guard = LoginGuard(clock)
    failures(guard, "ann", "here", login_guard.FREE_FAILURES)
    for _ in range(14):
        guard.failed("ann", "here")
        with pytest.raises(TooManyRequestsError) as refused:
            guard.check("ann", "here")
        waits.append(refused.value.retry_after_s)
        clock.now_s += refused.value.retry_after_s
        guard.check("ann", "here")
    assert waits[:4] == [2, 4, 8, 16]
    assert waits[-1] == login_guard.MAX_WAIT_S


def test_another_address_is_not_shut_out() -> None:
    guard = LoginGuard(Clock())
    failures(guard, "ann", "there", 100)
    with pytest.raises(TooManyRequestsError):
        guard.check("ann", "there")
    assert guard.check("ann", "here") == login_guard.SLOW_S  # answered, slowly: somebody guesses at this account


def test_a_right_password_forgives() -> None:
    guard = LoginGuard(Clock())
    failures(guard, "ann", "here", 20)
    guard.succeeded("ann", "here")
    guard.check("ann", "here")


def test_failures_are_forgotten_after_a_while() -> None:
    clock = Clock()
    guard = LoginGuard(clock)
    failures(guard, "ann", "here", 100)
    clock.now_s += login_guard.FORGIVEN_AFTER_S + 1
    assert guard.check("ann", "here") == 0.0
    guard.failed("ann", "here")
    assert guard.check("ann", "here") == 0.0


def test_memory_is_bounded() -> None:
    guard = LoginGuard(Clock())
    for number in range(login_guard.MAX_PAIRS + 50):
        guard.failed(f"account {number}", "here")
    assert len(guard._pairs) == len(guard._accounts) == login_guard.MAX_PAIRS


def test_thousands_of_failures_break_nothing() -> None:
    guard = LoginGuard(Clock())
    failures(guard, "ann", "here", 5000)
    with pytest.raises(TooManyRequestsError) as refused:
        guard.check("ann", "here")
    assert refused.value.retry_after_s <= login_guard.MAX_WAIT_S + 1

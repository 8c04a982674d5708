import pytest
from tests.fakes.accounts import PASSWORD
from tests.fakes.hand_clock import HandClock

from popcam.core.errors import PasswordRefusedError, SetupClosedError
from popcam.security.service import Security


async def test_the_token_makes_the_first_administrator(accounts: Security) -> None:
    assert await accounts.setup.needed() is True
    user = await accounts.setup.claim(accounts.setup.make(), "Ann", PASSWORD)
    assert (user.role, user.scope.whole) == ("admin", True)
    assert await accounts.setup.needed() is False
    assert (await accounts.users.get(user.user_id)).last_login_unix_s is not None


async def test_it_works_once(accounts: Security) -> None:
    token = accounts.setup.make()
    await accounts.setup.claim(token, "Ann", PASSWORD)
    with pytest.raises(SetupClosedError):
        await accounts.setup.claim(token, "Eve", PASSWORD)


async def test_it_works_for_half_an_hour(accounts: Security, hand_clock: HandClock) -> None:
    token = accounts.setup.make()
    hand_clock.pass_s(1801)
    with pytest.raises(SetupClosedError):
        await accounts.setup.claim(token, "Ann", PASSWORD)


async def test_a_jump_of_the_wall_clock_does_not_prolong_it(accounts: Security, hand_clock: HandClock) -> None:
    token = accounts.setup.make()
    hand_clock.pass_s(1801)
    hand_clock.jump_s(-7200)
    with pytest.raises(SetupClosedError):
        await accounts.setup.claim(token, "Ann", PASSWORD)


@pytest.mark.parametrize("token", ["", "wrong", "é"])
async def test_another_token_does_not_work(accounts: Security, token: str) -> None:
    with pytest.raises(SetupClosedError):
        await accounts.setup.claim(token, "Ann", PASSWORD)
    accounts.setup.make()
    with pytest.raises(SetupClosedError):
        await accounts.setup.claim(token, "Ann", PASSWORD)


async def test_the_newest_token_counts(accounts: Security) -> None:
    old, new = accounts.setup.make(), accounts.setup.make()
    with pytest.raises(SetupClosedError):
        await accounts.setup.claim(old, "Ann", PASSWORD)
    await accounts.setup.claim(new, "Ann", PASSWORD)


async def test_a_refused_password_uses_nothing_up(accounts: Security) -> None:
    token = accounts.setup.make()
    with pytest.raises(PasswordRefusedError):
        await accounts.setup.claim(token, "Ann", "short")
    await accounts.setup.claim(token, "Ann", PASSWORD)


async def test_an_account_that_the_shell_made_closes_it(accounts: Security) -> None:
    token = accounts.setup.make()
    assert await accounts.setup.needed() is True
    await accounts.users.create("Ann", PASSWORD, "admin")
    with pytest.raises(SetupClosedError):
        await accounts.setup.claim(token, "Eve", PASSWORD)

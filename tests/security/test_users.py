"""Accounts: what they may be, what changes of them do, and who gets in."""

import asyncio

import pyotp
import pytest
from sqlalchemy import Connection
from tests.fakes.accounts import OTHER_PASSWORD, PASSWORD
from tests.fakes.hand_clock import HandClock

from popcam.core.access import Scope
from popcam.core.errors import (
    CodeWrongError,
    LastAdminError,
    LoginFailedError,
    PasswordRefusedError,
    PasswordWrongError,
    RequestInvalidError,
    SecondFactorNeededError,
    SecretKeyError,
    SetupClosedError,
    UserExistsError,
    UserNotFoundError,
)
from popcam.security.accounts import User
from popcam.security.passwords import Hashing
from popcam.security.service import Security
from popcam.security.users import Users
from popcam.storage import Database, access

DOOR = Scope(cameras=frozenset({"door"}))


@pytest.fixture
async def ann(accounts: Security) -> User:
    return await accounts.users.create("Ann", PASSWORD, "admin")


@pytest.fixture
async def bob(accounts: Security) -> User:
    return await accounts.users.create("Bob", PASSWORD, "viewer", DOOR)


async def second_factor(accounts: Security, user: User, clock: HandClock) -> tuple[pyotp.TOTP, list[str]]:
    app = pyotp.TOTP((await accounts.users.begin_totp(user.user_id)).secret)
    codes = await accounts.users.confirm_totp(user.user_id, app.at(int(clock.unix_s())))
    clock.pass_s(60)
    return app, list(codes)


async def test_a_new_account_is_as_it_was_wanted(accounts: Security, bob: User) -> None:
    assert await accounts.users.get(bob.user_id) == bob
    assert (bob.name, bob.role, bob.scope, bob.totp, bob.disabled) == ("Bob", "viewer", DOOR, False, False)


async def test_accounts_come_by_name(accounts: Security, bob: User, ann: User) -> None:
    assert [user.name for user in await accounts.users.list()] == ["Ann", "Bob"]
    assert await accounts.users.by_name("ＢＯＢ") == bob
    assert await accounts.users.by_name("Eve") is None


async def test_a_name_is_there_once_however_it_is_written(accounts: Security, ann: User) -> None:
    with pytest.raises(UserExistsError):
        await accounts.users.create("ＡＮＮ", PASSWORD, "viewer")


async def test_of_two_who_want_a_name_at_once_one_gets_it(accounts: Security) -> None:
    done = await asyncio.gather(
        *(accounts.users.create("Ann", PASSWORD, "viewer") for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(one, User) for one in done) == 1
    assert sum(isinstance(one, UserExistsError) for one in done) == 3


async def test_of_two_first_accounts_at_once_one_is_made(accounts: Security) -> None:
    done = await asyncio.gather(
        *(accounts.users.create(name, PASSWORD, "admin", first=True) for name in ("Ann", "Eve")), return_exceptions=True
    )
    assert sum(isinstance(one, SetupClosedError) for one in done) == 1
    assert len(await accounts.users.list()) == 1


async def test_a_password_that_is_refused_leaves_no_account(accounts: Security) -> None:
    with pytest.raises(PasswordRefusedError):
        await accounts.users.create("Ann", "ann ann ann", "admin")
    assert await accounts.users.any() is False


async def test_an_administrator_has_no_limit(accounts: Security, bob: User) -> None:
    with pytest.raises(RequestInvalidError):
        await accounts.users.create("Ann", PASSWORD, "admin", DOOR)
    assert (await accounts.users.set_role(bob.user_id, "admin")).scope.whole
    with pytest.raises(RequestInvalidError):
        await accounts.users.set_scope(bob.user_id, DOOR)


async def test_name_role_and_limit_change_and_nothing_else(accounts: Security, bob: User, ann: User) -> None:
    before, after = await accounts.users.change(bob.user_id, name="Rob", role="operator", scope=Scope())
    assert before == bob
    assert (after.name, after.role, after.scope) == ("Rob", "operator", Scope())
    assert after == await accounts.users.get(bob.user_id)
    await accounts.users.verify("rob", PASSWORD)


async def test_a_name_can_be_written_otherwise_but_not_be_another_s(accounts: Security, bob: User, ann: User) -> None:
    assert (await accounts.users.change(bob.user_id, name="BOB"))[1].name == "BOB"
    with pytest.raises(UserExistsError):
        await accounts.users.change(bob.user_id, name="ann")


async def test_the_last_administrator_stays_in_office(accounts: Security, ann: User, bob: User) -> None:
    for change in (
        accounts.users.set_role(ann.user_id, "operator"),
        accounts.users.disable(ann.user_id),
        accounts.users.delete(ann.user_id),
    ):
        with pytest.raises(LastAdminError):
            await change
    assert await accounts.users.get(ann.user_id) == ann


async def test_an_administrator_who_is_shut_out_does_not_count(accounts: Security, ann: User) -> None:
    eve = await accounts.users.create("Eve", PASSWORD, "admin")
    await accounts.users.disable(eve.user_id)
    with pytest.raises(LastAdminError):
        await accounts.users.delete(ann.user_id)
    await accounts.users.disable(eve.user_id, False)
    await accounts.users.delete(ann.user_id)


async def test_of_two_administrators_who_leave_at_once_one_stays(accounts: Security, ann: User) -> None:
    eve = await accounts.users.create("Eve", PASSWORD, "admin")
    done = await asyncio.gather(
        accounts.users.delete(ann.user_id), accounts.users.delete(eve.user_id), return_exceptions=True
    )
    assert sum(isinstance(one, LastAdminError) for one in done) == 1


async def test_an_unknown_id_is_named(accounts: Security) -> None:
    for work in (
        accounts.users.get("x"),
        accounts.users.change("x", name="Ann"),
        accounts.users.delete("x"),
        accounts.users.set_password("x", PASSWORD),
        accounts.users.remove_totp("x"),
        accounts.users.begin_totp("x"),
    ):
        with pytest.raises(UserNotFoundError):
            await work


async def test_whoever_has_name_and_password_gets_in(accounts: Security, bob: User, hand_clock: HandClock) -> None:
    hand_clock.pass_s(100)
    user = await accounts.users.verify("BOB", PASSWORD)
    assert (user.user_id, user.last_login_unix_s) == (bob.user_id, hand_clock.unix_s())
    assert await accounts.users.get(bob.user_id) == user


@pytest.mark.parametrize(("name", "password"), [("Bob", OTHER_PASSWORD), ("Bob", ""), ("Eve", PASSWORD), ("", "")])
async def test_nobody_else_gets_in(accounts: Security, bob: User, name: str, password: str) -> None:
    with pytest.raises(LoginFailedError) as caught:
        await accounts.users.verify(name, password)
    assert caught.value.detail == ""


async def test_an_unknown_name_costs_a_hash_too(accounts: Security, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    verify = accounts.users.hashing.verify

    async def counted(password_hash: str, password: str) -> bool:
        checked.append(password_hash)
        return await verify(password_hash, password)

    monkeypatch.setattr(accounts.users.hashing, "verify", counted)
    for name in ("Eve", "Bob"):
        with pytest.raises(LoginFailedError):
            await accounts.users.verify(name, OTHER_PASSWORD)
    assert len(checked) == 2


async def test_who_is_shut_out_does_not_get_in_and_is_signed_out(accounts: Security, bob: User) -> None:
    value, _ = await accounts.sessions.open(bob)
    await accounts.users.disable(bob.user_id)
    with pytest.raises(LoginFailedError):
        await accounts.users.verify("Bob", PASSWORD)
    await accounts.users.disable(bob.user_id, False)
    assert await accounts.sessions.find(value) is None


async def test_a_new_password_ends_all_sessions_but_the_own(accounts: Security, bob: User) -> None:
    own, kept = await accounts.sessions.open(bob)
    other, _ = await accounts.sessions.open(bob)
    await accounts.users.change_password(bob.user_id, PASSWORD, OTHER_PASSWORD, keep_session=kept.session_id)
    assert await accounts.sessions.find(own) is not None
    assert await accounts.sessions.find(other) is None
    with pytest.raises(LoginFailedError):
        await accounts.users.verify("Bob", PASSWORD)


async def test_a_new_password_takes_the_old_one_and_has_to_be_good(accounts: Security, bob: User) -> None:
    with pytest.raises(PasswordWrongError):
        await accounts.users.change_password(bob.user_id, "wrong", OTHER_PASSWORD)
    with pytest.raises(PasswordRefusedError):
        await accounts.users.change_password(bob.user_id, PASSWORD, "bobbobbobbob")
    await accounts.users.verify("Bob", PASSWORD)


async def test_a_hash_of_old_cost_is_made_anew_at_the_next_login(
    accounts: Security, accounts_database: Database, bob: User, hand_clock: HandClock
) -> None:
    dearer = Users(accounts_database, accounts.vault, hand_clock, Hashing(time_cost=2, memory_kib=16, parallelism=1))
    await dearer.verify("Bob", PASSWORD)
    row = await accounts_database.run(lambda connection: access.user_by_id(connection, bob.user_id))
    assert row is not None
    assert "t=2" in row.password_hash
    await dearer.verify("Bob", PASSWORD)
    dearer.close()


async def test_a_second_factor_is_asked_for(accounts: Security, bob: User, hand_clock: HandClock) -> None:
    app, _ = await second_factor(accounts, bob, hand_clock)
    with pytest.raises(SecondFactorNeededError):
        await accounts.users.verify("Bob", PASSWORD)
    with pytest.raises(LoginFailedError):
        await accounts.users.verify("Bob", PASSWORD, "000000")
    user = await accounts.users.verify("Bob", PASSWORD, app.at(int(hand_clock.unix_s())))
    assert (user.totp, user.recovery_codes) == (True, 10)


async def test_a_wrong_password_never_says_that_there_is_a_second_factor(
    accounts: Security, bob: User, hand_clock: HandClock
) -> None:
    await second_factor(accounts, bob, hand_clock)
    with pytest.raises(LoginFailedError):
        await accounts.users.verify("Bob", OTHER_PASSWORD)


async def test_a_code_works_once(accounts: Security, bob: User, hand_clock: HandClock) -> None:
    app, _ = await second_factor(accounts, bob, hand_clock)
    code = app.at(int(hand_clock.unix_s()))
    await accounts.users.verify("Bob", PASSWORD, code)
    with pytest.raises(LoginFailedError):
        await accounts.users.verify("Bob", PASSWORD, code)


async def test_the_code_that_confirmed_it_does_not_work_for_a_login(
    accounts: Security, bob: User, hand_clock: HandClock
) -> None:
    app = pyotp.TOTP((await accounts.users.begin_totp(bob.user_id)).secret)
    code = app.at(int(hand_clock.unix_s()))
    await accounts.users.confirm_totp(bob.user_id, code)
    with pytest.raises(LoginFailedError):
        await accounts.users.verify("Bob", PASSWORD, code)


async def test_a_recovery_code_works_once(accounts: Security, bob: User, hand_clock: HandClock) -> None:
    _, codes = await second_factor(accounts, bob, hand_clock)
    user = await accounts.users.verify("Bob", PASSWORD, codes[0].upper())
    assert (await accounts.users.get(user.user_id)).recovery_codes == 9
    with pytest.raises(LoginFailedError):
        await accounts.users.verify("Bob", PASSWORD, codes[0])


async def test_a_recovery_code_that_two_use_at_once_lets_one_in(
    accounts: Security, bob: User, hand_clock: HandClock
) -> None:
    _, codes = await second_factor(accounts, bob, hand_clock)
    done = await asyncio.gather(
        *(accounts.users.verify("Bob", PASSWORD, codes[0]) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(one, User) for one in done) == 1


async def test_the_second_factor_s_secret_is_sealed_in_the_database(
    accounts: Security, accounts_database: Database, bob: User, hand_clock: HandClock
) -> None:
    app, codes = await second_factor(accounts, bob, hand_clock)
    row = await accounts_database.run(lambda connection: access.user_by_id(connection, bob.user_id))
    assert row is not None
    assert (row.totp_secret or b"").startswith(b"sealed:")
    assert app.secret.encode() not in (row.totp_secret or b"")
    assert not set(codes) & set(row.recovery_hashes)


async def test_a_secret_that_is_moved_to_another_account_does_not_open(
    accounts: Security, accounts_database: Database, ann: User, bob: User, hand_clock: HandClock
) -> None:
    app, _ = await second_factor(accounts, bob, hand_clock)

    def move(connection: Connection) -> None:
        row = access.user_by_id(connection, bob.user_id)
        assert row is not None
        access.change_user(connection, ann.user_id, {"totp_secret": row.totp_secret})

    await accounts_database.run(move)
    with pytest.raises(SecretKeyError):
        await accounts.users.verify("Ann", PASSWORD, app.at(int(hand_clock.unix_s())))


async def test_a_second_factor_counts_only_after_a_right_code(
    accounts: Security, bob: User, hand_clock: HandClock
) -> None:
    begun = await accounts.users.begin_totp(bob.user_id)
    with pytest.raises(CodeWrongError):
        await accounts.users.confirm_totp(bob.user_id, "000000")
    await accounts.users.verify("Bob", PASSWORD)
    hand_clock.pass_s(901)
    with pytest.raises(CodeWrongError):
        await accounts.users.confirm_totp(bob.user_id, pyotp.TOTP(begun.secret).at(int(hand_clock.unix_s())))


async def test_without_its_second_factor_the_password_is_enough(
    accounts: Security, bob: User, hand_clock: HandClock
) -> None:
    await second_factor(accounts, bob, hand_clock)
    await accounts.users.remove_totp(bob.user_id)
    assert (await accounts.users.verify("Bob", PASSWORD)).totp is False


async def test_who_has_no_password_gets_no_second_factor_here(accounts: Security) -> None:
    user = await accounts.users.create("Ann", None, "viewer", subject="https://id.example.org 1")
    assert await accounts.users.by_subject("https://id.example.org 1") == user
    with pytest.raises(RequestInvalidError):
        await accounts.users.begin_totp(user.user_id)

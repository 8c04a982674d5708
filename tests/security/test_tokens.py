"""API tokens: shown once, kept by hash, and never more than their owner may."""

import pytest
from tests.fakes.accounts import PASSWORD
from tests.fakes.hand_clock import HandClock

from popcam.core.access import Role, Scope
from popcam.core.errors import (
    AccessRefusedError,
    DatabaseError,
    RequestInvalidError,
    TokenNotFoundError,
    UserNotFoundError,
)
from popcam.security import tokens as module
from popcam.security.accounts import User, narrower
from popcam.security.service import Security
from popcam.security.tokens import TOKEN_TEXT
from popcam.storage import Database, access

DOOR = Scope(cameras=frozenset({"door"}))
HOUSE = Scope(cameras=frozenset({"door", "yard"}), groups=frozenset({"upstairs"}))


@pytest.fixture
async def ann(accounts: Security) -> User:
    return await accounts.users.create("Ann", PASSWORD, "operator", HOUSE)


async def test_a_token_is_found_by_its_text(accounts: Security, ann: User) -> None:
    text, token = await accounts.tokens.create(ann.user_id, "Home Assistant", "viewer", DOOR)
    assert TOKEN_TEXT.fullmatch(text)
    use = await accounts.tokens.find(text, "192.0.2.7")
    assert use is not None
    who = use.principal("192.0.2.7")
    assert (who.via, who.role, who.scope, who.user_id, who.name, who.credential_id) == (
        "token",
        "viewer",
        DOOR,
        ann.user_id,
        "Home Assistant",
        token.token_id,
    )


async def test_the_database_does_not_hold_the_text(accounts: Security, accounts_database: Database, ann: User) -> None:
    text, _ = await accounts.tokens.create(ann.user_id, "x", "viewer", DOOR)
    rows = await accounts_database.run(access.all_tokens)
    assert text.removeprefix("popcam_") not in repr([(row.token_hash, row.token_id, row.name) for row in rows])


@pytest.mark.parametrize("text", ["", "popcam_", "popcam_" + "a" * 43, "a" * 50, "popcam_" + "é" * 43])
async def test_what_is_no_token_is_nobody_s(accounts: Security, ann: User, text: str) -> None:
    assert await accounts.tokens.find(text) is None


@pytest.mark.parametrize(
    ("role", "scope"),
    [("admin", Scope()), ("viewer", Scope()), ("viewer", Scope(cameras=frozenset({"attic"}))), ("admin", DOOR)],
)
async def test_nobody_makes_a_token_that_may_more_than_they(
    accounts: Security, ann: User, role: Role, scope: Scope
) -> None:
    with pytest.raises((AccessRefusedError, RequestInvalidError)):
        await accounts.tokens.create(ann.user_id, "x", role, scope)
    assert await accounts.tokens.list() == []


async def test_a_token_never_may_more_than_its_owner_may_now(accounts: Security, ann: User) -> None:
    text, _ = await accounts.tokens.create(ann.user_id, "x", "operator", HOUSE)
    await accounts.users.change(ann.user_id, role="viewer", scope=DOOR)
    use = await accounts.tokens.find(text)
    assert use is not None
    assert (use.principal().role, use.principal().scope) == ("viewer", DOOR)


async def test_the_token_of_somebody_who_is_shut_out_does_not_work(accounts: Security, ann: User) -> None:
    text, _ = await accounts.tokens.create(ann.user_id, "x", "viewer", DOOR)
    await accounts.users.disable(ann.user_id)
    assert await accounts.tokens.find(text) is None
    await accounts.users.disable(ann.user_id, False)
    assert await accounts.tokens.find(text) is not None


async def test_a_token_ends_in_time(accounts: Security, ann: User, hand_clock: HandClock) -> None:
    text, _ = await accounts.tokens.create(ann.user_id, "x", "viewer", DOOR, hand_clock.unix_s() + 10)
    assert await accounts.tokens.find(text) is not None
    hand_clock.pass_s(10)
    assert await accounts.tokens.find(text) is None


async def test_a_paused_token_works_again_later(accounts: Security, ann: User) -> None:
    text, token = await accounts.tokens.create(ann.user_id, "x", "viewer", DOOR)
    await accounts.tokens.find(text)
    assert (await accounts.tokens.change(token.token_id, paused=True)).paused is True
    assert await accounts.tokens.find(text) is None
    await accounts.tokens.change(token.token_id, paused=False)
    assert await accounts.tokens.find(text) is not None


async def test_all_are_paused_at_once_and_those_before_are_told_apart(accounts: Security, ann: User) -> None:
    made = [(await accounts.tokens.create(ann.user_id, str(n), "viewer", DOOR))[1].token_id for n in range(3)]
    await accounts.tokens.change(made[0], paused=True)
    paused = await accounts.tokens.pause()
    assert sorted(paused) == sorted(made[1:])
    assert sorted(await accounts.tokens.pause(paused, paused=False)) == sorted(made[1:])
    assert (await accounts.tokens.get(made[0])).paused is True


async def test_a_revoked_token_is_gone(accounts: Security, ann: User) -> None:
    text, token = await accounts.tokens.create(ann.user_id, "x", "viewer", DOOR)
    await accounts.tokens.find(text)
    await accounts.tokens.revoke(token.token_id)
    assert await accounts.tokens.find(text) is None
    for work in (accounts.tokens.revoke(token.token_id), accounts.tokens.change(token.token_id, paused=True)):
        with pytest.raises(TokenNotFoundError):
            await work


async def test_the_list_shows_when_and_from_where_they_were_used(
    accounts: Security, ann: User, hand_clock: HandClock
) -> None:
    text, _ = await accounts.tokens.create(ann.user_id, "x", "viewer", DOOR)
    hand_clock.pass_s(60)
    await accounts.tokens.find(text, "192.0.2.7")
    listed = (await accounts.tokens.list(ann.user_id))[0]
    assert (listed.used_unix_s, listed.used_address) == (hand_clock.unix_s(), "192.0.2.7")


async def test_when_the_database_refuses_the_use_is_written_later(
    accounts: Security, accounts_database: Database, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, token = await accounts.tokens.create(ann.user_id, "x", "viewer", DOOR)
    await accounts.tokens.find(text, "192.0.2.7")

    async def refuse(_work: object) -> None:
        raise DatabaseError("full")

    with monkeypatch.context() as patch:
        patch.setattr(accounts_database, "run", refuse)
        with pytest.raises(DatabaseError):
            await accounts.tokens.flush()
    await accounts.tokens.flush()
    assert (await accounts.tokens.get(token.token_id)).used_address == "192.0.2.7"


async def test_one_account_has_so_many_tokens_and_no_more(
    accounts: Security, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_PER_USER", 2)
    for number in range(2):
        await accounts.tokens.create(ann.user_id, str(number), "viewer", DOOR)
    with pytest.raises(RequestInvalidError):
        await accounts.tokens.create(ann.user_id, "one more", "viewer", DOOR)


async def test_nobody_has_no_tokens(accounts: Security) -> None:
    with pytest.raises(UserNotFoundError):
        await accounts.tokens.create("x", "x", "viewer")


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (Scope(), DOOR, DOOR),
        (DOOR, HOUSE, DOOR),
        (HOUSE, HOUSE, HOUSE),
        (DOOR, Scope(cameras=frozenset({"attic"})), Scope(frozenset(), frozenset())),
        (HOUSE, Scope(frozenset({"yard", "attic"})), Scope(frozenset({"yard"}), frozenset())),
    ],
)
def test_what_two_limits_have_in_common(one: Scope, other: Scope, both: Scope) -> None:
    assert narrower(one, other) == both
    assert narrower(other, one) == both
    assert not Scope(frozenset(), frozenset()).holds("door")

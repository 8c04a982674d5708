"""Sessions: found, kept by hash, ended by time and by hand."""

import asyncio
from pathlib import Path

import pytest
from tests.fakes.accounts import PASSWORD, security_in
from tests.fakes.hand_clock import HandClock

from popcam.config.model import SecuritySettings
from popcam.core.errors import DatabaseError, SessionNotFoundError
from popcam.security import sessions as module
from popcam.security.accounts import User
from popcam.security.service import Security
from popcam.security.short_memory import KEEP_S
from popcam.storage import Database, access

HOUR_S = 3600.0


@pytest.fixture
async def ann(accounts: Security) -> User:
    return await accounts.users.create("Ann", PASSWORD, "operator")


async def test_a_session_is_found_by_what_the_browser_holds(accounts: Security, ann: User) -> None:
    value, session = await accounts.sessions.open(ann, "192.0.2.20", "Firefox")
    found = await accounts.sessions.find(value)
    assert found is not None
    assert (found.session, found.user) == (session, ann)
    who = found.principal("192.0.2.21")
    assert (who.via, who.role, who.user_id, who.name, who.credential_id, who.address) == (
        "session",
        "operator",
        ann.user_id,
        "Ann",
        session.session_id,
        "192.0.2.21",
    )


async def test_the_database_holds_nothing_that_a_browser_could_hold(
    accounts: Security, accounts_database: Database, ann: User
) -> None:
    value, _ = await accounts.sessions.open(ann)
    rows = await accounts_database.run(access.all_sessions)
    assert value not in repr([(row.token_hash, row.session_id) for row in rows])


@pytest.mark.parametrize("value", ["", "x", "a" * 43, "é" * 43, "a" * 44, "a" * 100_000])
async def test_what_is_no_session_is_nobody_s(accounts: Security, ann: User, value: str) -> None:
    assert await accounts.sessions.find(value) is None


async def test_a_session_that_is_not_used_ends(accounts: Security, ann: User, hand_clock: HandClock) -> None:
    value, _ = await accounts.sessions.open(ann)
    hand_clock.pass_s(71 * HOUR_S)
    assert await accounts.sessions.find(value) is not None
    hand_clock.pass_s(71 * HOUR_S)
    assert await accounts.sessions.find(value) is not None
    hand_clock.pass_s(72 * HOUR_S)
    assert await accounts.sessions.find(value) is None


async def test_a_session_that_is_always_used_ends_too(accounts: Security, ann: User, hand_clock: HandClock) -> None:
    value, _ = await accounts.sessions.open(ann)
    for _ in range(15):
        hand_clock.pass_s(47 * HOUR_S)
        assert await accounts.sessions.find(value) is not None
    hand_clock.pass_s(15 * HOUR_S + 1)
    assert await accounts.sessions.find(value) is None


async def test_how_long_is_said_by_the_settings(
    tmp_path: Path, accounts_database: Database, hand_clock: HandClock, ann: User
) -> None:
    settings = SecuritySettings(session_idle_h=0.5, session_max_days=1.0)
    sessions = security_in(tmp_path, accounts_database, hand_clock, settings).sessions
    value, session = await sessions.open(ann)
    assert session.expires_unix_s - session.created_unix_s == 24 * HOUR_S
    hand_clock.pass_s(0.5 * HOUR_S)
    assert await sessions.find(value) is None


async def test_requests_in_a_row_read_the_database_once(
    accounts: Security, accounts_database: Database, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    value, _ = await accounts.sessions.open(ann)
    count = 0
    run = accounts_database.run

    async def counted(work: object) -> object:
        nonlocal count
        count += 1
        return await run(work)  # type: ignore[arg-type]

    monkeypatch.setattr(accounts_database, "run", counted)
    for _ in range(50):
        assert await accounts.sessions.find(value) is not None
    assert count == 1


async def test_a_change_here_holds_at_once(accounts: Security, ann: User) -> None:
    value, _ = await accounts.sessions.open(ann)
    await accounts.sessions.find(value)
    await accounts.users.set_role(ann.user_id, "viewer")
    found = await accounts.sessions.find(value)
    assert found is not None
    assert found.principal().role == "viewer"


async def test_a_change_by_another_process_holds_within_seconds(
    tmp_path: Path, accounts: Security, accounts_database: Database, ann: User, hand_clock: HandClock
) -> None:
    value, _ = await accounts.sessions.open(ann)
    await accounts.sessions.find(value)
    shell = security_in(tmp_path, accounts_database, hand_clock)
    await shell.users.disable(ann.user_id)
    shell.users.close()
    hand_clock.pass_s(KEEP_S + 0.1)
    assert await accounts.sessions.find(value) is None


async def test_a_session_that_ends_while_it_is_read_is_not_remembered(
    accounts: Security, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    value, session = await accounts.sessions.open(ann)
    reading = asyncio.create_task(accounts.sessions.find(value))
    await asyncio.sleep(0)
    await accounts.sessions.revoke(session.session_id)
    await reading
    assert await accounts.sessions.find(value) is None


async def test_an_ended_session_is_gone(accounts: Security, ann: User) -> None:
    value, session = await accounts.sessions.open(ann)
    await accounts.sessions.find(value)
    await accounts.sessions.revoke(session.session_id, ann.user_id)
    assert await accounts.sessions.find(value) is None
    with pytest.raises(SessionNotFoundError):
        await accounts.sessions.revoke(session.session_id)


async def test_nobody_ends_the_session_of_another(accounts: Security, ann: User) -> None:
    _, session = await accounts.sessions.open(ann)
    with pytest.raises(SessionNotFoundError):
        await accounts.sessions.revoke(session.session_id, "somebody")
    assert len(await accounts.sessions.list(ann.user_id)) == 1


async def test_all_but_one_end(accounts: Security, ann: User) -> None:
    values = [await accounts.sessions.open(ann) for _ in range(3)]
    assert await accounts.sessions.revoke_all(ann.user_id, but=values[1][1].session_id) == 2
    found = [await accounts.sessions.find(value) is not None for value, _ in values]
    assert found == [False, True, False]


async def test_the_list_shows_when_they_were_used_and_leaves_out_what_ended(
    accounts: Security, ann: User, hand_clock: HandClock
) -> None:
    await accounts.sessions.open(ann, "192.0.2.1")
    hand_clock.pass_s(40 * HOUR_S)
    value, _ = await accounts.sessions.open(ann, "192.0.2.2")
    hand_clock.pass_s(40 * HOUR_S)
    await accounts.sessions.find(value)
    listed = await accounts.sessions.list(ann.user_id)
    assert [(one.address, one.seen_unix_s) for one in listed] == [("192.0.2.2", hand_clock.unix_s())]


async def test_what_ended_by_time_is_removed(
    accounts: Security, accounts_database: Database, ann: User, hand_clock: HandClock
) -> None:
    await accounts.sessions.open(ann)
    hand_clock.pass_s(40 * HOUR_S)
    value, _ = await accounts.sessions.open(ann)
    hand_clock.pass_s(40 * HOUR_S)
    await accounts.sessions.find(value)
    assert await accounts.sessions.prune() == 1
    assert len(await accounts_database.run(access.all_sessions)) == 1


async def test_when_the_database_refuses_the_use_is_written_later(
    accounts: Security, accounts_database: Database, ann: User, hand_clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    value, _ = await accounts.sessions.open(ann)
    hand_clock.pass_s(100)
    await accounts.sessions.find(value)

    async def refuse(_work: object) -> None:
        raise DatabaseError("full")

    with monkeypatch.context() as patch:
        patch.setattr(accounts_database, "run", refuse)
        with pytest.raises(DatabaseError):
            await accounts.sessions.flush()
    await accounts.sessions.flush()
    assert (await accounts_database.run(access.all_sessions))[0].seen_unix_s == hand_clock.unix_s()


async def test_one_account_has_so_many_sessions_and_no_more(
    accounts: Security, ann: User, monkeypatch: pytest.MonkeyPatch, hand_clock: HandClock
) -> None:
    monkeypatch.setattr(module, "MAX_PER_USER", 3)
    values = []
    for _ in range(5):
        hand_clock.pass_s(1)
        values.append((await accounts.sessions.open(ann))[0])
    assert [await accounts.sessions.find(value) is not None for value in values] == [False, False, True, True, True]


async def test_a_browser_s_long_story_is_cut(accounts: Security, ann: User) -> None:
    _, session = await accounts.sessions.open(ann, agent="Mozilla\n " + "x" * 1000)
    assert len(session.agent) == 300
    assert "\n" not in session.agent


async def test_a_deleted_account_has_no_sessions(accounts: Security, ann: User) -> None:
    value, _ = await accounts.sessions.open(ann)
    await accounts.sessions.find(value)
    await accounts.users.delete(ann.user_id)
    assert await accounts.sessions.find(value) is None

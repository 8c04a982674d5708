"""Incident mode: who is out, what is paused, and that it lasts over restarts."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.fakes.hand_clock import HandClock

from popcam.core.access import NOBODY, OPEN, AuditNote, Principal
from popcam.core.errors import DatabaseError, LockedDownError, WorkerUnavailableError
from popcam.core.security import SecurityKind
from popcam.security.lockdown import Lockdown, LockdownState
from popcam.security.watch import Watch
from popcam.storage import Database, access
from popcam.storage.access import SessionRow, TokenRow, UserRow

ADMIN = Principal(via="session", role="admin", user_id="u1", name="anna", credential_id="s1", address="192.0.2.7")
SHELL = Principal(via="shell", role="admin", name="shell", address="127.0.0.1")


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "popcam.db")
    database.run_sync(
        lambda connection: access.add_user(
            connection, UserRow(user_id="u1", name="anna", name_key="anna", role="admin")
        )
    )
    for name in ("s1", "s2", "s3"):
        row = SessionRow(
            session_id=name, user_id="u1", token_hash=name, created_unix_s=1, seen_unix_s=1, expires_unix_s=2e9
        )
        database.run_sync(partial(access.add_session, row=row))
    for name, paused in (("t1", False), ("t2", False), ("by-hand", True)):
        token = TokenRow(token_id=name, user_id="u1", name=name, token_hash=name, role="viewer", paused=paused)
        database.run_sync(partial(access.add_token, row=token))
    yield database
    database.close()


def sessions(database: Database) -> set[str]:
    return {row.session_id for row in database.run_sync(access.all_sessions)}


def working_tokens(database: Database) -> set[str]:
    return {row.token_id for row in database.run_sync(access.all_tokens) if not row.paused}


@pytest.fixture
def lockdown(database: Database, clock: HandClock) -> Lockdown:
    return Lockdown(database, clock, stops=("restream",))


async def test_all_sessions_end_but_the_callers(lockdown: Lockdown, database: Database) -> None:
    state = await lockdown.begin(ADMIN, "odd logins")
    assert sessions(database) == {"s1"}
    assert state.sessions_ended == 2


async def test_from_the_shell_all_sessions_end(lockdown: Lockdown, database: Database) -> None:
    await lockdown.begin(SHELL, "odd logins")
    assert sessions(database) == set()


async def test_tokens_pause_and_those_paused_by_hand_stay_so(lockdown: Lockdown, database: Database) -> None:
    await lockdown.begin(ADMIN, "")
    assert working_tokens(database) == set()
    await lockdown.end(ADMIN)
    assert working_tokens(database) == {"t1", "t2"}


async def test_it_lasts_over_a_restart(lockdown: Lockdown, database: Database, clock: HandClock) -> None:
    begun = await lockdown.begin(ADMIN, "odd logins")
    later = Lockdown(database, clock)
    await later.start()
    assert later.state == begun
    await later.end(ADMIN)
    assert working_tokens(database) == {"t1", "t2"}
    last = Lockdown(database, clock)
    await last.start()
    assert last.state == LockdownState()


async def test_beginning_twice_keeps_who_and_when_and_all_paused_tokens(
    lockdown: Lockdown, database: Database, clock: HandClock
) -> None:
    first = await lockdown.begin(ADMIN, "odd logins")
    clock.pass_s(60)
    token = TokenRow(token_id="t3", user_id="u1", name="t3", token_hash="t3", role="viewer")
    database.run_sync(lambda connection: access.add_token(connection, token))
    second = await lockdown.begin(SHELL, "")
    assert (second.by, second.since_unix_s, second.reason) == (first.by, first.since_unix_s, "odd logins")
    assert set(second.tokens_paused) == {"t1", "t2", "t3"}


@pytest.mark.parametrize(
    "who",
    [
        NOBODY,
        Principal(via="session", role="operator"),
        Principal(via="session", role="viewer"),
        Principal(via="token", role="admin"),
        Principal(via="open", role="admin", address="192.0.2.7"),
        OPEN,
    ],
)
async def test_nobody_else_passes(lockdown: Lockdown, who: Principal) -> None:
    lockdown.check(who)
    await lockdown.begin(ADMIN, "odd logins")
    with pytest.raises(LockedDownError, match="odd logins"):
        lockdown.check(who)
    await lockdown.end(ADMIN)
    lockdown.check(who)


@pytest.mark.parametrize("who", [ADMIN, SHELL, Principal(via="open", role="admin", address="127.0.0.1")])
async def test_administrators_with_a_session_and_the_shell_pass(lockdown: Lockdown, who: Principal) -> None:
    await lockdown.begin(ADMIN, "odd logins")
    lockdown.check(who)


async def test_chosen_outputs_are_quiet_until_it_ends_and_after_restarts(
    lockdown: Lockdown, database: Database, clock: HandClock
) -> None:
    quiet: list[frozenset[str]] = []

    async def outputs(stopped: frozenset[str]) -> None:
        quiet.append(stopped)

    await lockdown.wire_outputs(outputs)
    await lockdown.begin(ADMIN, "")
    later = Lockdown(database, clock)
    await later.start()
    await later.wire_outputs(outputs)
    await later.end(ADMIN)
    assert quiet == [frozenset({"restream"}), frozenset({"restream"}), frozenset()]


async def test_it_is_written_to_the_audit_log(database: Database, clock: HandClock) -> None:
    written: list[AuditNote] = []

    async def write(note: AuditNote) -> None:
        written.append(note)

    lockdown = Lockdown(database, clock, write_audit=write)
    await lockdown.begin(ADMIN, "odd logins")
    await lockdown.end(SHELL)
    assert [(note.action, note.who, note.result) for note in written] == [
        ("security.lockdown", ADMIN, "ok"),
        ("security.unlock", SHELL, "ok"),
    ]
    assert written[0].detail == "odd logins"


async def test_it_is_told_as_an_event(database: Database, clock: HandClock) -> None:
    watch = Watch(clock)
    lockdown = Lockdown(database, clock, watch=watch)
    await lockdown.begin(ADMIN, "odd logins")
    await lockdown.end(ADMIN)
    assert [event.kind for event in watch.book.newest()] == [SecurityKind.UNLOCKED, SecurityKind.LOCKDOWN]


async def test_listeners_hear_after_the_database_knows(lockdown: Lockdown, database: Database) -> None:
    heard: list[tuple[bool, set[str]]] = []
    lockdown.on_change(lambda state: heard.append((state.on, sessions(database))))
    await lockdown.begin(ADMIN, "")
    await lockdown.end(ADMIN)
    assert heard == [(True, {"s1"}), (False, {"s1"})]


async def test_with_a_broken_database_it_is_on_all_the_same_and_says_so(lockdown: Lockdown, database: Database) -> None:
    database.run_sync(lambda connection: connection.exec_driver_sql("ALTER TABLE security_facts RENAME TO away"))
    with pytest.raises(DatabaseError):
        await lockdown.begin(ADMIN, "odd logins")
    with pytest.raises(LockedDownError):
        lockdown.check(NOBODY)
    assert sessions(database) == {"s1", "s2", "s3"}, "all of it is kept, or nothing"


async def test_what_the_database_refused_is_written_when_it_works_again(
    lockdown: Lockdown, database: Database, clock: HandClock
) -> None:
    database.run_sync(lambda connection: connection.exec_driver_sql("ALTER TABLE security_facts RENAME TO away"))
    with pytest.raises(DatabaseError):
        await lockdown.begin(ADMIN, "odd logins")
    database.run_sync(lambda connection: connection.exec_driver_sql("ALTER TABLE away RENAME TO security_facts"))
    await lockdown.look()
    assert sessions(database) == {"s1"}
    later = Lockdown(database, clock)
    await later.look()
    assert later.state == lockdown.state


async def test_a_command_on_the_database_reaches_the_running_server(database: Database, clock: HandClock) -> None:
    server = Lockdown(database, clock, look_every_s=0.01)
    heard: list[bool] = []
    began = asyncio.Event()
    ended = asyncio.Event()

    def hear(state: LockdownState) -> None:
        heard.append(state.on)
        (began if state.on else ended).set()

    server.on_change(hear)
    await server.start()
    command = Lockdown(database, clock)
    await command.begin(SHELL, "odd logins")
    await asyncio.wait_for(began.wait(), 60)
    assert server.state == command.state
    await command.end(SHELL)
    await asyncio.wait_for(ended.wait(), 60)
    await server.stop()
    assert heard == [True, False]


async def test_an_output_that_does_not_stop_is_told_and_keeps_nothing_else_from_happening(
    database: Database, clock: HandClock
) -> None:
    written: list[AuditNote] = []

    async def write(note: AuditNote) -> None:
        written.append(note)

    async def outputs(_stopped: frozenset[str]) -> None:
        raise WorkerUnavailableError("gone")

    lockdown = Lockdown(database, clock, write_audit=write)
    await lockdown.wire_outputs(outputs)
    with pytest.raises(WorkerUnavailableError):
        await lockdown.begin(ADMIN, "")
    assert lockdown.state.on
    assert sessions(database) == {"s1"}
    assert [(note.result, note.detail) for note in written] == [("failed", "worker.unavailable")]

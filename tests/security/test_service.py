"""All parts of security together."""

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import select, update
from tests.fakes.accounts import PASSWORD, security_in
from tests.fakes.hand_clock import HandClock

from popcam.core.access import AuditNote, Principal
from popcam.core.security import SecurityKind
from popcam.security import service
from popcam.security.shell_key import read_shell_key
from popcam.storage import Database, access
from popcam.storage.tables import audit_entries


async def test_it_starts_keeps_and_ends(tmp_path: Path, accounts_database: Database) -> None:
    security = security_in(tmp_path, accounts_database)
    await security.start()
    assert security.shell_key.knows(read_shell_key(tmp_path / "run"))
    ann = await security.users.create("Ann", PASSWORD, "admin")
    value, _ = await security.sessions.open(ann)
    await security.sessions.find(value)
    text, _ = await security.tokens.create(ann.user_id, "x", "viewer")
    await security.tokens.find(text, "192.0.2.7")
    await security.stop()
    assert read_shell_key(tmp_path / "run") == ""
    tokens = await accounts_database.run(access.all_tokens)
    assert tokens[0].used_address == "192.0.2.7"


async def test_incident_mode_ends_sessions_and_pauses_tokens_at_once(
    tmp_path: Path, accounts_database: Database
) -> None:
    security = security_in(tmp_path, accounts_database)
    await security.start()
    ann = await security.users.create("Ann", PASSWORD, "admin")
    value, _ = await security.sessions.open(ann)
    text, _ = await security.tokens.create(ann.user_id, "x", "viewer")
    assert await security.sessions.find(value) is not None
    assert await security.tokens.find(text) is not None
    await security.lockdown.begin(Principal(via="shell", role="admin"), "a test")
    assert await security.sessions.find(value) is None
    assert await security.tokens.find(text) is None
    await security.stop()


async def test_a_database_that_works_later_is_taken_up_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "START_AGAIN_S", 0.05)
    monkeypatch.setattr("popcam.storage.database.REOPEN_AFTER_S", 0.01)
    (tmp_path / "data").write_text("in the way of the folder")
    database = Database(tmp_path / "data" / "popcam.db")
    security = security_in(tmp_path, database)
    kept_began = asyncio.Event()
    start = security.lockdown.start

    async def told() -> None:
        await start()
        kept_began.set()

    monkeypatch.setattr(security.lockdown, "start", told)
    await security.start()
    assert not kept_began.is_set()
    (tmp_path / "data").unlink()
    async with asyncio.timeout(60):
        await kept_began.wait()
    await security.users.create("Ann", PASSWORD, "admin")
    await security.stop()
    database.close()


async def test_what_was_noted_is_in_the_log_at_the_end(
    tmp_path: Path, accounts_database: Database, hand_clock: HandClock
) -> None:
    security = security_in(tmp_path, accounts_database, hand_clock)
    await security.start()
    security.audit.note(AuditNote("user.create", "ok", Principal(via="shell", role="admin")))
    await security.stop()
    actions = await accounts_database.run(lambda connection: list(connection.scalars(select(audit_entries.c.action))))
    assert "user.create" in actions


async def test_a_log_that_was_changed_is_a_security_event_told_in_the_loop(
    tmp_path: Path, accounts_database: Database
) -> None:
    # Made in a thread, as the server does.
    security = await asyncio.to_thread(security_in, tmp_path, accounts_database)
    told: list[str] = []
    security.watch.on_event(lambda event: told.append(f"{event.kind} in {threading.current_thread().name}"))
    await security.start()
    for number in range(2):
        await security.audit.write(AuditNote(f"user.test{number}", "ok", Principal(via="shell", role="admin")))
    await accounts_database.run(
        lambda connection: connection.execute(
            update(audit_entries).where(audit_entries.c.action == "user.test1").values(entry="{}", hash="0" * 64)
        )
    )
    await security.audit.write(AuditNote("user.test2", "ok", Principal(via="shell", role="admin")))
    async with asyncio.timeout(60):
        while not told:  # noqa: ASYNC110 - the watch has no event to wait on
            await asyncio.sleep(0.01)
    assert told == [f"{SecurityKind.AUDIT_BROKEN} in {threading.current_thread().name}"]
    await security.stop()

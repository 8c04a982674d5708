"""A database that is damaged, newer, locked, full or may not be written."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from popcam.core.errors import (
    DatabaseBusyError,
    DatabaseCorruptError,
    DatabaseError,
    DatabaseFullError,
    DatabaseNewerError,
    DatabaseReadOnlyError,
)
from popcam.storage import Database, database
from popcam.storage.migrate import NEWEST, alembic_config
from popcam.storage.tables import metadata


def test_migrations_lead_to_just_the_tables_of_the_code(tmp_path: Path) -> None:
    db = Database(tmp_path / "popcam.db")

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    assert db.run_sync(differences) == []
    db.close()


def test_the_newest_migration_is_the_one_that_the_code_names() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == NEWEST


def test_opening_again_migrates_nothing(tmp_path: Path) -> None:
    for _ in range(2):
        db = Database(tmp_path / "deep" / "popcam.db")
        db.open()
        db.close()
    assert (tmp_path / "deep" / "popcam.db").stat().st_size > 0


def test_readers_do_not_wait_for_writers(tmp_path: Path) -> None:
    db = Database(tmp_path / "popcam.db")
    assert db.run_sync(lambda connection: connection.scalar(text("PRAGMA journal_mode"))) == "wal"
    assert db.run_sync(lambda connection: connection.scalar(text("PRAGMA foreign_keys"))) == 1
    db.close()


@pytest.mark.parametrize("content", [b"this is no database at all" * 100])
def test_a_file_that_is_no_database_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "popcam.db"
    path.write_bytes(content)
    db = Database(path)
    with pytest.raises(DatabaseCorruptError):
        db.open()
    assert path.read_bytes() == content
    db.close()


def test_damage_inside_is_named(tmp_path: Path) -> None:
    path = tmp_path / "popcam.db"
    db = Database(path)
    db.open()
    db.close()
    damaged = bytearray(path.read_bytes())
    damaged[4096:] = b"\xa5" * (len(damaged) - 4096)
    path.write_bytes(damaged)
    db = Database(path)
    with pytest.raises(DatabaseCorruptError):
        db.run_sync(lambda connection: connection.execute(text("SELECT * FROM events")).all())
    db.close()


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "popcam.db"
    db = Database(path)
    db.open()
    db.run_sync(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))
    db.close()
    with pytest.raises(DatabaseNewerError, match="9999"):
        Database(path).open()


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "popcam.db").mkdir()
    with pytest.raises(DatabaseReadOnlyError):
        Database(tmp_path / "popcam.db").open()


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(DatabaseReadOnlyError):
        Database(tmp_path / "data" / "popcam.db").open()


async def test_a_database_without_room_is_named(tmp_path: Path) -> None:
    db = Database(tmp_path / "popcam.db", threads=1)

    def fill(connection: Connection) -> None:
        connection.execute(text("PRAGMA max_page_count = 12"))
        connection.execute(text("CREATE TABLE filler AS SELECT zeroblob(1000000)"))

    with pytest.raises(DatabaseFullError):
        db.run_sync(fill)
    db.close()


async def test_the_check_sees_that_writing_is_impossible(tmp_path: Path) -> None:
    db = Database(tmp_path / "popcam.db", threads=1)
    await db.check()
    await db.run(lambda connection: connection.execute(text("PRAGMA query_only = ON")))
    with pytest.raises(DatabaseReadOnlyError):
        await db.check()
    db.close()


async def test_another_programs_lock_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
    db = Database(tmp_path / "popcam.db")
    db.open()
    other = sqlite3.connect(tmp_path / "popcam.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseBusyError):
        await db.check()
    other.close()
    await db.check()
    db.close()


def test_a_mended_database_is_opened_by_the_next_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "popcam.db"
    path.mkdir()
    db = Database(path)
    with pytest.raises(DatabaseReadOnlyError):
        db.open()
    path.rmdir()
    with pytest.raises(DatabaseReadOnlyError):  # remembered: a broken disk is not asked at each request
        db.open()
    monkeypatch.setattr(database, "REOPEN_AFTER_S", 0.0)
    db.open()
    db.close()


def test_work_that_another_writer_overtakes_is_done_once_more(tmp_path: Path) -> None:
    db = Database(tmp_path / "popcam.db")
    db.run_sync(lambda connection: connection.execute(text("CREATE TABLE counted (x INTEGER)")))
    count = text("SELECT count(*) FROM counted")
    seen = []

    def add(connection: Connection) -> None:
        seen.append(connection.scalar(count))
        if len(seen) == 1:
            with sqlite3.connect(tmp_path / "popcam.db") as other:
                other.execute("INSERT INTO counted VALUES (1)")
            other.close()
        connection.execute(text("INSERT INTO counted VALUES (2)"))

    db.run_sync(add)
    assert seen == [0, 1]
    assert db.run_sync(lambda connection: connection.scalar(count)) == 2
    db.close()


def test_work_that_has_read_waits_for_the_writer_of_the_moment(tmp_path: Path) -> None:
    db = Database(tmp_path / "popcam.db")
    db.run_sync(lambda connection: connection.execute(text("CREATE TABLE counted (x INTEGER)")))
    other = sqlite3.connect(tmp_path / "popcam.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    ending = threading.Timer(0.3, other.execute, ("COMMIT",))
    ending.start()

    def add(connection: Connection) -> None:
        connection.scalar(text("SELECT count(*) FROM counted"))
        connection.execute(text("INSERT INTO counted VALUES (2)"))

    db.run_sync(add)
    ending.join()
    assert db.run_sync(lambda connection: connection.scalar(text("SELECT count(*) FROM counted"))) == 1
    other.close()
    db.close()


def test_a_failed_transaction_leaves_nothing(tmp_path: Path) -> None:
    db = Database(tmp_path / "popcam.db")

    def half(connection: Connection) -> None:
        connection.execute(text("CREATE TABLE half (x)"))
        connection.execute(text("SELECT * FROM nowhere"))

    with pytest.raises(DatabaseError):
        db.run_sync(half)
    count = text("SELECT count(*) FROM sqlite_master WHERE name = 'half'")
    assert db.run_sync(lambda connection: connection.scalar(count)) == 0
    db.close()


async def test_who_is_cancelled_waits_for_what_the_thread_has_begun(tmp_path: Path) -> None:
    db = Database(tmp_path / "popcam.db", threads=2)
    db.run_sync(lambda connection: connection.execute(text("CREATE TABLE words (word TEXT)")))
    begun, go_on = threading.Event(), threading.Event()

    def late(connection: Connection) -> None:
        begun.set()
        go_on.wait(10)
        connection.execute(text("INSERT INTO words VALUES ('late')"))

    task = asyncio.create_task(db.run(late))
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    await asyncio.sleep(0.05)
    task.cancel()  # a second one does not free it, either
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert db.run_sync(lambda connection: connection.scalar(text("SELECT count(*) FROM words"))) == 1
    db.close()


async def test_cancelled_work_that_had_not_begun_never_begins(tmp_path: Path) -> None:
    db = Database(tmp_path / "popcam.db", threads=1)
    busy, ran = threading.Event(), threading.Event()
    first = asyncio.create_task(db.in_thread(lambda: busy.wait(10)))
    second = asyncio.create_task(db.in_thread(ran.set))
    await asyncio.sleep(0.05)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    busy.set()
    assert await first
    assert not ran.is_set()
    db.close()

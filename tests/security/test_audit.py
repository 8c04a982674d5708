"""The audit log while it is written: in order, soon, from many sides, and through everything that can go wrong."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
from tests.fakes.audit_site import ANNA, audit_log, entries, note, sql, write
from tests.fakes.hand_clock import HandClock
from tests.fakes.small_disk import fill, small_disk_at

from popcam.core.access import NOBODY, AuditNote
from popcam.core.known_secrets import KNOWN
from popcam.security import audit as audit_module
from popcam.security import audit_keeper, audit_queue
from popcam.security.audit import AuditLog
from popcam.security.audit_report import Break
from popcam.security.audit_verify import verify_file
from popcam.storage import Database
from popcam.storage.audit import AuditFilter, AuditRow

REFUSE = "CREATE TRIGGER refuse BEFORE INSERT ON audit_entries BEGIN SELECT RAISE(ABORT, 'no'); END"
ALLOW = "DROP TRIGGER refuse"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write(folder)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """A log with one entry: that a key was made."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_module, "RETRY_S", 0.05)
    monkeypatch.setattr(audit_module, "WRITE_WAIT_S", 0.2)


def until(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.005)


async def test_a_written_note_is_in_the_database_when_it_returns(folder: Path) -> None:
    with audit_log(folder) as log:
        row = await log.write(note(7, detail="by hand", before={"fps": 1}, request_id="r1"))
        assert row is not None
        assert json.loads(row.entry) == entries(folder)[-1]
    entry = json.loads(row.entry)
    assert (entry["seq"], entry["action"], entry["result"], entry["on"]) == (2, "camera.update", "ok", "camera:c7")
    assert (entry["before"], entry["after"], entry["detail"], entry["request_id"]) == (
        {"fps": 1}, {"fps": 7}, "by hand", "r1",
    )  # fmt: skip
    assert entry["who"] == {
        "name": "anna", "user_id": "u1", "via": "session", "role": "admin", "credential_id": "s1",
        "address": "192.0.2.7",
    }  # fmt: skip


def test_notes_come_out_in_their_order(folder: Path) -> None:
    write(folder, *map(note, range(500)))
    assert [entry["on"] for entry in entries(folder)[1:]] == [f"camera:c{number}" for number in range(500)]


def test_a_note_never_waits(folder: Path) -> None:
    sql(folder, REFUSE)
    with audit_log(folder) as log:
        began_s = time.monotonic()
        for number in range(1000):
            log.note(note(number))
        assert time.monotonic() - began_s < 10.0  # of 1000 that wait, each waits 2 s
        sql(folder, ALLOW)
    assert len(entries(folder)) == 1001


@pytest.mark.usefixtures("impatient")
async def test_who_waits_for_a_refusing_database_is_let_go_soon_and_the_entry_comes_later(folder: Path) -> None:
    sql(folder, REFUSE)
    with audit_log(folder) as log:
        began_s = time.monotonic()
        assert await log.write(note(7)) is None
        assert time.monotonic() - began_s < 10.0
        assert log.waiting == 1
        sql(folder, ALLOW)
        await asyncio.to_thread(until, lambda: log.waiting == 0)
        assert entries(folder)[-1]["on"] == "camera:c7"


def test_a_full_disk_delays_entries_and_loses_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_module, "RETRY_S", 0.05)
    with small_disk_at(tmp_path / "disk", "2m") as disk:
        write(disk, note(0))
        with audit_log(disk) as log:
            fill(disk / "filler")
            for number in range(1, 300):
                log.note(note(number, after="x" * 2000))
            time.sleep(0.3)
            assert log.waiting > 0
            (disk / "filler").unlink()
            until(lambda: log.waiting == 0)
        assert verify_file(disk / "popcam.db").ok
        cameras = [entry["on"] for entry in entries(disk) if entry["action"] == "camera.update"]
        assert cameras == [f"camera:c{number}" for number in range(300)]


def test_what_can_not_be_written_until_the_end_comes_with_the_next_start(folder: Path) -> None:
    sql(folder, REFUSE)
    with audit_log(folder, clock=HandClock(unix_s=1_700_000_000)) as log:
        log.note(note(7))
    kept = folder / "keys" / "audit.waiting"
    assert kept.stat().st_mode & 0o777 == 0o600
    sql(folder, ALLOW)
    write(folder, note(8))
    assert [entry["on"] for entry in entries(folder)[1:]] == ["camera:c7", "camera:c8"]
    assert entries(folder)[1]["unix_s"] == 1_700_000_000
    assert not kept.exists()


def test_a_line_of_what_was_kept_that_is_damaged_costs_no_other(folder: Path) -> None:
    sql(folder, REFUSE)
    with audit_log(folder) as log:
        log.note(note(7))
    sql(folder, ALLOW)
    kept = folder / "keys" / "audit.waiting"
    kept.write_text("half a li\n" + kept.read_text())
    with structlog.testing.capture_logs() as logged:
        write(folder)
    assert entries(folder)[-1]["on"] == "camera:c7"
    assert {"event": "audit.saved_damaged", "lines": 1, "log_level": "error"} in logged


@pytest.mark.usefixtures("impatient")
def test_too_many_waiting_cost_looking_first_and_the_log_tells_how_many(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_queue, "MAX_WAITING", 20)
    sql(folder, REFUSE)
    with audit_log(folder) as log:
        for number in range(15):
            log.note(note(number, action="live.view"))
            log.note(note(number))
        assert log.lost == 10
        sql(folder, ALLOW)
        until(lambda: log.waiting == 0)
    actions = [entry["action"] for entry in entries(folder)[1:]]
    assert actions.count("camera.update") == 15
    assert actions.count("live.view") == 5
    (lost,) = [entry for entry in entries(folder) if entry["action"] == "audit.lost"]
    assert lost["detail"] == "10 notes were never written: too many waited"


CHILD = """
import sys
from pathlib import Path
from tests.fakes.audit_site import audit_log, note
with audit_log(Path(sys.argv[1])) as log:
    number = 0
    while number < int(sys.argv[2]):
        log.note(note(number))
        number += 1
        if number % 50 == 0:
            while log.waiting > 100: pass
            print(log.written, flush=True)
"""


def child(folder: Path, count: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", CHILD, str(folder), str(count)]
    root = Path(__file__).parents[2]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, env={**os.environ, "PYTHONPATH": "."})


def test_a_kill_in_the_middle_leaves_a_whole_chain_that_goes_on(folder: Path) -> None:
    with child(folder, 10**9) as writer:
        assert writer.stdout is not None
        written = 0
        while written < 300:
            line = writer.stdout.readline()
            written = int(line) if line.strip().isdecimal() else written
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    report = verify_file(folder / "popcam.db")
    assert report.ok
    assert report.last_seq >= written
    write(folder, note(7))
    after = verify_file(folder / "popcam.db")
    assert (after.ok, after.signed_until) == (True, after.last_seq)
    assert all(entry["action"] != "audit.broken" for entry in entries(folder))


def test_two_processes_write_one_chain(folder: Path) -> None:
    with child(folder, 400) as other, audit_log(folder) as log:
        for number in range(400):
            log.note(note(number, action="group.rename"))
            time.sleep(0.001)
        other.communicate(timeout=60)
        assert other.returncode == 0
        until(lambda: log.waiting == 0)
    report = verify_file(folder / "popcam.db")
    assert (report.ok, report.entries) == (True, 801)
    assert all(entry["action"] != "audit.broken" for entry in entries(folder))


def test_a_command_writes_beside_a_running_server(folder: Path) -> None:
    with audit_log(folder) as log:
        log.note(note(1))
        until(lambda: log.waiting == 0)
        database = Database(folder / "popcam.db")
        AuditLog(database, folder / "keys").write_now(note(2, action="user.create"))
        database.close()
        log.note(note(3))
    assert [entry["on"] for entry in entries(folder)[1:]] == ["camera:c1", "camera:c2", "camera:c3"]
    assert verify_file(folder / "popcam.db").ok


@pytest.mark.parametrize(
    "tamper",
    [
        "DELETE FROM audit_entries WHERE seq = 3",
        "UPDATE audit_entries SET hash = 'x' WHERE seq = 3",
        "INSERT INTO audit_entries SELECT 4, unix_s, action, '', '', '', entry, hash FROM audit_entries WHERE seq = 3",
    ],
)
def test_tampering_with_the_end_is_seen_at_the_next_write(folder: Path, tamper: str) -> None:
    seen: list[int] = []
    with audit_log(folder) as log:
        log.on_broken(seen.append)
        log.note(note(2))
        log.note(note(3))
        until(lambda: log.waiting == 0)
        sql(folder, tamper)
        log.note(note(4))
        until(lambda: log.waiting == 0)
        assert seen in ([3], [4])
        log.note(note(5))
        until(lambda: log.waiting == 0)
    assert len(seen) == 1
    assert [entry["action"] for entry in entries(folder)].count("audit.broken") == 1
    assert not verify_file(folder / "popcam.db").ok


def test_entries_that_went_while_the_server_was_off_are_seen_at_its_start(folder: Path) -> None:
    write(folder, note(2), note(3))
    sql(folder, "DELETE FROM audit_entries WHERE seq > 1", "DELETE FROM audit_checkpoints WHERE seq > 1")
    write(folder, note(4))
    (told,) = [entry for entry in entries(folder) if entry["action"] == "audit.broken"]
    assert str(told["detail"]).startswith("entry 2 is not as it was written; known before: 3 ")
    finding = verify_file(folder / "popcam.db").broken
    assert finding is not None
    assert (finding.kind, finding.seq, finding.until) == (Break.MISSING, 2, 3)


def test_pruning_is_no_tampering(folder: Path) -> None:
    write(folder, note(2), clock=HandClock(unix_s=4e9))
    write(folder, note(3), clock=HandClock(unix_s=4e9))
    assert [entry["action"] for entry in entries(folder)] == ["audit.prune", "camera.update", "camera.update"] or [
        entry["action"] for entry in entries(folder)
    ] == ["camera.update", "audit.prune", "camera.update"]


def test_nothing_younger_than_the_retention_is_pruned(folder: Path) -> None:
    clock = HandClock(unix_s=time.time() + 100 * 86_400)
    write(folder, note(2), clock=clock)
    assert entries(folder)[0]["action"] == "audit.key"


def test_every_so_many_entries_are_signed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_keeper, "SIGN_EVERY_ENTRIES", 100)
    with audit_log(folder) as log:
        for number in range(250):
            log.note(note(number))
        until(lambda: log.waiting == 0)
        until(lambda: verify_file(folder / "popcam.db").signed_until >= 201)


async def test_listeners_hear_of_entries_in_their_own_loop(folder: Path) -> None:
    heard: asyncio.Queue[tuple[AuditRow, ...]] = asyncio.Queue()
    with audit_log(folder) as log:
        end = log.on_entries(heard.put_nowait)
        log.note(note(7))
        rows = await asyncio.wait_for(heard.get(), 60)
        assert [row.object for row in rows] == ["camera:c7"]
        end()
        await log.write(note(8))
        await asyncio.sleep(0)
        assert heard.empty()


async def test_a_listener_that_breaks_keeps_nobody_from_hearing(folder: Path) -> None:
    heard: list[int] = []
    with audit_log(folder) as log, structlog.testing.capture_logs() as logged:
        await asyncio.to_thread(log.on_entries, lambda rows: rows[1])
        await asyncio.to_thread(log.on_entries, lambda rows: heard.append(rows[0].seq))
        await log.write(note(7))
        await asyncio.to_thread(until, lambda: heard == [2])
    assert any(line["event"] == "audit.listener_broke" for line in logged)


async def test_pages_are_filtered_and_follow_one_another(folder: Path) -> None:
    with audit_log(folder) as log:
        for number in range(10):
            log.note(note(number, action="camera.start" if number % 2 else "camera.stop"))
        log.note(AuditNote("user.login", "refused", NOBODY, "user:x"))
        until(lambda: log.waiting == 0)
        wanted = AuditFilter(actor="anna", action="camera.*", result="ok", object="camera:c*")
        first = await log.page(wanted, None, 6)
        second = await log.page(wanted, first.next_cursor, 6)
        assert [row.object for row in first.rows + second.rows] == [f"camera:c{n}" for n in reversed(range(10))]
        assert second.next_cursor is None
        assert [row.action for row in (await log.page(AuditFilter(action="camera.st_p"), None, 5)).rows] == []
        assert [row.action for row in (await log.page(AuditFilter(result="refused"), None, 5)).rows] == ["user.login"]
        assert len((await log.page(AuditFilter(object="camera:c3"), None, 5)).rows) == 1


async def test_an_export_while_entries_come_is_whole(folder: Path) -> None:
    with audit_log(folder) as log:
        for number in range(900):
            log.note(note(number))
        lines = log.export(AuditFilter())
        path = folder / "x.jsonl"
        path.write_text("".join(f"{line}\n" for line in lines))
        assert verify_file(path).ok
        assert (await log.verify()).ok


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="locks are listed on Linux")
async def test_verifying_drops_no_lock_of_the_database(folder: Path) -> None:
    """A file that is opened and closed beside SQLite takes its locks away, and the next process to end may delete the
    log of writes that this one still needs."""

    def locks() -> list[str]:
        inode = f":{(folder / 'popcam.db').stat().st_ino}"
        held = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
        return sorted(" ".join(lock[1:]) for lock in held if lock[-3].endswith(inode))

    with audit_log(folder) as log:
        await log.write(note(7))
        before = locks()
        assert before
        assert (await log.verify()).ok
        assert verify_file(folder / "popcam.db").ok
        assert locks() == before


def test_a_key_that_others_may_read_is_not_used_and_entries_come_all_the_same(folder: Path) -> None:
    (folder / "keys" / "audit.key").chmod(0o644)
    write(folder, note(7))
    assert [entry["action"] for entry in entries(folder)[1:]] == ["camera.update", "audit.unsigned"] or [
        entry["action"] for entry in entries(folder)[1:]
    ] == ["audit.unsigned", "camera.update"]
    assert verify_file(folder / "popcam.db").signed_until == 1


def test_the_key_is_for_its_owner_alone(folder: Path) -> None:
    assert (folder / "keys" / "audit.key").stat().st_mode & 0o777 == 0o600
    assert (folder / "keys" / "audit.head").stat().st_mode & 0o777 == 0o600


def test_secrets_in_what_changed_are_masked_whoever_forgot_it(folder: Path) -> None:
    change = {
        "source": {"url": "rtsp://admin:hunter22@camera/1", "password": "hunter22"},
        "api_token": "hunter22",
        "list": ["http://x/?token=hunter22"],
    }
    write(folder, note(7, before=change, after=change, detail="rtsp://admin:hunter22@camera/1 failed"))
    assert "hunter22" not in json.dumps(entries(folder))
    assert "***" in json.dumps(entries(folder)[-1])


def test_a_known_secret_is_masked_and_a_name_that_is_the_same_word_is_not(folder: Path) -> None:
    KNOWN.keep("test", ["anna", "correct horse"])
    try:
        write(folder, note(7, detail="the camera said: correct horse?", after={"said": "anna"}))
    finally:
        KNOWN.keep("test", [])
    entry = entries(folder)[-1]
    assert (entry["detail"], entry["after"]) == ("the camera said: ***?", {"said": "***"})
    assert entry["who"]["name"] == "anna"  # type: ignore[index] # an object


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 10**5000, "\ud800", {"a": {1, 2}}, b"x", object(), {"k": "v" * 100_000}, [[[[]]]]],
    ids=["nan", "inf", "huge", "surrogate", "set", "bytes", "object", "long", "deep"],
)
def test_whatever_is_noted_becomes_an_entry(folder: Path, value: object) -> None:
    deep: object = value
    for _ in range(50 if value == [[[[]]]] else 0):
        deep = [deep]
    write(folder, note(7, after=deep))
    assert entries(folder)[-1]["on"] == "camera:c7"
    assert verify_file(folder / "popcam.db").ok


def test_who_looks_at_the_names_of_people_finds_them_cut(folder: Path) -> None:
    write(folder, AuditNote("x.y", "ok", ANNA, "camera:" + "x" * 1000, "y" * 10_000))
    entry = entries(folder)[-1]
    assert (len(str(entry["on"])), len(str(entry["detail"]))) == (200, 2000)

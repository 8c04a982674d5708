"""What becomes of an audit log that somebody changed in the database: it is seen, and the first broken entry is named.

Entries 1 to 8 lie before a signed place, 9 to 12 before the end, which is signed too.
"""

import shutil
import sqlite3
from pathlib import Path

import pytest
from tests.fakes.audit_site import audit_log, entries, forge, note, sql, write
from tests.fakes.hand_clock import HandClock

from popcam.core.errors import AuditFileError
from popcam.security.audit_keys import PublicKey, open_key, public_keys
from popcam.security.audit_report import Break
from popcam.security.audit_verify import verify_file
from popcam.storage.audit import Tail


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    write(folder, *map(note, range(2, 9)))
    write(folder, *map(note, range(9, 13)))
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    return tmp_path


def found(folder: Path) -> tuple[Break, int]:
    finding = verify_file(folder / "popcam.db").broken
    assert finding is not None
    return finding.kind, finding.seq


def without_head(folder: Path) -> None:
    """As in a copy of the database and the public key alone."""
    (folder / "keys" / "audit.head").unlink()


def test_a_log_that_nobody_touched_is_whole_and_signed_to_its_end(folder: Path) -> None:
    report = verify_file(folder / "popcam.db")
    assert (report.ok, report.entries, report.first_seq, report.last_seq, report.signed_until) == (True, 12, 1, 12, 12)
    assert report.key_id == open_key(folder / "keys")[0].public.key_id


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_entries SET entry = replace(entry, 'anna', 'otto') WHERE seq = 5",
        "UPDATE audit_entries SET actor = 'otto' WHERE seq = 5",
        "UPDATE audit_entries SET action = 'camera.delete' WHERE seq = 5",
        "UPDATE audit_entries SET result = 'failed' WHERE seq = 5",
        "UPDATE audit_entries SET unix_s = unix_s + 1 WHERE seq = 5",
        "UPDATE audit_entries SET object = 'camera:x' WHERE seq = 5",
        "UPDATE audit_entries SET hash = replace(hash, substr(hash, 1, 4), 'aaaa') WHERE seq = 5",
        "UPDATE audit_entries SET entry = 'nonsense' WHERE seq = 5",
        'UPDATE audit_entries SET entry = replace(entry, \'"on":\', \'"on":"x","on":\') WHERE seq = 5',
    ],
)
def test_an_edit_names_the_entry(folder: Path, change: str) -> None:
    sql(folder, change)
    assert found(folder) == (Break.EDITED, 5)


def test_an_edit_with_its_own_hash_made_right_names_the_entry(folder: Path) -> None:
    forge(folder, 5, action="camera.delete")
    assert found(folder) == (Break.EDITED, 5)


def test_an_edit_after_which_everything_was_computed_anew_meets_the_next_signature(folder: Path) -> None:
    forge(folder, 5, and_all_after=True, action="camera.delete")
    finding = verify_file(folder / "popcam.db").broken
    assert finding is not None
    assert (finding.kind, finding.seq, finding.until) == (Break.REWRITTEN, 1, 8)


def test_an_edit_behind_a_signed_place_is_narrowed_down_by_it(folder: Path) -> None:
    forge(folder, 10, and_all_after=True, action="camera.delete")
    finding = verify_file(folder / "popcam.db").broken
    assert finding is not None
    assert (finding.kind, finding.seq, finding.until) == (Break.REWRITTEN, 9, 12)


def test_an_edit_of_a_signed_entry_names_it_and_not_the_next_one(folder: Path) -> None:
    forge(folder, 8, action="camera.delete")
    assert found(folder) == (Break.EDITED, 8)


def test_the_entry_behind_a_signed_one_is_blamed_when_they_do_not_fit(folder: Path) -> None:
    forge(folder, 9, prev="0" * 64)
    assert found(folder) == (Break.EDITED, 9)


@pytest.mark.parametrize("seq", [1, 5, 8, 9])
def test_a_deleted_entry_is_named(folder: Path, seq: int) -> None:
    sql(folder, f"DELETE FROM audit_entries WHERE seq = {seq}")
    assert found(folder) == (Break.MISSING, seq)


def test_deleted_entries_at_the_beginning_are_no_pruning(folder: Path) -> None:
    sql(folder, "DELETE FROM audit_entries WHERE seq <= 8")
    finding = verify_file(folder / "popcam.db").broken
    assert finding is not None
    assert (finding.kind, finding.seq, finding.until) == (Break.MISSING, 1, 8)


def test_a_cut_that_nobody_signed_is_no_pruning(folder: Path) -> None:
    sql(folder, "DELETE FROM audit_entries WHERE seq <= 8", "UPDATE audit_checkpoints SET kind = 'cut' WHERE seq = 8")
    assert found(folder) == (Break.SIGNATURE, 8)


def test_deleted_and_numbered_anew_is_seen(folder: Path) -> None:
    sql(
        folder,
        "DELETE FROM audit_entries WHERE seq = 5",
        "UPDATE audit_entries SET seq = -seq WHERE seq > 5",
        "UPDATE audit_entries SET seq = -seq - 1 WHERE seq < 0",
    )
    assert found(folder) == (Break.MOVED, 5)


def test_an_entry_put_in_between_is_named(folder: Path) -> None:
    sql(
        folder,
        "UPDATE audit_entries SET seq = -seq WHERE seq >= 5",
        "UPDATE audit_entries SET seq = -seq + 1 WHERE seq < 0",
        "INSERT INTO audit_entries SELECT 5, unix_s, action, result, actor, object, entry, hash"
        " FROM audit_entries WHERE seq = 6",
    )
    forge(folder, 5, action="camera.delete")
    assert found(folder) == (Break.INSERTED, 5)


def test_two_entries_that_changed_places_are_seen(folder: Path) -> None:
    sql(
        folder,
        "UPDATE audit_entries SET seq = -5 WHERE seq = 5",
        "UPDATE audit_entries SET seq = 5 WHERE seq = 6",
        "UPDATE audit_entries SET seq = 6 WHERE seq = -5",
    )
    assert found(folder) == (Break.MOVED, 5)


def test_a_shortened_log_is_seen_by_its_newest_signed_place(folder: Path) -> None:
    without_head(folder)
    sql(folder, "DELETE FROM audit_entries WHERE seq > 10")
    finding = verify_file(folder / "popcam.db").broken
    assert finding is not None
    assert (finding.kind, finding.seq, finding.until) == (Break.TRUNCATED, 11, 12)


def test_a_log_shortened_with_its_signed_place_is_seen_by_the_head(folder: Path) -> None:
    sql(folder, "DELETE FROM audit_entries WHERE seq > 10", "DELETE FROM audit_checkpoints WHERE seq > 10")
    assert found(folder) == (Break.TRUNCATED, 11)


def test_a_log_emptied_to_the_last_row_is_seen_by_the_head(folder: Path) -> None:
    sql(folder, "DELETE FROM audit_entries", "DELETE FROM audit_checkpoints")
    assert found(folder) == (Break.TRUNCATED, 1)


def test_without_the_head_a_place_that_was_noted_down_tells_the_same(folder: Path) -> None:
    noted = verify_file(folder / "popcam.db")
    without_head(folder)
    sql(folder, "DELETE FROM audit_entries WHERE seq > 10", "DELETE FROM audit_checkpoints WHERE seq > 10")
    assert verify_file(folder / "popcam.db").ok
    finding = verify_file(folder / "popcam.db", known=[Tail(noted.last_seq, noted.last_hash)]).broken
    assert finding is not None
    assert (finding.kind, finding.seq) == (Break.TRUNCATED, 11)


def test_a_head_that_was_changed_is_no_head(folder: Path) -> None:
    head = folder / "keys" / "audit.head"
    head.write_text(head.read_text().replace('"seq":12', '"seq":10'))
    assert found(folder) == (Break.SIGNATURE, 10)


def test_signed_places_of_another_key_are_not_believed(folder: Path, tmp_path: Path) -> None:
    stranger = open_key(tmp_path / "elsewhere")[0].public
    finding = verify_file(folder / "popcam.db", keys=[stranger]).broken
    assert finding is not None
    assert finding.kind is Break.SIGNATURE


def test_without_a_key_only_the_chain_is_vouched_for(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy" / "popcam.db"
    copy.parent.mkdir()
    shutil.copy(folder / "popcam.db", copy)
    report = verify_file(copy)
    assert (report.ok, report.entries, report.signed_until, report.key_id) == (True, 12, 0, "")


def test_a_copy_elsewhere_is_verified_with_the_public_key(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy" / "popcam.db"
    copy.parent.mkdir()
    shutil.copy(folder / "popcam.db", copy)
    report = verify_file(copy, keys=[PublicKey.read(folder / "keys" / "audit.pub")])
    assert (report.ok, report.signed_until) == (True, 12)


def test_a_copy_in_a_folder_that_nobody_may_write_is_verified(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy" / "popcam.db"
    copy.parent.mkdir()
    shutil.copy(folder / "popcam.db", copy)
    copy.parent.chmod(0o500)
    try:
        assert verify_file(copy).entries == 12
    finally:
        copy.parent.chmod(0o700)


def test_a_database_is_verified_while_it_is_written(folder: Path) -> None:
    with audit_log(folder) as log:
        for number in range(300):
            log.note(note(number))
            if number % 100 == 0:
                assert verify_file(folder / "popcam.db").ok
        assert log.lost == 0
    assert verify_file(folder / "popcam.db").signed_until == 312


def test_verifying_writes_nothing(folder: Path) -> None:
    before = (folder / "popcam.db").read_bytes()
    verify_file(folder / "popcam.db")
    assert (folder / "popcam.db").read_bytes() == before


def test_what_is_no_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AuditFileError):
        verify_file(tmp_path / "nothing.db")
    (tmp_path / "text").write_text("hello\n")
    with pytest.raises(AuditFileError):
        verify_file(tmp_path / "text")
    sqlite3.connect(tmp_path / "other.db").execute("CREATE TABLE t (x)").connection.close()
    with pytest.raises(AuditFileError):
        verify_file(tmp_path / "other.db")


def test_what_a_lost_key_signed_can_still_be_verified(folder: Path) -> None:
    (folder / "keys" / "audit.key").unlink()
    write(folder, note(13))
    assert len(public_keys(folder / "keys")) == 2
    assert verify_file(folder / "popcam.db").ok


def test_a_pruned_log_is_verified_from_its_cut(folder: Path) -> None:
    clock = HandClock(unix_s=4e9)
    write(folder, note(13), clock=clock)
    report = verify_file(folder / "popcam.db")
    assert (report.ok, report.first_seq) == (True, 13)


@pytest.mark.parametrize("seq", [13, 14])
def test_behind_a_cut_deleted_entries_are_named(folder: Path, seq: int) -> None:
    write(folder, note(13), note(14), note(15), clock=HandClock(unix_s=4e9))
    sql(folder, f"DELETE FROM audit_entries WHERE seq = {seq}")
    assert found(folder) == (Break.MISSING, seq)


def test_a_prune_that_was_interrupted_leaves_a_whole_log(folder: Path) -> None:
    keep = {"seq": 5}
    with sqlite3.connect(folder / "popcam.db") as connection:
        kept = connection.execute("SELECT * FROM audit_entries WHERE seq > :seq AND seq < 13", keep).fetchall()
    connection.close()
    write(folder, note(13), clock=HandClock(unix_s=4e9))
    with sqlite3.connect(folder / "popcam.db") as connection:
        connection.executemany("INSERT INTO audit_entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", kept)
    connection.close()
    report = verify_file(folder / "popcam.db")
    assert (report.ok, report.first_seq) == (True, 6)


def test_pruning_is_told_in_the_log_itself(folder: Path) -> None:
    write(folder, clock=HandClock(unix_s=4e9))
    (entry,) = entries(folder)
    assert (entry["action"], entry["detail"]) == ("audit.prune", "12 entries up to 12, older than 184 days")

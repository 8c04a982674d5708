"""Exports: verified without the database; what somebody changes in the file is seen and named."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes.audit_site import entries, export, note, write
from tests.fakes.hand_clock import HandClock

from popcam.core.errors import AuditFileError
from popcam.security.audit_keys import PublicKey, open_key
from popcam.security.audit_report import AuditReport, Break, Finding
from popcam.security.audit_verify import verify_file
from popcam.storage.audit import AuditFilter, Tail


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    clock = HandClock()
    write(folder, *map(note, range(2, 9)), clock=clock)
    clock.pass_s(100)
    write(folder, *map(note, range(9, 13)), clock=clock)
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path) -> Path:
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    return tmp_path


def line_of(lines: list[str], seq: int) -> int:
    return next(place for place, line in enumerate(lines) if json.loads(line).get("seq") == seq)


def changed(path: Path, change: Callable[[list[str]], object]) -> Finding:
    lines = path.read_text().splitlines()
    change(lines)
    path.write_text("".join(f"{line}\n" for line in lines))
    finding = verify_file(path).broken
    assert finding is not None
    return finding


def edit(lines: list[str], seq: int, **fields: object) -> None:
    place = line_of(lines, seq)
    lines[place] = json.dumps(json.loads(lines[place]) | fields)


def test_an_export_holds_every_entry_and_is_verified(folder: Path) -> None:
    path = export(folder)
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    exported = [{k: v for k, v in line.items() if k != "hash"} for line in lines if "popcam_audit" not in line]
    assert exported == entries(folder)
    report = verify_file(path)
    assert (report.ok, report.entries, report.signed_until, report.whole) == (True, 12, 12, True)


def test_an_export_that_was_written_anew_with_spaces_is_the_same(folder: Path) -> None:
    path = export(folder)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(json.dumps(json.loads(line), indent=None, separators=(", ", ": ")) for line in lines))
    assert verify_file(path).ok


def test_an_edited_entry_is_named_with_its_line(folder: Path) -> None:
    finding = changed(export(folder), lambda lines: edit(lines, 5, action="camera.delete"))
    assert (finding.kind, finding.seq, finding.line) == (Break.EDITED, 5, 6)


def test_a_name_that_stands_twice_can_hide_nothing(folder: Path) -> None:
    def change(lines: list[str]) -> None:
        lines[5] = lines[5].replace('{"action"', '{"action":"camera.look","action"', 1)

    finding = changed(export(folder), change)
    assert (finding.kind, finding.seq) == (Break.UNREADABLE, 5)


def test_a_deleted_entry_is_named(folder: Path) -> None:
    finding = changed(export(folder), lambda lines: lines.pop(line_of(lines, 5)))
    assert (finding.kind, finding.seq) == (Break.MISSING, 5)


def test_an_entry_that_stands_twice_is_named(folder: Path) -> None:
    finding = changed(export(folder), lambda lines: lines.insert(line_of(lines, 5), lines[line_of(lines, 5)]))
    assert (finding.kind, finding.seq) == (Break.INSERTED, 5)


def test_two_lines_that_changed_places_are_seen(folder: Path) -> None:
    def change(lines: list[str]) -> None:
        place = line_of(lines, 5)
        lines[place : place + 2] = reversed(lines[place : place + 2])

    finding = changed(export(folder), change)
    assert (finding.kind, finding.seq) == (Break.MOVED, 6)


@pytest.mark.parametrize(("keep", "seq"), [(1, 1), (5, 5), (14, 13)])
def test_a_file_that_breaks_off_is_seen(folder: Path, keep: int, seq: int) -> None:
    def change(lines: list[str]) -> None:
        del lines[keep:]

    finding = changed(export(folder), change)
    assert (finding.kind, finding.seq) == (Break.TRUNCATED, seq)


def test_a_shortened_file_with_its_last_line_is_seen(folder: Path) -> None:
    def change(lines: list[str]) -> None:
        del lines[line_of(lines, 10) : -1]

    finding = changed(export(folder), change)
    assert (finding.kind, finding.seq) == (Break.TRUNCATED, 10)


def test_a_first_line_that_was_changed_is_seen(folder: Path) -> None:
    def change(lines: list[str]) -> None:
        lines[0] = lines[0].replace('"unix_s":2000000000.0', '"unix_s":1.0')

    assert changed(export(folder), change).kind is Break.SIGNATURE


def test_a_part_of_the_log_is_verified_from_where_it_begins(folder: Path) -> None:
    path = export(folder, AuditFilter(since_unix_s=1_700_000_050))
    report = verify_file(path)
    assert (report.ok, report.first_seq, report.last_seq, report.whole) == (True, 9, 12, True)


def test_a_part_that_lost_its_first_entry_is_seen(folder: Path) -> None:
    path = export(folder, AuditFilter(since_unix_s=1_700_000_050))
    finding = changed(path, lambda lines: lines.pop(line_of(lines, 9)))
    assert (finding.kind, finding.seq) == (Break.MISSING, 9)


def selection(folder: Path) -> Path:
    write(folder, note(3, action="camera.delete"), note(4), note(5, action="camera.delete"))
    return export(folder, AuditFilter(action="camera.del*"))


def test_a_selection_is_verified_as_one(folder: Path) -> None:
    report = verify_file(selection(folder))
    assert (report.ok, report.entries, report.whole) == (True, 2, False)


def test_a_selection_that_lost_an_entry_is_seen(folder: Path) -> None:
    finding = changed(selection(folder), lambda lines: lines.pop(1))
    assert finding.kind is Break.SELECTION


def test_a_selection_with_an_edited_entry_names_it(folder: Path) -> None:
    finding = changed(selection(folder), lambda lines: edit(lines, 13, on="camera:x"))
    assert (finding.kind, finding.seq) == (Break.EDITED, 13)


def test_an_empty_selection_proves_that_there_is_none(folder: Path) -> None:
    report = verify_file(export(folder, AuditFilter(actor="otto")))
    assert (report.ok, report.entries) == (True, 0)


def verified_by(path: Path, key: PublicKey) -> AuditReport:
    return verify_file(path, keys=[key])


def test_an_export_is_only_believed_of_the_key_that_is_asked_for(folder: Path, tmp_path: Path) -> None:
    path = export(folder)
    assert verified_by(path, PublicKey.read(folder / "keys" / "audit.pub")).ok
    finding = verified_by(path, open_key(tmp_path / "elsewhere")[0].public).broken
    assert finding is not None
    assert finding.kind is Break.SIGNATURE


def test_an_export_is_compared_with_what_was_noted_down(folder: Path) -> None:
    path = export(folder)
    finding = verify_file(path, known=[Tail(7, "0" * 64)]).broken
    assert finding is not None
    assert finding.until == 7


def test_a_pruned_log_is_exported_from_its_cut(folder: Path) -> None:
    write(folder, note(13), clock=HandClock(unix_s=4e9))
    report = verify_file(export(folder))
    assert (report.ok, report.first_seq) == (True, 13)


def test_what_is_no_export_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    for content in ("", "{}\n", '{"popcam_audit":"export","v":1}\n', '{"popcam_audit":"export","v":9}\n', "[]\n"):
        path.write_text(content)
        with pytest.raises(AuditFileError):
            verify_file(path)

"""`popcam audit ...` on real files."""

import json
import shutil
from pathlib import Path

import pytest
from tests.cli.conftest import Popcam
from tests.fakes.audit_site import audit_log, export, note, sql, write

from popcam.core.access import NOBODY
from popcam.security.audit_verify import verify_file


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written")
    write(folder, note(2, before={"fps": 1}), note(3), note(4, action="user.login", result="refused", who=NOBODY))
    return folder


@pytest.fixture
def folder(written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("POPCAM_DATA_DIR", str(tmp_path))
    return tmp_path


def test_the_own_log_is_verified(folder: Path, popcam: Popcam) -> None:
    result = popcam("audit", "verify")
    assert result.status == 0
    assert "All 4 entries (1-4) are as they were written." in result.out
    assert result.err == ""


def test_a_broken_log_ends_with_its_own_status_and_names_the_entry(folder: Path, popcam: Popcam) -> None:
    sql(folder, "DELETE FROM audit_entries WHERE seq = 2")
    result = popcam("audit", "verify")
    assert result.status == 13
    assert "entry 2 is missing [audit.broken]" in result.err
    assert result.out == ""


def test_in_chinese_too(folder: Path, popcam: Popcam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POPCAM_LANG", "zh")
    sql(folder, "DELETE FROM audit_entries WHERE seq = 2")
    assert "缺少第 2 条记录" in popcam("audit", "verify").err


def test_json_tells_scripts_the_same(folder: Path, popcam: Popcam) -> None:
    sql(folder, "UPDATE audit_entries SET actor = 'otto' WHERE seq = 3")
    result = popcam("audit", "verify", "--json")
    assert result.status == 13
    broken = json.loads(result.out)["broken"]
    assert (broken["kind"], broken["seq"]) == ("edited", 3)


def test_an_export_is_written_and_verified_with_the_key(folder: Path, popcam: Popcam) -> None:
    file = folder / "out.jsonl"
    assert popcam("audit", "export", "-o", str(file)).status == 0
    assert list(folder.glob("*.part")) == []
    key = str(folder / "keys" / "audit.pub")
    result = popcam("audit", "verify", str(file), "--key", key)
    assert (result.status, result.err) == (0, "")
    assert "The key was taken from beside the log" in popcam("audit", "verify", str(file)).err


def test_an_export_goes_to_standard_output(folder: Path, popcam: Popcam) -> None:
    lines = popcam("audit", "export", "--action", "user.*").out.splitlines()
    entries = [json.loads(line) for line in lines]
    assert [entry["action"] for entry in entries if "popcam_audit" not in entry] == ["user.login"]


def test_an_export_while_the_server_writes_is_whole(folder: Path, popcam: Popcam) -> None:
    file = folder / "out.jsonl"
    with audit_log(folder) as log:
        for number in range(100):
            log.note(note(number))
        assert popcam("audit", "export", "-o", str(file)).status == 0
    assert verify_file(file).ok


def test_a_copy_without_a_key_says_that_signatures_were_not_checked(folder: Path, popcam: Popcam) -> None:
    copy = folder / "copy" / "popcam.db"
    copy.parent.mkdir()
    shutil.copy(folder / "popcam.db", copy)
    result = popcam("audit", "verify", str(copy))
    assert result.status == 0
    assert "signatures were not checked" in result.err


def test_what_was_noted_down_is_compared(folder: Path, popcam: Popcam) -> None:
    end = popcam("audit", "verify").out.splitlines()[-1].removeprefix("End of the log: ")
    assert popcam("audit", "verify", "--known", end).status == 0
    assert popcam("audit", "verify", "--known", f"9:{'0' * 64}").status == 13


@pytest.mark.parametrize("word", ["x", "1", "1:ab", ":" + "0" * 64])
def test_a_place_that_is_none_is_refused(folder: Path, popcam: Popcam, word: str) -> None:
    assert popcam("audit", "verify", "--known", word).status == 2


def test_the_list_shows_who_did_what(folder: Path, popcam: Popcam) -> None:
    lines = popcam("audit", "list").out.splitlines()
    assert len(lines) == 5
    assert "anna" in lines[-1] or "anna" in lines[-2]
    assert any("fps: 1 -> 2" in line for line in lines)
    assert any("nobody" in line and "refused" in line for line in lines)


def test_the_list_is_filtered(folder: Path, popcam: Popcam) -> None:
    listed = popcam("audit", "list", "--object", "camera:c3", "--actor", "anna", "--json")
    assert [entry["on"] for entry in json.loads(listed.out)] == ["camera:c3"]
    assert json.loads(popcam("audit", "list", "--since", "2999-01-01", "--json").out) == []
    assert json.loads(popcam("audit", "list", "--until", "1999-01-01T10:00", "--json").out) == []


@pytest.mark.parametrize("words", [("--result", "x"), ("--since", "yesterday")])
def test_a_filter_that_is_none_is_refused(folder: Path, popcam: Popcam, words: tuple[str, str]) -> None:
    assert popcam("audit", "list", *words).status == 2


def test_the_key_is_printed_with_its_fingerprint(folder: Path, popcam: Popcam) -> None:
    result = popcam("audit", "key")
    assert result.out == (folder / "keys" / "audit.pub").read_text()
    assert result.err.startswith("Fingerprint: ")


def test_the_key_goes_to_a_file(folder: Path, popcam: Popcam) -> None:
    assert popcam("audit", "key", "-o", str(folder / "k.pub")).out == ""
    assert (folder / "k.pub").read_text() == (folder / "keys" / "audit.pub").read_text()


def test_without_a_log_it_says_so(tmp_path: Path, popcam: Popcam, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POPCAM_DATA_DIR", str(tmp_path))
    for words in (("verify",), ("list",), ("export",)):
        result = popcam("audit", *words)
        assert (result.status, "audit.file" in result.err) == (2, True)


def test_an_export_to_where_nothing_can_be_written_fails_by_name(folder: Path, popcam: Popcam) -> None:
    result = popcam("audit", "export", "-o", str(folder / "nowhere" / "x.jsonl"))
    assert (result.status != 0, "storage.read_only" in result.err) == (True, True)


def test_a_file_of_somebody_elses_key_is_refused(folder: Path, popcam: Popcam) -> None:
    file = export(folder)
    (folder / "bad.pub").write_text("no key")
    assert "audit.key" in popcam("audit", "verify", str(file), "--key", str(folder / "bad.pub")).err

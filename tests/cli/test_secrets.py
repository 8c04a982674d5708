"""`popcam secrets` on a real database."""

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Popcam

from popcam.security.vault import open_vault
from popcam.storage import Database


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder that the settings name, with one secret in its database."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "popcam.yaml").write_text(f"data_dir: {tmp_path / 'data'}\n")
    return tmp_path / "data"


@pytest.fixture
def filled(folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    database = Database(folder / "popcam.db", threads=1)
    open_vault(database, folder, {}).digest("x", "test")
    database.close()
    capsys.readouterr()
    return folder


def status(popcam: Popcam) -> dict[str, object]:
    found: dict[str, object] = json.loads(popcam("secrets", "status", "--json").out)
    return found


def test_without_a_database_nothing_is_sealed_and_none_is_made(popcam: Popcam, folder: Path) -> None:
    assert "no database" in popcam("secrets", "status").out
    assert json.loads(popcam("secrets", "status", "--json").out) is None
    assert not folder.exists()


def test_status_tells_place_and_counts(popcam: Popcam, filled: Path) -> None:
    printed = popcam("secrets", "status").out
    assert str(filled / "keys" / "secret.key") in printed
    assert "security_facts.value: 1 sealed" in printed


def test_status_shows_no_key(popcam: Popcam, filled: Path) -> None:
    key = (filled / "keys" / "secret.key").read_text().strip()
    assert key not in popcam("secrets", "status").out + popcam("secrets", "status", "--json").out


def test_rotate_seals_by_another_data_key_and_keeps_the_key(popcam: Popcam, filled: Path) -> None:
    before = status(popcam)
    assert popcam("secrets", "rotate").status == 0
    after = status(popcam)
    assert after["data_key_id"] != before["data_key_id"]
    assert (after["key_id"], after["values"], after["old_values"]) == (before["key_id"], before["values"], 0)


def test_rotate_changes_the_key_when_asked(popcam: Popcam, filled: Path) -> None:
    before = status(popcam)["key_id"]
    done = json.loads(popcam("secrets", "rotate", "--key", "--json").out)
    assert status(popcam)["key_id"] == done["key_id"] != before


def test_a_rotation_is_in_the_audit_log(popcam: Popcam, filled: Path) -> None:
    popcam("secrets", "rotate")
    database = Database(filled / "popcam.db", threads=1)
    query = "SELECT action, result FROM audit_entries ORDER BY seq DESC LIMIT 1"
    assert database.run_sync(lambda c: c.exec_driver_sql(query).one()) == ("secrets.rotate", "ok")
    database.close()


def test_a_lost_key_is_named_with_what_to_do(popcam: Popcam, filled: Path) -> None:
    (filled / "keys" / "secret.key").unlink()
    result = popcam("secrets", "rotate")
    assert result.status == 8
    assert "[secrets.key]" in result.err
    assert "is missing" in result.err

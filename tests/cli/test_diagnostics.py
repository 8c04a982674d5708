"""`popcam diagnostics` without a server."""

import zipfile
from pathlib import Path

import pytest
from tests.cli.conftest import Popcam

from popcam.cli import api


@pytest.fixture(autouse=True)
def nobody_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(api, "DEFAULT_URL", "http://127.0.0.1:9")
    monkeypatch.chdir(tmp_path)


def names(file: Path) -> list[str]:
    with zipfile.ZipFile(file) as archive:
        return [name.removeprefix("popcam-diagnostics/") for name in archive.namelist()]


def test_without_a_server_it_tells_what_the_machine_tells(popcam: Popcam, tmp_path: Path) -> None:
    (tmp_path / "popcam.yaml").write_text(f"data_dir: {tmp_path / 'data'}\nlog_dir: {tmp_path / 'log'}\n")
    result = popcam("diagnostics", "--out", "found.zip")
    assert result.status == 0
    assert "No server answers" in result.err
    assert "settings.json" in names(tmp_path / "found.zip")


def test_the_file_has_a_name_by_its_time(popcam: Popcam, tmp_path: Path) -> None:
    popcam("diagnostics")
    assert len(list(tmp_path.glob("popcam-diagnostics-2*Z.zip"))) == 1


def test_settings_that_are_not_valid_are_told_in_the_file(popcam: Popcam, tmp_path: Path) -> None:
    (tmp_path / "popcam.yaml").write_text("server: {port: none}\n")
    assert popcam("diagnostics", "--out", "found.zip").status == 0
    assert "settings.txt" in names(tmp_path / "found.zip")


def test_a_server_that_was_named_must_answer(popcam: Popcam, tmp_path: Path) -> None:
    result = popcam("diagnostics", "--out", "found.zip", "--url", "http://127.0.0.1:9")
    assert "[server.unreachable]" in result.err
    assert not (tmp_path / "found.zip").exists()


def test_a_place_that_can_not_be_written_is_named(popcam: Popcam) -> None:
    assert "[storage.read_only]" in popcam("diagnostics", "--out", "missing/found.zip").err

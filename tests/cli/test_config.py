import json
from pathlib import Path

import pytest
from tests.cli.conftest import Popcam

from popcam.config import load_settings

TEXT = "server: {port: 9000}\ncameras: {front: {source: 'rtsp://u:s3cret@h/x'}}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "popcam.yaml"
    file.write_text(TEXT, encoding="utf-8")
    return file


def test_valid_settings_are_called_valid(popcam: Popcam, path: Path) -> None:
    assert popcam("config", "check", "-c", str(path)) == (0, f"The settings are valid: {path}, cameras: 1\n", "")


def test_without_a_file_the_defaults_are_valid(popcam: Popcam, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("platformdirs.user_config_path", lambda _: tmp_path)
    monkeypatch.setattr("platformdirs.site_config_path", lambda _: tmp_path)
    assert "defaults only" in popcam("config", "check").out


def test_file_is_found_by_its_variable(popcam: Popcam, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POPCAM_CONFIG", str(path))
    assert str(path) in popcam("config", "check").out


def test_each_problem_has_a_line_that_editors_jump_to(popcam: Popcam, path: Path) -> None:
    path.write_text("server:\n  prot: 1\n  host: []\n", encoding="utf-8")
    result = popcam("config", "check", "-c", str(path))
    assert result.status == 2
    assert result.err.splitlines() == [
        "The settings are not valid [config.invalid]",
        f"  {path}:2:3: server.prot: unknown key; did you mean `port`?",
        f"  {path}:3:3: server.host: must be text; put quotes around it",
        "Correct the line that is named, then run `popcam config check`.",
    ]


def test_problems_are_told_in_chinese(popcam: Popcam, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POPCAM_LANG", "zh")
    path.write_text("server: {prot: 1}\n", encoding="utf-8")
    assert "server.prot: 未知的键；是否想写 `port`？" in popcam("config", "check", "-c", str(path)).err


def test_missing_file_ends_with_its_name(popcam: Popcam, tmp_path: Path) -> None:
    result = popcam("config", "check", "-c", str(tmp_path / "no.yaml"))
    assert (result.status, "no.yaml: the file does not exist" in result.err) == (2, True)


def test_shown_settings_are_a_settings_file(popcam: Popcam, path: Path, tmp_path: Path) -> None:
    shown = tmp_path / "shown.yaml"
    shown.write_text(popcam("config", "show", "-c", str(path)).out, encoding="utf-8")
    assert load_settings(shown, {}).server.port == 9000


def test_shown_settings_hold_no_secret(popcam: Popcam, path: Path) -> None:
    for options in ([], ["--json"], ["--origin"], ["--origin", "--json"]):
        assert "s3cret" not in popcam("config", "show", "-c", str(path), *options).out


def test_shown_json_is_json(popcam: Popcam, path: Path) -> None:
    assert json.loads(popcam("config", "show", "-c", str(path), "--json").out)["server"]["port"] == 9000


def test_origin_of_each_value_is_shown(popcam: Popcam, path: Path) -> None:
    lines = popcam("config", "show", "-c", str(path), "--set", "log.level=debug", "--origin").out.splitlines()
    assert f"server.port = 9000  # {path}:1" in lines
    assert 'log.level = "debug"  # --set log.level' in lines
    assert 'log.format = "auto"  # default' in lines


def test_origin_is_shown_as_json_too(popcam: Popcam, path: Path) -> None:
    rows = json.loads(popcam("config", "show", "-c", str(path), "--origin", "--json").out)
    assert {"key": "server.port", "value": 9000, "origin": f"{path}:1"} in rows


def test_flag_without_a_value_is_a_wrong_command_line(popcam: Popcam) -> None:
    result = popcam("config", "check", "--set", "server.port")
    assert (result.status, "KEY=VALUE" in result.err) == (2, True)


def test_schema_is_printed(popcam: Popcam) -> None:
    assert json.loads(popcam("config", "schema").out)["title"] == "popcam settings"


def test_schema_is_written_to_a_file(popcam: Popcam, tmp_path: Path) -> None:
    file = tmp_path / "popcam.schema.json"
    assert popcam("config", "schema", "-o", str(file)).status == 0
    assert json.loads(file.read_text("utf-8"))["$id"] == "urn:popcam:settings"


def test_schema_that_can_t_be_written_is_named(popcam: Popcam, tmp_path: Path) -> None:
    result = popcam("config", "schema", "-o", str(tmp_path / "no" / "folder.json"))
    assert (result.status, "storage.read_only" in result.err) == (6, True)

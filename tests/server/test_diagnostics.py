"""The bundle: what is in it, what is not, and that nothing keeps it from being made."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.server.conftest import Rig

from popcam.config import Settings, load_settings
from popcam.core.errors import ConfigError
from popcam.server.diagnostics import LOG_TAIL_BYTES, MAX_LOG_FILES, Part, bundle, machine_parts
from popcam.storage import Database

YAML = """
cameras:
  front:
    source: {url: "rtsp://tom:inTheAddress77@10.0.0.7/main", username: anna, password: inTheField77}
"""


def opened(raw: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {
            name.removeprefix("popcam-diagnostics/"): archive.read(name).decode("utf-8") for name in archive.namelist()
        }


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "popcam.yaml").write_text(YAML)
    folders = {name: tmp_path / name for name in ("data_dir", "log_dir", "runtime_dir")}
    return load_settings(tmp_path / "popcam.yaml", {}, folders)


def test_it_tells_versions_packages_and_settings(settings: Settings) -> None:
    found = opened(bundle(machine_parts(settings)))
    assert json.loads(found["versions.json"])["python"]
    assert "fastapi==" in found["packages.txt"]
    assert json.loads(found["settings.json"])["cameras"]["front"]["source"]["url"] == "rtsp://***@10.0.0.7/main"


def test_secrets_of_the_settings_are_in_no_part(settings: Settings) -> None:
    log_dir = settings.log_dir / "cameras"
    log_dir.mkdir(parents=True)
    (log_dir / "front.log").write_text('{"detail": "the library said inTheField77 of rtsp://x:inTheAddress77@h/"}\n')
    raw = bundle(machine_parts(settings))
    assert not [name for name, text in opened(raw).items() if "inTheAddress77" in text or "inTheField77" in text]
    assert "the library said *** of" in opened(raw)["logs/cameras/front.log"]


def test_variables_are_told_by_name_alone(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_VARIABLE", "itsValue77")
    found = opened(bundle(machine_parts(settings)))
    assert "SOME_VARIABLE" in found["environment.txt"].splitlines()
    assert "itsValue77" not in "".join(found.values())


def test_the_database_is_told_by_numbers(settings: Settings) -> None:
    database = Database(settings.data_dir / "popcam.db", threads=1)
    database.open()
    found = json.loads(opened(bundle(machine_parts(settings)))["storage.json"])["database"]
    database.close()
    assert (found["rows"]["cameras"], found["revision"]) == (0, "0005")


def test_a_damaged_database_is_told(settings: Settings) -> None:
    settings.data_dir.mkdir(parents=True)
    (settings.data_dir / "popcam.db").write_bytes(b"no database" * 100)
    found = json.loads(opened(bundle(machine_parts(settings)))["storage.json"])["database"]
    assert found["error"]["code"] == "database.corrupt"


def test_settings_that_are_not_valid_keep_nothing_from_being_collected() -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(None, {}, {"server.port": "no number"})
    found = opened(bundle(machine_parts(None, caught.value)))
    assert "settings" in found["settings.txt"].lower()
    assert "versions.json" in found


def test_what_can_not_be_collected_says_why_and_the_rest_is_there() -> None:
    def refuse() -> Any:
        raise PermissionError(13, "Permission denied", "/somewhere")

    found = opened(bundle([Part("a.json", refuse), Part("b.txt", lambda: "fine\n")]))
    assert "could not be collected: PermissionError" in found["a.json"]
    assert found["b.txt"] == "fine\n"


def test_of_long_logs_the_end_is_taken_from_a_whole_line_on(settings: Settings) -> None:
    settings.log_dir.mkdir()
    (settings.log_dir / "worker-1.log").write_text("".join(f"line {n}\n" for n in range(60_000)))
    text = opened(bundle(machine_parts(settings)))["logs/worker-1.log"]
    assert len(text) <= LOG_TAIL_BYTES
    assert text.startswith("line ")
    assert text.endswith("line 59999\n")


def test_of_many_logs_the_newest_are_taken_and_links_are_left(settings: Settings, tmp_path: Path) -> None:
    settings.log_dir.mkdir()
    for n in range(MAX_LOG_FILES + 5):
        (settings.log_dir / f"w{n}.log").write_text("x\n")
    (tmp_path / "elsewhere").write_text("not ours\n")
    (settings.log_dir / "link.log").symlink_to(tmp_path / "elsewhere")
    logs = [name for name in opened(bundle(machine_parts(settings))) if name.startswith("logs/")]
    assert len(logs) == MAX_LOG_FILES
    assert "logs/link.log" not in logs


async def test_a_running_server_tells_states_and_checks(rig: Rig) -> None:
    answer = await rig.client.get("/api/v1/diagnostics")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert "attachment" in answer.headers["content-disposition"]
    found = opened(answer.content)
    assert {"server.json", "checks.json", "cameras.json", "workers.json", "versions.json"} <= found.keys()

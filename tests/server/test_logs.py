"""The server's log."""

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from popcam.config import LogSettings
from popcam.server import logs


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logs.server_log().end()
    logs.server_log().keep_in(None)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    """What is on standard error; lines get there by a thread."""
    logs.server_log().flush()
    return capsys.readouterr().err


def test_lines_are_json_objects_without_credentials(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(LogSettings(format="json"))
    structlog.get_logger("x").info("source.lost", url="rtsp://admin:s3cret@camera/1", count=2)
    line = json.loads(shown(capsys))
    assert (line["event"], line["count"], line["level"]) == ("source.lost", 2, "info")
    assert line["url"] == "rtsp://***@camera/1"


def test_a_new_level_reaches_loggers_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(LogSettings(format="json", level="error"))
    log = structlog.get_logger("x")
    log.info("quiet")
    logs.configure(LogSettings(format="json", level="info"))
    log.info("heard")
    assert [json.loads(line)["event"] for line in shown(capsys).splitlines()] == ["heard"]


def test_warnings_of_libraries_have_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(LogSettings(format="json"))
    logging.getLogger("some.library").info("chatter")
    logging.getLogger("some.library").warning("careful with %s", "this")
    lines = shown(capsys).splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["careful with this"]


def test_people_get_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(LogSettings(format="console"))
    structlog.get_logger("x").info("source.lost", camera_id="door")
    text = shown(capsys)
    assert "source.lost" in text
    assert "camera_id=door" in text
    assert "\x1b" not in text


# --- the file -------------------------------------------------------------------------------------------------------


def in_file(folder: Path) -> list[dict[str, Any]]:
    logs.server_log().flush()
    return [json.loads(line) for line in (folder / "server.log").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("form", ["console", "json"])
def test_the_file_has_json_lines_whatever_is_shown(tmp_path: Path, form: Any) -> None:
    logs.configure(LogSettings(format=form))
    logs.server_log().keep_in(tmp_path)
    structlog.get_logger("x").warning("source.lost", url="rtsp://admin:s3cret@camera/1")
    (line,) = in_file(tmp_path)
    assert (line["event"], line["level"], line["url"]) == ("source.lost", "warning", "rtsp://***@camera/1")


def test_a_failure_has_its_traceback_in_the_file(tmp_path: Path) -> None:
    logs.configure(LogSettings())
    logs.server_log().keep_in(tmp_path)
    try:
        int("oops")
    except ValueError:
        structlog.get_logger("x").exception("part.broke")
        logging.getLogger("some.library").exception("ours")
    first, second = in_file(tmp_path)
    assert "ValueError: invalid" in first["exception"]
    assert "ValueError: invalid" in second["exception"]
    assert (second["logger"], second["level"]) == ("some.library", "error")


def test_what_repeats_itself_is_written_once_and_summed_up_at_the_end(tmp_path: Path) -> None:
    logs.configure(LogSettings())
    logs.server_log().keep_in(tmp_path)
    for number in range(50):
        structlog.get_logger("x").error("disk.full", path="/data", detail=f"{number} bytes missing")
    logs.server_log().end()
    first, last = in_file(tmp_path)
    assert "repeated" not in first
    assert (last["event"], last["repeated"], last["repeats_ended"]) == ("disk.full", 49, True)


def test_what_is_no_trouble_is_not_summed_up(tmp_path: Path) -> None:
    logs.configure(LogSettings())
    logs.server_log().keep_in(tmp_path)
    for _ in range(3):
        structlog.get_logger("x").info("camera.started", camera="door")
    assert len(in_file(tmp_path)) == 3


def test_lines_are_counted_by_level(tmp_path: Path) -> None:
    logs.configure(LogSettings())
    before = logs.server_log().lines["warning"]
    structlog.get_logger("x").warning("one")
    structlog.get_logger("x").warning("one")
    assert logs.server_log().lines["warning"] == before + 2


def test_a_folder_that_may_not_be_written_costs_lines_and_nothing_else(tmp_path: Path) -> None:
    logs.configure(LogSettings())
    (tmp_path / "file").write_text("no folder")
    logs.server_log().keep_in(tmp_path / "file" / "log")
    before = logs.server_log().dropped
    structlog.get_logger("x").info("heard")
    logs.server_log().flush()
    assert logs.server_log().dropped == before + 1


def test_old_logs_of_all_processes_are_deleted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = tmp_path / "cameras" / "door.log.9"
    old.parent.mkdir()
    old.write_text("long ago")
    logs.configure(LogSettings(max_files=3))
    logs.server_log().keep_in(tmp_path)
    until_s = time.monotonic() + 60
    while old.exists() and time.monotonic() < until_s:
        time.sleep(0.05)
    assert not old.exists()

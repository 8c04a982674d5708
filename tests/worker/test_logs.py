"""A worker's log lines: whole, cleaned, in the camera's file and on standard output, and never waited for."""

import json
from pathlib import Path
from typing import Any

import pytest

from popcam.core.log_keeping import LogKeeping
from popcam.worker.logs import WorkerLogs


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_camera_has_a_file_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs = WorkerLogs(tmp_path, "w1")
    logs.camera("door").info("source.opened", url="rtsp://admin:s3cret@camera/1")
    logs.camera("yard").info("source.opened")
    logs.worker().info("worker.started")
    logs.close()
    (line,) = lines_of(tmp_path / "cameras" / "door.log")
    assert (line["event"], line["camera"], line["worker"], line["url"]) == (
        "source.opened",
        "door",
        "w1",
        "rtsp://***@camera/1",
    )
    shown = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert [one.get("camera") for one in shown] == ["door", "yard", None]


def test_what_repeats_itself_is_summed_up_for_each_camera(tmp_path: Path) -> None:
    logs = WorkerLogs(tmp_path, "w1")
    for _ in range(10):
        logs.camera("door").warning("source.lost", code="source.timeout")
    logs.camera("yard").warning("source.lost", code="source.timeout")
    logs.close()
    assert [line.get("repeated") for line in lines_of(tmp_path / "cameras" / "door.log")] == [None, 9]
    assert [line.get("repeated") for line in lines_of(tmp_path / "cameras" / "yard.log")] == [None]


def test_files_are_put_away_as_the_server_said(tmp_path: Path) -> None:
    logs = WorkerLogs(tmp_path, "w1", keeping=LogKeeping(max_bytes=500, max_files=2))
    for number in range(50):
        logs.camera("door").info("number", number=number)
        logs.flush()
    logs.close()
    assert sorted(path.name for path in (tmp_path / "cameras").iterdir()) == ["door.log", "door.log.1", "door.log.2"]


def test_a_folder_that_may_not_be_written_costs_lines_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cameras").write_text("no folder")
    logs = WorkerLogs(tmp_path, "w1")
    logs.camera("door").info("source.opened")
    logs.close()
    assert logs.dropped == 1
    assert "source.opened" in capsys.readouterr().out


def test_a_process_that_ends_without_notice_writes_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    WorkerLogs(tmp_path, "", at_once=True).worker().warning("batch.protocol")
    assert "batch.protocol" in capsys.readouterr().out

"""A worker that is started in advance: it waits for its settings, and ends when nobody has any for it."""

import subprocess
import sys
from pathlib import Path

import msgspec

from popcam.core.worker_settings import WorkerSettings

COMMAND = (sys.executable, "-m", "popcam.worker")


def test_without_settings_it_ends_quietly() -> None:
    ended = subprocess.run(COMMAND, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


def test_what_it_says_goes_where_its_settings_tell(tmp_path: Path) -> None:
    output = tmp_path / "w1.log"
    settings = WorkerSettings(
        worker_id="w1",
        commands_endpoint="nowhere://at.all",
        facts_endpoint="nowhere://at.all",
        data_dir=str(tmp_path),
        log_dir=str(tmp_path),
        output_path=str(output),
    )
    given = msgspec.json.encode(settings)
    ended = subprocess.run(COMMAND, input=given, capture_output=True, timeout=60, check=False)
    assert ended.returncode != 0
    assert (ended.stdout, ended.stderr) == (b"", b"")
    assert "ZMQError" in output.read_text()

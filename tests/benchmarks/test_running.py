"""Programs under measurement, and what is kept of their runs."""

import json
import sys
from pathlib import Path

import pytest
from benchmarks.lib.journal import Journal
from benchmarks.lib.product import boxes_of, only_file
from benchmarks.lib.running import ProgramFailedError, run

BUSY = "import time\nend = time.process_time() + {s}\nwhile time.process_time() < end: pass\nprint('done')"


def test_processor_time_of_children_is_counted() -> None:
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY.format(s=0.6)!r}])"
    taken = run([sys.executable, "-c", child], timeout_s=60)
    assert taken.cpu_s > 0.4
    assert taken.wall_s >= taken.cpu_s * 0.4
    assert taken.peak_rss_mib > 5


def test_what_a_program_printed_is_kept() -> None:
    assert run([sys.executable, "-c", "print('hello')"], timeout_s=30).output == "hello\n"


def test_a_failing_program_is_told_with_its_last_words() -> None:
    with pytest.raises(ProgramFailedError, match="no luck"):
        run([sys.executable, "-c", "raise SystemExit('no luck')"], timeout_s=30)


def test_a_hanging_program_is_ended_with_its_children(tmp_path: Path) -> None:
    child = f"import time; time.sleep(4); open({str(tmp_path / 'alive')!r}, 'w')"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with pytest.raises(ProgramFailedError, match="longer than 1 s"):
        run([sys.executable, "-c", parent], timeout_s=1)
    assert not (tmp_path / "alive").exists()


def test_a_resumed_journal_measures_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.lib.journal.commit", lambda: "abc")
    Journal("a", resume=False, folder=tmp_path).once("run0", lambda: 1)
    assert Journal("a", resume=True, folder=tmp_path).once("run0", lambda: 2) == 1


def test_a_fresh_journal_forgets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.lib.journal.commit", lambda: "abc")
    Journal("a", resume=False, folder=tmp_path).once("run0", lambda: 1)
    assert Journal("a", resume=False, folder=tmp_path).once("run0", lambda: 2) == 2


def test_results_of_another_commit_are_not_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.lib.journal.commit", lambda: "abc")
    Journal("a", resume=False, folder=tmp_path).once("run0", lambda: 1)
    monkeypatch.setattr("benchmarks.lib.journal.commit", lambda: "def")
    assert Journal("a", resume=True, folder=tmp_path).once("run0", lambda: 2) == 2


def test_boxes_of_facts_are_read_by_frame(tmp_path: Path) -> None:
    lines = [
        {"format": "popcam.facts"},
        {"frame": 0, "faces": [{"track": 1, "box": [0.1, 0.2, 0.3, 0.4]}]},
        {"frame": 1, "faces": []},
    ]
    path = tmp_path / "a.facts.jsonl"
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n")
    assert [boxes.shape for boxes in boxes_of(path)] == [(1, 4), (0, 4)]


def test_several_results_where_one_was_expected_are_refused(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).touch()
    with pytest.raises(FileNotFoundError, match="2 files"):
        only_file(tmp_path, "*.mp4")

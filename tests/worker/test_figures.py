"""What a worker tells of its process."""

import threading
from pathlib import Path

import pytest

from popcam.worker import figures as figures_module
from popcam.worker.figures import ProcessFigures


def test_figures_are_of_this_process() -> None:
    found = ProcessFigures().now(())
    assert found.rss_bytes > 1_000_000
    assert found.threads >= threading.active_count()


def test_the_system_is_not_asked_at_each_heartbeat(tmp_path: Path) -> None:
    figures = ProcessFigures()
    before = figures.now(())
    with (tmp_path / "one").open("wb"):
        assert figures.now(()).open_files == before.open_files


def test_figures_are_fresh_when_time_has_passed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures_module, "INTERVAL_S", 0.0)
    figures = ProcessFigures()
    before = figures.now(())
    with (tmp_path / "one").open("wb"):
        assert figures.now(()).open_files == before.open_files + 1


def test_a_camera_that_came_is_seen_at_once_and_once_more(tmp_path: Path) -> None:
    figures = ProcessFigures()
    before = figures.now(())
    with (tmp_path / "one").open("wb"):
        assert figures.now(("cam",)).open_files == before.open_files + 1
    assert figures.now(("cam",)).open_files == before.open_files

"""Checks of disks, on real ones: small, full, read-only."""

from pathlib import Path

import pytest
from tests.fakes.small_disk import fill, remount, small_disk_at

from popcam.config.model import MonitoringSettings
from popcam.core.errors import StorageFullError, StorageReadOnlyError
from popcam.monitoring.checks.disks import PROBE_NAME, by_disk, disk_checks, inodes, space, write


def test_a_disk_with_space(tmp_path: Path) -> None:
    limits = MonitoringSettings(disk_warning_percent=0.0, disk_failed_percent=0.0)
    found = space(tmp_path, lambda: limits)
    assert found.state == "ok"
    assert found.figure is not None
    assert 0.0 < found.figure <= 1.0


@pytest.mark.parametrize(("warning", "failed", "state"), [(100.0, 0.0, "warning"), (100.0, 100.0, "failed")])
def test_the_settings_say_how_little_space_is_too_little(
    tmp_path: Path, warning: float, failed: float, state: str
) -> None:
    limits = MonitoringSettings(disk_warning_percent=warning, disk_failed_percent=failed)
    found = space(tmp_path, lambda: limits)
    assert (found.state, found.code) == (state, "storage.full")


def test_a_small_disk_that_fills_up_is_noticed_by_all(tmp_path: Path) -> None:
    with small_disk_at(tmp_path / "disk", "1m") as disk:
        assert space(disk, MonitoringSettings).state == "ok"
        assert write(disk).state == "ok"
        fill(disk / "filler")
        assert space(disk, MonitoringSettings).state == "failed"
        with pytest.raises(StorageFullError):
            write(disk)
        assert not list(disk.glob(f"{PROBE_NAME}*"))


def test_a_disk_without_room_for_more_files_is_noticed(tmp_path: Path) -> None:
    with small_disk_at(tmp_path / "disk", "1m,nr_inodes=20") as disk:
        assert inodes(disk, MonitoringSettings).state == "ok"
        for number in range(18):
            (disk / str(number)).touch()
        assert inodes(disk, MonitoringSettings).state in {"warning", "failed"}


def test_a_disk_that_became_read_only_is_noticed(tmp_path: Path) -> None:
    with small_disk_at(tmp_path / "disk") as disk:
        remount(disk, "ro")
        with pytest.raises(StorageReadOnlyError):
            write(disk)


def test_nothing_is_left_behind_by_a_write(tmp_path: Path) -> None:
    found = write(tmp_path)
    assert "MB/s" in found.detail.en
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageReadOnlyError):
        space(tmp_path / "gone", MonitoringSettings)
    with pytest.raises(StorageReadOnlyError):
        inodes(tmp_path / "gone", MonitoringSettings)


def test_folders_of_one_disk_are_looked_at_once(tmp_path: Path) -> None:
    with small_disk_at(tmp_path / "disk") as disk:
        found = by_disk({"data_dir": tmp_path / "data", "log_dir": tmp_path / "log", "jobs": disk})
    assert found == [(tmp_path, ["data_dir", "log_dir"]), (disk, ["jobs"])]


def test_each_disk_has_its_checks(tmp_path: Path) -> None:
    names = [check.check_id for check in disk_checks({"data_dir": tmp_path}, MonitoringSettings)]
    assert names[0] == f"disk.space:{tmp_path}"
    assert f"disk.write:{tmp_path}" in names

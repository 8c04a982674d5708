"""Figures of the machine, looked at for real."""

import math
import os
from pathlib import Path

import psutil
import pytest

from popcam.monitoring.host import DiskFigures, HostFigures, TemperatureFigures, mount_of
from popcam.monitoring.network import NetworkFigures, _is_cable
from popcam.monitoring.registry import Registry


def test_processors_and_memory_are_told() -> None:
    registry = Registry()
    host = HostFigures(registry)
    host.sample()
    assert registry.family("popcam_host_cpu_ratio").latest() == {}  # nothing to compare with
    before = psutil.cpu_times()
    while psutil.cpu_times() == before:
        pass
    host.sample()
    assert 0.0 <= registry.family("popcam_host_cpu_ratio").latest()[()] <= 1.0
    memory = psutil.virtual_memory()
    assert registry.family("popcam_host_memory_available_bytes").latest()[()] == pytest.approx(
        memory.available, rel=0.2
    )
    assert 0.0 < registry.family("popcam_host_memory_available_ratio").latest()[()] < 1.0


def test_the_disk_of_a_folder_has_its_free_space(tmp_path: Path) -> None:
    registry = Registry()
    DiskFigures(registry, lambda: [tmp_path, tmp_path / "not" / "yet"]).sample()
    disk = mount_of(tmp_path)
    free = registry.family("popcam_disk_free_bytes").latest()
    assert set(free) == {(disk,)}
    assert free[(disk,)] == pytest.approx(psutil.disk_usage(str(tmp_path)).free, rel=0.05)
    assert 0.0 <= registry.family("popcam_disk_free_ratio").latest()[(disk,)] <= 1.0


def test_a_disk_without_file_entries_has_no_share_of_them() -> None:
    registry = Registry()
    DiskFigures(registry, lambda: [Path("/proc")]).sample()
    assert registry.family("popcam_disk_inodes_free_ratio").latest() == {}
    assert registry.family("popcam_disk_free_ratio").latest() == {}


def test_disks_that_no_folder_lies_on_any_more_are_over(tmp_path: Path) -> None:
    registry, folders = Registry(), [tmp_path]
    disks = DiskFigures(registry, lambda: folders)
    disks.sample()
    folders.clear()
    disks.sample()
    assert registry.family("popcam_disk_free_bytes").rows() == {}


def test_of_a_disk_that_does_not_answer_nothing_is_known(tmp_path: Path) -> None:
    registry = Registry()
    disks = DiskFigures(registry, lambda: [tmp_path])
    disks.sample()
    disks.forget()
    assert registry.family("popcam_disk_free_ratio").latest() == {}


def test_a_folder_that_does_not_exist_counts_as_its_parent(tmp_path: Path) -> None:
    assert mount_of(tmp_path / "a" / "b") == mount_of(tmp_path)
    assert os.path.ismount(mount_of(tmp_path))


def test_temperatures_are_those_that_the_machine_tells() -> None:
    registry = Registry()
    TemperatureFigures(registry).sample()
    read = getattr(psutil, "sensors_temperatures", dict)
    expected = sum(len(sensors) for sensors in read().values())
    assert len(registry.family("popcam_temperature_celsius").latest()) <= expected
    assert not any(math.isnan(value) for value in registry.family("popcam_temperature_celsius").latest().values())


def test_interfaces_tell_what_went_through_them() -> None:
    registry = Registry()
    NetworkFigures(registry).sample()
    received = registry.family("popcam_network_received_bytes_total").latest()
    assert set(received) == {(name,) for name in psutil.net_io_counters(pernic=True) if _is_cable(name)}


@pytest.mark.parametrize(
    ("name", "told"), [("eth0", True), ("wlan0", True), ("lo", False), ("lo0", False), ("veth12ab", False)]
)
def test_only_what_leads_elsewhere_is_an_interface(name: str, told: bool) -> None:
    assert _is_cable(name) is told

"""Figures of the machine: processors, memory, disks, temperatures. What a machine does not tell is absent, never 0."""

import math
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import psutil

from popcam.core.monitoring import Labels
from popcam.monitoring import catalogue as c
from popcam.monitoring.registry import Registry
from popcam.monitoring.used import UsedShare

MAX_DISKS = 32
MAX_SENSORS = 64
SLOW_S = 1.9
"""The system adds memory up anew for each who asks; a little early is in time."""


class HostFigures:
    """Processors, looked at once a second, and memory, which is looked at more rarely."""

    def __init__(self, registry: Registry) -> None:
        self._cpu = registry.declare(c.HOST_CPU, 1)
        self._memory = registry.declare(c.HOST_MEMORY, 1)
        self._memory_ratio = registry.declare(c.HOST_MEMORY_RATIO, 1)
        self._load = registry.declare(c.HOST_LOAD, 1)
        self._share = UsedShare()
        self._slow_due_s = -math.inf

    def sample(self) -> None:
        """Look now."""
        self._cpu.set((), self._cpu_ratio())
        if time.monotonic() < self._slow_due_s:
            return
        self._slow_due_s = time.monotonic() + SLOW_S
        memory = psutil.virtual_memory()
        self._memory.set((), memory.available)
        self._memory_ratio.set((), memory.available / memory.total)
        if hasattr(os, "getloadavg"):
            self._load.set((), os.getloadavg()[0])

    def _cpu_ratio(self) -> float:
        times = psutil.cpu_times()
        # A guest's time is within the user's already; who waits for a disk leaves the processor alone.
        idle_s = times.idle + getattr(times, "iowait", 0.0)
        all_s = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        cores = psutil.cpu_count() or 1
        share = self._share.take((all_s - idle_s) / cores, all_s / cores)
        return share if math.isnan(share) else min(1.0, max(0.0, share))


class DiskFigures:
    """Space and throughput of the disks that popcam's folders lie on. A disk may hang, so it has a thread of its own.

    Args:
        registry: where figures are put.
        folders: asked each time; those that do not exist yet count as their nearest parent.
    """

    def __init__(self, registry: Registry, folders: Callable[[], Iterable[Path]]) -> None:
        self._folders = folders
        self._free = registry.declare(c.DISK_FREE, MAX_DISKS)
        self._free_ratio = registry.declare(c.DISK_FREE_RATIO, MAX_DISKS)
        self._inodes = registry.declare(c.DISK_INODES_RATIO, MAX_DISKS)
        self._read = registry.declare(c.DISK_READ, MAX_DISKS)
        self._written = registry.declare(c.DISK_WRITTEN, MAX_DISKS)

    def sample(self) -> None:
        """Look now."""
        disks = {mount_of(folder) for folder in self._folders()}
        free: dict[Labels, float] = {}
        ratio: dict[Labels, float] = {}
        inodes: dict[Labels, float] = {}
        for disk in disks:
            usage = psutil.disk_usage(disk)
            free[(disk,)] = float(usage.free)
            ratio[(disk,)] = usage.free / (usage.used + usage.free) if usage.used + usage.free else math.nan
            inodes[(disk,)] = _inodes_free(disk)
        self._free.replace(free)
        self._free_ratio.replace(ratio)
        self._inodes.replace(inodes)
        self._sample_throughput(disks)

    def forget(self) -> None:
        """Nothing is known: a disk does not answer."""
        for family in (self._free, self._free_ratio, self._inodes, self._read, self._written):
            family.replace({})

    def _sample_throughput(self, disks: Iterable[str]) -> None:
        counted = psutil.disk_io_counters(perdisk=True) or {}
        devices = {part.mountpoint: os.path.basename(part.device) for part in psutil.disk_partitions(all=False)}  # noqa: PTH119 a device's name
        for disk in disks:
            io = counted.get(devices.get(disk, ""))
            if io is not None:
                self._read.set((disk,), io.read_bytes)
                self._written.set((disk,), io.write_bytes)


class TemperatureFigures:
    """All sensors that the machine tells of."""

    def __init__(self, registry: Registry) -> None:
        self._celsius = registry.declare(c.TEMPERATURE, MAX_SENSORS)

    def forget(self) -> None:
        """Nothing is known: a sensor does not answer."""
        self._celsius.replace({})

    def sample(self) -> None:
        """Look now."""
        read: Callable[[], dict[str, list[Any]]] | None = getattr(
            psutil, "sensors_temperatures", None
        )  # neither Windows nor macOS has it
        found = {} if read is None else read()
        self._celsius.replace(
            {
                (f"{chip} {sensor.label}".strip() if sensor.label else f"{chip} {number}",): sensor.current
                for chip, sensors in found.items()
                for number, sensor in enumerate(sensors, 1)
                if sensor.current is not None
            }
        )


def mount_of(folder: Path) -> str:
    """Where the disk begins that a folder lies on, or would."""
    path = folder.absolute()
    while not path.exists() and path != path.parent:
        path = path.parent
    path = path.resolve()
    while not os.path.ismount(path) and path != path.parent:
        path = path.parent
    return str(path)


def _inodes_free(disk: str) -> float:
    """Share of file entries that are free; NaN where a disk makes them as it goes."""
    if not hasattr(os, "statvfs"):
        return math.nan
    found = os.statvfs(disk)
    return found.f_favail / found.f_files if found.f_files else math.nan

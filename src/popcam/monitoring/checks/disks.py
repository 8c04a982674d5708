"""Checks of disks: space, inodes, and a small write that shows whether they may be written and how fast."""

import contextlib
import errno
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from popcam.config.model import MonitoringSettings
from popcam.core.errors import StorageFullError, StorageReadOnlyError
from popcam.core.language import Text
from popcam.core.monitoring import Check, CheckGroup, CheckState, Outcome
from popcam.monitoring.health_runner import InThread

WRITE_BYTES = 262_144
"""Enough to tell a card that fails from a disk that works, and little enough to wear nothing out."""
SLOW_BYTES_PER_S = 2_000_000.0
"""Less than what two recorded HD cameras write."""
PROBE_NAME = ".popcam-write-check"

Limits = Callable[[], MonitoringSettings]

REMEDY_SPACE = Text(
    "Delete what is not needed, keep recordings for a shorter time (`record.max_age_days`, `record.max_size_gb`), or"
    " move `data_dir` to a larger disk.",
    "请删除不需要的内容，缩短录像保留时间（`record.max_age_days`、`record.max_size_gb`），"
    "或将 `data_dir` 移到更大的磁盘。",
)


def disk_checks(folders: Mapping[str, Path], limits: Limits) -> Iterator[Check]:
    """Three checks for each disk that holds some of these folders.

    Args:
        folders: by what they are for, the most important first.
        limits: the settings of the moment.
    """
    for folder, uses in by_disk(folders):
        where = ", ".join(uses)
        yield _check(
            "disk.space",
            folder,
            Text("Disk space", "磁盘空间"),
            Text(f"Free space of the disk of: {where}.", f"以下内容所在磁盘的剩余空间：{where}。"),
            REMEDY_SPACE,
            partial(space, folder, limits),
            every_s=5.0,
        )
        if hasattr(os, "statvfs"):
            yield _check(
                "disk.inodes",
                folder,
                Text("Disk: number of files", "磁盘：文件数"),
                Text(f"How many more files the disk of {where} can hold.", f"{where} 所在磁盘还能容纳的文件数。"),
                Text("Delete small files that are not needed.", "请删除不需要的小文件。"),
                partial(inodes, folder, limits),
                every_s=60.0,
            )
        yield _check(
            "disk.write",
            folder,
            Text("Writing to disk", "磁盘写入"),
            Text(
                f"Writes a small file to the disk of: {where}; and how fast that is.",
                f"向以下内容所在磁盘写入一个小文件并测量速度：{where}。",
            ),
            StorageReadOnlyError.hint,
            partial(write, folder),
            every_s=120.0,
        )


def _check(
    name: str, folder: Path, title: Text, about: Text, remedy: Text, look: Callable[[], Outcome], *, every_s: float
) -> Check:
    return Check(
        name=name,
        subject=str(folder),
        group=CheckGroup.STORAGE,
        title=title,
        about=about,
        remedy=remedy,
        look=InThread(look),
        every_s=every_s,
        timeout_s=15.0,
        severity="critical",
    )


def by_disk(folders: Mapping[str, Path]) -> list[tuple[Path, list[str]]]:
    """The first folder on each disk, and what lies on that disk."""
    found: dict[int, tuple[Path, list[str]]] = {}
    for use, folder in folders.items():
        there = existing(folder)
        try:
            device = there.stat().st_dev
        except OSError:
            device = -1 - len(found)  # it is told by its own check
        found.setdefault(device, (there if folder != there else folder, []))[1].append(use)
    return list(found.values())


def existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists: it will be made there."""
    for one in (folder, *folder.parents):
        if one.exists():
            return one
    return folder


def space(folder: Path, limits: Limits) -> Outcome:
    """Free space.

    Raises:
        StorageReadOnlyError: the disk does not answer.
    """
    try:
        usage = shutil.disk_usage(folder)
    except OSError as error:
        raise StorageReadOnlyError(f"{folder}: {error.strerror}") from error
    share = usage.free / usage.total if usage.total else 0.0
    told = Text(f"{usage.free / 1e9:.1f} GB free ({share:.0%})", f"剩余 {usage.free / 1e9:.1f} GB（{share:.0%}）")
    state = _state(share * 100.0, limits())
    return Outcome(state, told, code="" if state == "ok" else StorageFullError.code, figure=share)


def inodes(folder: Path, limits: Limits) -> Outcome:
    """Files that can still be made; some file systems have no limit.

    Raises:
        StorageReadOnlyError: the disk does not answer.
    """
    try:
        stats = os.statvfs(folder)
    except OSError as error:
        raise StorageReadOnlyError(f"{folder}: {error.strerror}") from error
    if not stats.f_files:
        return Outcome("absent", Text("this file system has no limit of files", "此文件系统不限制文件数"))
    share = stats.f_favail / stats.f_files
    told = Text(f"{stats.f_favail} more files ({share:.0%})", f"还可容纳 {stats.f_favail} 个文件（{share:.0%}）")
    state = _state(share * 100.0, limits())
    return Outcome(state, told, code="" if state == "ok" else StorageFullError.code, figure=share)


def _state(percent: float, limits: MonitoringSettings) -> CheckState:
    if percent < limits.disk_failed_percent:
        return "failed"
    return "warning" if percent < limits.disk_warning_percent else "ok"


def write(folder: Path, *, size_bytes: int = WRITE_BYTES) -> Outcome:
    """Write a small file to the disk itself, and how fast that went.

    Raises:
        StorageFullError, StorageReadOnlyError: it may not be written.
    """
    file = folder / f"{PROBE_NAME}-{os.getpid()}"
    block = os.urandom(4096) * (size_bytes // 4096)  # some disks compress what repeats itself, but not that much
    began_s = time.perf_counter()
    try:
        with file.open("wb", buffering=0) as handle:
            handle.write(block)
            os.fsync(handle.fileno())
        took_s = time.perf_counter() - began_s
    except OSError as error:
        raise _named(error, folder) from error
    finally:
        with contextlib.suppress(OSError):
            file.unlink()
    speed = len(block) / max(took_s, 1e-6)
    told = Text(
        f"{speed / 1e6:.0f} MB/s, {took_s * 1000:.0f} ms for {len(block) // 1024} KiB",
        f"{speed / 1e6:.0f} MB/s，写入 {len(block) // 1024} KiB 用时 {took_s * 1000:.0f} 毫秒",
    )
    slow = Text(
        "The disk is slow: recordings may lose pictures. Use another disk, or record fewer cameras.",
        "磁盘较慢：录像可能丢失画面。请更换磁盘，或减少录像的摄像头。",
    )
    if speed >= SLOW_BYTES_PER_S:
        return Outcome("ok", told, figure=speed)
    return Outcome("warning", told, remedy=slow, figure=speed)


def _named(error: OSError, folder: Path) -> Exception:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageFullError(f"{folder}: {error.strerror}")
    return StorageReadOnlyError(f"{folder}: {error.strerror}")

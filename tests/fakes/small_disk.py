"""A real disk of 64 KiB or so, for tests of what happens when it is full. Linux, and only where mounting is allowed."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


@contextmanager
def small_disk_at(disk: Path, size: str = "64k") -> Iterator[Path]:
    """Mount it at this folder, which is made; the test is skipped where that can't be."""
    disk.mkdir()
    mount = shutil.which("mount")
    command = [str(mount), "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]
    if mount is None or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("a small disk can't be made here")
    try:
        yield disk
    finally:
        subprocess.run([str(shutil.which("umount")), "-l", str(disk)], check=True)


def remount(disk: Path, right: str) -> None:
    """Make it read-only (`ro`), or writable again (`rw`), under whoever uses it."""
    subprocess.run([str(shutil.which("mount")), "-o", f"remount,{right}", str(disk)], check=True)


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with suppress(OSError), path.open("wb", buffering=0) as filler:
        while filler.write(b"x" * 4096):
            pass

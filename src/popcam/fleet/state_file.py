"""What a later server must know to find a running worker: one small private file per worker."""

import contextlib
import os
from pathlib import Path

import msgspec
import psutil

from popcam.fleet.endpoints import Endpoints

_PREFIX = "worker-"
_CLOCK_SLACK_S = 2.0
"""Start times are derived from the boot time, which moves a little when the clock is set."""


class WorkerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One life of one worker."""

    token: str
    slot: str
    pid: int
    create_time_s: float
    commands: str
    facts: str
    curve_public_key: str = ""
    protocol_version: int
    popcam_version: str
    command: tuple[str, ...]
    settings_digest: str = ""
    """Stands for all settings that a running worker can't change any more."""

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints(self.commands, self.facts, self.curve_public_key)


def record_path(runtime_dir: Path, token: str) -> Path:
    """Where the record of one life is."""
    return runtime_dir / f"{_PREFIX}{token}.json"


def write_record(runtime_dir: Path, record: WorkerRecord) -> None:
    """Write it whole or not at all, for the owner alone: the key inside opens the worker's sockets."""
    path = record_path(runtime_dir, record.token)
    draft = path.with_suffix(".tmp")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123 - needs a mode
        file.write(msgspec.json.encode(record))
    draft.replace(path)


def remove_record(runtime_dir: Path, token: str) -> None:
    """Forget that life; safe when it is forgotten already."""
    record_path(runtime_dir, token).unlink(missing_ok=True)


def read_records(runtime_dir: Path) -> list[WorkerRecord]:
    """All records, oldest worker first. A file that can't be read is deleted: nothing can be done with it."""
    records = []
    for path in runtime_dir.glob(f"{_PREFIX}*"):
        try:
            records.append(msgspec.json.decode(path.read_bytes(), type=WorkerRecord))
        except (msgspec.DecodeError, OSError):
            with contextlib.suppress(OSError):
                path.unlink()
    return sorted(records, key=lambda record: record.create_time_s)


def find_process(record: WorkerRecord) -> psutil.Process | None:
    """The process of the record if it still runs and really is that worker; process numbers are used again."""
    try:
        process = psutil.Process(record.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        if abs(process.create_time() - record.create_time_s) > _CLOCK_SLACK_S:
            return None
        if record.command[-1] not in process.cmdline():
            return None
    except psutil.Error:
        return None
    return process

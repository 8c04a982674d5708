"""How recordings are named on disk, so that recorder, server and commands find them without asking one another.

A camera's folder holds one folder per day (UTC), each file is named by its start:
`2026-11-22/20261122T000102.345Z_60.040s.mp4`; the second part is its length, left out where unknown.
While a file is being written its name ends in `.part`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

PART_SUFFIX = ".part"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAME = re.compile(
    r"(?P<start>\d{8}T\d{6})\.(?P<ms>\d{3})Z(?:_(?P<duration>\d+\.\d{3})s)?\.(?P<suffix>mp4|mkv)(?P<part>\.part)?"
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class RecordingName:
    """What a file name says."""

    started_unix_s: float
    suffix: str
    duration_s: float | None
    finished: bool


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded file. `duration_s` is None while it is written, or when a crash hid it."""

    path: Path
    started_unix_s: float
    duration_s: float | None
    size_bytes: int
    finished: bool


def recording_path(
    folder: Path, started_unix_s: float, suffix: str, *, duration_s: float | None = None, finished: bool = True
) -> Path:
    """Where a recording lies. Names sort by start; the start is kept to the millisecond.

    Args:
        folder: the camera's folder.
        started_unix_s: wall-clock time of its first picture.
        suffix: `mp4` or `mkv`.
        duration_s: its length, when known.
        finished: False adds `.part`.
    """
    start = _EPOCH + timedelta(milliseconds=round(started_unix_s * 1000))
    length = "" if duration_s is None else f"_{duration_s:.3f}s"
    name = f"{start:%Y%m%dT%H%M%S}.{start.microsecond // 1000:03d}Z{length}.{suffix}"
    return folder / f"{start:%Y-%m-%d}" / (name if finished else name + PART_SUFFIX)


def parse_name(name: str) -> RecordingName | None:
    """What the name of a recording says; None when it is none of ours."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        start = datetime.strptime(match["start"], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return RecordingName(
        started_unix_s=(start - _EPOCH).total_seconds() + int(match["ms"]) / 1000,
        suffix=match["suffix"],
        duration_s=float(match["duration"]) if match["duration"] else None,
        finished=match["part"] is None,
    )


def finished_since(part: Path) -> Path | None:
    """The file that a recording became which was being written under this name; None where there is none."""
    start = part.name.split("Z", 1)[0] + "Z"
    name = parse_name(part.name)
    if name is None or name.finished:
        return None
    return next((path for path in part.parent.glob(f"{start}*.{name.suffix}") if parse_name(path.name)), None)


def list_recordings(folder: Path) -> list[Recording]:
    """A camera's recordings, oldest first, the one being written included. Other files are left out.

    A file that vanishes meanwhile is left out; a folder that does not exist holds none.

    Raises:
        OSError: the folder exists but can't be read.
    """
    return sorted(_recordings(folder), key=lambda recording: (recording.started_unix_s, recording.path.name))


def _recordings(folder: Path) -> Iterator[Recording]:
    if not folder.exists():
        return
    for day in folder.iterdir():
        if not _DAY.fullmatch(day.name) or not day.is_dir():
            continue
        for path in day.iterdir():
            name = parse_name(path.name)
            if name is None:
                continue
            try:
                size_bytes = path.stat().st_size
            except FileNotFoundError:
                continue
            yield Recording(path, name.started_unix_s, name.duration_s, size_bytes, name.finished)

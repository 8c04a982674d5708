"""Which recordings have to go: a pure plan, and what carries it out."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import structlog

from popcam.core.recordings import Recording, list_recordings
from popcam.core.spec import RecordSpec

log = structlog.get_logger(__name__)
_DAY_S = 86_400.0
_GB = 1_000_000_000


def plan_retention(
    recordings: Sequence[Recording], spec: RecordSpec, now_unix_s: float, *, missing_bytes: int = 0
) -> list[Recording]:
    """The recordings to delete, oldest first.

    Files that are being written are never in the plan, but their size counts.

    Args:
        recordings: all of the camera.
        spec: largest age and total size.
        now_unix_s: wall-clock time.
        missing_bytes: what the disk itself still needs, whatever the settings allow.
    """
    finished = sorted((one for one in recordings if one.finished), key=lambda one: one.started_unix_s)
    oldest_end_s = now_unix_s - spec.max_age_days * _DAY_S
    total_bytes = sum(one.size_bytes for one in recordings)
    to_free = max(missing_bytes, total_bytes - int(spec.max_size_gb * _GB))
    doomed: list[Recording] = []
    for one in finished:
        too_old = one.started_unix_s + (one.duration_s or 0.0) < oldest_end_s
        if not too_old and to_free <= 0:
            continue
        doomed.append(one)
        to_free -= one.size_bytes
    return doomed


def delete_recordings(recordings: Iterable[Recording]) -> int:
    """Delete files and the day folders they leave empty; return the bytes that were freed.

    One that can't be deleted is logged and skipped: the next run meets it again.
    """
    freed_bytes = 0
    for one in recordings:
        try:
            one.path.unlink(missing_ok=True)
        except OSError as exc:
            log.warning("recording.not_deleted", path=str(one.path), reason=exc.strerror)
            continue
        freed_bytes += one.size_bytes
        _remove_if_empty(one.path.parent)
    return freed_bytes


def keep_within(folder: Path, spec: RecordSpec, now_unix_s: float, *, missing_bytes: int = 0) -> int:
    """Delete what a camera's settings or its disk no longer allow; return the bytes that were freed.

    Raises:
        OSError: the folder can't be read.
    """
    doomed = plan_retention(list_recordings(folder), spec, now_unix_s, missing_bytes=missing_bytes)
    freed_bytes = delete_recordings(doomed)
    if doomed:
        # Once the limit is reached this happens at every segment: nothing that a log has to tell.
        log.debug("recordings.deleted", folder=folder.name, count=len(doomed), freed_bytes=freed_bytes)
    return freed_bytes


def _remove_if_empty(day: Path) -> None:
    # The day that is being written to stays: its recorder made it and expects it there.
    try:
        day.rmdir()
    except OSError:
        return

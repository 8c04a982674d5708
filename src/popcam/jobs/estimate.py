"""How much room a job needs on disks: told before it begins, from sizes alone. Pure.

Guesses, on the safe side for usual material: what cameras and phones write shrinks at the default quality, old
material of few bits grows. The disk is watched while the job runs, so a wrong guess costs a pause, not a file.
"""

from collections.abc import Iterable

from popcam.core.batch import MediaKind
from popcam.core.jobs import JobKind

VIDEO_GROWTH = 1.5
PHOTO_GROWTH = 1.3
FACTS_SHARE = 0.05
FACTS_BYTES = 100_000
FRAME_BYTES = 12_000
"""A frame of common video: 1080p at 3 Mbit/s and 30 frames per second."""
MAX_RESERVE_BYTES = 256 * 1024 * 1024


def result_bytes(kind: JobKind, media: MediaKind, size_bytes: int) -> int:
    """Size of a file's result."""
    if kind in {"find_faces", "index"}:
        return int(size_bytes * FACTS_SHARE) + FACTS_BYTES
    return int(size_bytes * (VIDEO_GROWTH if media == "video" else PHOTO_GROWTH))


def disk_need_bytes(kind: JobKind, files: Iterable[tuple[MediaKind, int]], at_once: int) -> int:
    """Room for all results, and for the chunks of so many files at once beside their results.

    Args:
        files: kind and size of each.
    """
    results, chunks = 0, []
    for media, size_bytes in files:
        need = result_bytes(kind, media, size_bytes)
        results += need
        if media == "video":
            chunks.append(need)
    return results + sum(sorted(chunks)[-at_once:])


def frames_estimated(media: MediaKind, size_bytes: int) -> int:
    """Frames of a file."""
    return 1 if media == "photo" else max(1, size_bytes // FRAME_BYTES)


def reserve_bytes(disk_bytes: int) -> int:
    """What is always left free: a disk filled to the last byte harms more than the job."""
    return min(MAX_RESERVE_BYTES, disk_bytes // 50)

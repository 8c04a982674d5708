"""What a disk's refusal means."""

import errno
from pathlib import Path

import pytest

from popcam.core.errors import SinkError, StorageFullError, StorageReadOnlyError
from popcam.media.sinks.backoff import Backoff
from popcam.media.sinks.storage import missing_bytes, reserve_bytes, storage_error


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, StorageFullError),
        (errno.EDQUOT, StorageFullError),
        (errno.EROFS, StorageReadOnlyError),
        (errno.EACCES, StorageReadOnlyError),
        (errno.EIO, SinkError),
        (errno.ENOENT, SinkError),
    ],
)
def test_errors_of_the_system_get_our_names(number: int, expected: type[SinkError]) -> None:
    error = storage_error(OSError(number, "what it said", "file.mp4"))
    assert (type(error), error.detail) == (expected, "what it said: file.mp4")


@pytest.mark.parametrize(
    ("disk_bytes", "expected"), [(2 * 10**12, 10**9), (20 * 10**9, 10**9), (2 * 10**9, 10**8), (0, 0)]
)
def test_the_reserve_is_a_gigabyte_or_a_twentieth(disk_bytes: int, expected: int) -> None:
    assert reserve_bytes(disk_bytes) == expected


def test_a_disk_with_room_misses_nothing(tmp_path: Path) -> None:
    assert missing_bytes(tmp_path) == 0


def test_waits_double_up_to_the_bound_and_begin_again_after_success() -> None:
    backoff = Backoff(1.0, 8.0, jitter=0.0)
    assert [backoff.next_s() for _ in range(5)] == [1.0, 2.0, 4.0, 8.0, 8.0]
    backoff.reset()
    assert backoff.next_s() == 1.0


def test_jitter_only_shortens() -> None:
    backoff = Backoff(10.0, 10.0)
    waits = [backoff.next_s() for _ in range(200)]
    assert 7.0 <= min(waits) < 8.0 < 9.0 < max(waits) <= 10.0

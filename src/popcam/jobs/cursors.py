"""Places in lists as opaque words."""

import base64
import binascii
import json

from popcam.core.errors import RequestInvalidError


def make_cursor(*place: float | str) -> str:
    """The place behind a row."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def job_place(cursor: str) -> tuple[float, str]:
    """The place behind a job: when it was created, and its id.

    Raises:
        RequestInvalidError: the cursor is none of ours.
    """
    created, job_id = _parts(cursor, 2)
    if isinstance(created, bool) or not isinstance(created, (int, float)) or not isinstance(job_id, str):
        raise _refused()
    return float(created), job_id


def item_place(cursor: str) -> int:
    """The place behind a file: its number.

    Raises:
        RequestInvalidError: the cursor is none of ours.
    """
    (item_id,) = _parts(cursor, 1)
    if isinstance(item_id, bool) or not isinstance(item_id, int) or not 0 <= item_id < 2**53:
        raise _refused()
    return item_id


def _parts(cursor: str, count: int) -> list[object]:
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise _refused() from error
    if not isinstance(parts, list) or len(parts) != count:
        raise _refused()
    return parts


def _refused() -> RequestInvalidError:
    return RequestInvalidError("query.cursor: not a cursor of this server")

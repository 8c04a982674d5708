"""A camera's log for people: time, level, what happened, and its details in one line."""

import json
from datetime import datetime
from typing import Any

SHOWN_APART = frozenset({"timestamp", "level", "event", "camera", "camera_id"})


def readable(line: str) -> str:
    """One line of a log file; what is none of our JSON (a crash report of a library, say) as it is."""
    try:
        told = json.loads(line)
        when = datetime.fromisoformat(told["timestamp"]).astimezone()
        event = str(told["event"])
    except (ValueError, KeyError, TypeError):
        return line
    details = " ".join(f"{key}={shown_value(value)}" for key, value in told.items() if key not in SHOWN_APART)
    return f"{when:%Y-%m-%d %H:%M:%S} {told.get('level', ''):<7} {event}  {details}".rstrip()


def shown_value(value: Any) -> str:
    """Text with spaces in quotes, so that the fields stay apart."""
    if isinstance(value, str) and value and not any(character.isspace() for character in value):
        return value
    return json.dumps(value, ensure_ascii=False)

"""Log lines as popcam's processes write them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

T0_UNIX_S = 1_795_339_200.0


def log_line(at_s: float, event: str, level: str = "info", **fields: Any) -> str:
    """One line, so many seconds after `T0_UNIX_S`, with its end."""
    stamp = datetime.fromtimestamp(T0_UNIX_S + at_s, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return json.dumps({"event": event, "level": level, "timestamp": stamp, **fields}) + "\n"


def append(path: Path, *lines: str) -> None:
    """Write lines to the end of a log."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(lines))

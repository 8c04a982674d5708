"""Notes that a server could not write before it ended: kept in a file until the next start."""

import os
from collections.abc import Iterable
from pathlib import Path

from popcam.security.audit_chain import Draft, canonical, parse

NAME = "audit.waiting"


def save(folder: Path, drafts: Iterable[Draft]) -> None:
    """Put them behind those that are kept already.

    Raises:
        OSError: they can't be kept.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = "".join(canonical({"unix_s": draft.unix_s, "fields": draft.fields}) + "\n" for draft in drafts)
    handle = os.open(folder / NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())


def saved(folder: Path) -> tuple[list[Draft], int]:
    """What is kept, and how many lines were damaged.

    Raises:
        OSError: it can't be read.
    """
    try:
        lines = (folder / NAME).read_bytes().splitlines()
    except FileNotFoundError:
        return [], 0
    drafts = []
    for line in lines:
        try:
            kept = parse(line)
            drafts.append(Draft(float(kept["unix_s"]), dict(kept["fields"])))
        except (ValueError, KeyError, TypeError):
            continue
    return drafts, len(lines) - len(drafts)


def forget(folder: Path) -> None:
    """They are in the log now."""
    (folder / NAME).unlink(missing_ok=True)

"""An audit log on a real database, and ways to tamper with it as who can write to the file would."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from popcam.core.access import AuditNote, Principal
from popcam.core.clock import Clock
from popcam.security.audit import AuditLog
from popcam.security.audit_chain import canonical, hash_of
from popcam.security.audit_export import Export
from popcam.security.audit_keys import open_key
from popcam.storage import Database
from popcam.storage.audit import ALL, AuditFilter

ANNA = Principal(via="session", role="admin", user_id="u1", name="anna", credential_id="s1", address="192.0.2.7")


def note(number: int = 0, action: str = "camera.update", **fields: object) -> AuditNote:
    given = {"result": "ok", "who": ANNA, "on": f"camera:c{number}", "after": {"fps": number}, **fields}
    return AuditNote(action=action, **given)  # type: ignore[arg-type] # as the test says


@contextmanager
def audit_log(folder: Path, *, clock: Clock | None = None, keep_days: float = 184.0) -> Iterator[AuditLog]:
    """A log that writes; ended, and so signed, at the end of the block."""
    database = Database(folder / "popcam.db")
    log = AuditLog(database, folder / "keys", clock=clock, keep_days=keep_days)
    log.start()
    try:
        yield log
    finally:
        log.stop()
        database.close()


def write(folder: Path, *notes: AuditNote, clock: Clock | None = None) -> None:
    """Write some entries and sign their end. The very first one tells of the key."""
    with audit_log(folder, clock=clock) as log:
        for one in notes:
            log.note(one)


def export(folder: Path, wanted: AuditFilter = ALL) -> Path:
    """The whole log as JSON Lines."""
    database = Database(folder / "popcam.db")
    made = Export(read=database.run_sync, key=open_key(folder / "keys")[0], wanted=wanted, unix_s=2e9)
    path = folder / "audit.jsonl"
    path.write_text("".join(f"{line}\n" for line in made.lines()))
    database.close()
    return path


def sql(folder: Path, *statements: str, values: Sequence[object] = ()) -> None:
    """Change the database behind popcam's back."""
    with closing(sqlite3.connect(folder / "popcam.db")) as connection:
        for statement in statements:
            connection.execute(statement, values)
        connection.commit()


def entries(folder: Path) -> list[dict[str, object]]:
    """What the entries hold, oldest first."""
    with closing(sqlite3.connect(folder / "popcam.db")) as connection:
        return [json.loads(text) for (text,) in connection.execute("SELECT entry FROM audit_entries ORDER BY seq")]


def forge(folder: Path, seq: int, *, and_all_after: bool = False, **fields: object) -> None:
    """Change an entry so that its own hash is right, and with it, where asked, all that follow."""
    with closing(sqlite3.connect(folder / "popcam.db")) as connection:
        prev = ""
        for number, text in connection.execute(
            "SELECT seq, entry FROM audit_entries WHERE seq >= ? ORDER BY seq", (seq,)
        ).fetchall():
            entry = json.loads(text)
            entry |= fields if number == seq else {"prev": prev}
            prev = _put(connection, number, entry)
            if not and_all_after:
                break
        connection.commit()


def _put(connection: sqlite3.Connection, seq: int, entry: dict[str, object]) -> str:
    text = canonical(entry)
    connection.execute(
        "UPDATE audit_entries SET entry = ?, hash = ?, action = ?, object = ? WHERE seq = ?",
        (text, hash_of(text), entry["action"], entry["on"], seq),
    )
    return hash_of(text)

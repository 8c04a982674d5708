"""A quick look, with every write, whether the end of the log is still what it was: so an intruder is told at once, and
not only when somebody verifies the whole.
"""

from sqlalchemy import Connection

from popcam.security.audit_chain import FIRST_PREV, hash_of, parse
from popcam.storage.audit import Tail, forward, get, newest_checkpoint, newest_cut, tail

WALK = 5_000
"""Most entries that are looked at behind the known place."""


def break_behind(connection: Connection, known: Tail) -> int | None:
    """The first entry that is not as it must be, from a place that is known; None when all is well.

    Other processes may have added entries behind it (commands do); these must follow one another.
    """
    now = tail(connection)
    if now == known:
        return None
    cut = newest_cut(connection)
    if cut is not None and cut.seq >= known.seq:
        known = Tail(cut.seq, cut.hash)  # what came before may be gone by right
    elif known.seq:
        held = get(connection, known.seq)
        if held is None or held.hash != known.hash:
            return known.seq if held is not None else min(known.seq, now.seq + 1)
    prev = known.hash or FIRST_PREV
    expected = known.seq + 1
    for row in forward(connection, until=now.seq, after=known.seq, limit=WALK):
        if row.seq != expected or hash_of(row.entry) != row.hash or _prev(row.entry) != prev:
            return expected
        prev, expected = row.hash, row.seq + 1
    return None


def last_known(connection: Connection, head: Tail | None) -> Tail:
    """Where a server that starts begins to look: at the newest signed place."""
    point = newest_checkpoint(connection)
    if head is not None and (point is None or head.seq >= point.seq):
        return head
    return Tail(0, "") if point is None else Tail(point.seq, point.hash)


def _prev(entry: str) -> str:
    try:
        return str(parse(entry)["prev"])
    except (ValueError, KeyError, TypeError):
        return ""

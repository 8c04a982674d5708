"""Small facts of security as rows of name and JSON: incident mode, blocked addresses, security events, set-up."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects import sqlite

from popcam.storage.tables import security_facts

DELETE_CHUNK = 500
"""Names in one statement."""


def get(connection: Connection, name: str) -> Any:
    """The value of a fact; None when there is none."""
    return connection.scalar(select(security_facts.c.value).where(security_facts.c.name == name))


def begin_with(connection: Connection, prefix: str) -> dict[str, Any]:
    """All facts whose names begin so, by name and in its order."""
    names = security_facts.c.name
    # An upper bound rather than LIKE, which finds no index; no name holds a letter beyond it.
    query = select(security_facts).where(names >= prefix, names < f"{prefix}\uffff").order_by(names)
    return {row.name: row.value for row in connection.execute(query)}


def put(connection: Connection, facts: Mapping[str, Any]) -> None:
    """Write facts over what they were."""
    if not facts:
        return
    statement = sqlite.insert(security_facts)
    statement = statement.on_conflict_do_update(index_elements=["name"], set_={"value": statement.excluded.value})
    connection.execute(statement, [{"name": name, "value": value} for name, value in facts.items()])


def remove(connection: Connection, names: Iterable[str]) -> None:
    """Forget facts; those that are not there stay so."""
    wanted = list(names)
    for first in range(0, len(wanted), DELETE_CHUNK):
        chunk = wanted[first : first + DELETE_CHUNK]
        connection.execute(delete(security_facts).where(security_facts.c.name.in_(chunk)))

"""Data keys as rows: each is sealed by the key of the key file and seals the secrets of other tables."""

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, insert, select, text, update

from popcam.storage.tables import data_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class DataKeyRow:
    """One data key.

    Attributes:
        wrapped: the key itself, sealed.
        wrapped_by: id of the key that sealed it.
        retired_unix_s: since when a newer one seals; None for the one that does.
    """

    key_id: str
    wrapped: bytes = field(repr=False)
    wrapped_by: str
    created_unix_s: float
    retired_unix_s: float | None = None


def rows(connection: Connection) -> tuple[DataKeyRow, ...]:
    """All data keys, oldest first."""
    query = select(data_keys).order_by(data_keys.c.created_unix_s, data_keys.c.key_id)
    return tuple(DataKeyRow(**row) for row in connection.execute(query).mappings())


def write_alone(connection: Connection) -> None:
    """Become the only writer now, before anything is read: what is read then stays true until the end.

    A transaction that reads first and writes later is refused when somebody else wrote between.
    """
    connection.execute(text("UPDATE alembic_version SET version_num = '' WHERE 0"))


def add(connection: Connection, row: DataKeyRow) -> None:
    """Put a new key; from now on it is the one that seals, and those before are retired."""
    older = data_keys.c.retired_unix_s.is_(None)
    connection.execute(update(data_keys).where(older).values(retired_unix_s=row.created_unix_s))
    values = {name: getattr(row, name) for name in DataKeyRow.__dataclass_fields__}
    connection.execute(insert(data_keys).values(values))


def put_wrapped(connection: Connection, key_id: str, wrapped: bytes, wrapped_by: str) -> None:
    """The same key, sealed by another one."""
    row = data_keys.c.key_id == key_id
    connection.execute(update(data_keys).where(row).values(wrapped=wrapped, wrapped_by=wrapped_by))


def remove(connection: Connection, key_ids: Collection[str]) -> None:
    """Take keys away: what they sealed can't be opened any more."""
    connection.execute(delete(data_keys).where(data_keys.c.key_id.in_(key_ids)))

"""Where sealed values lie, and how they are put anew without a change for anybody."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, LargeBinary, String, Table, Text, select, type_coerce, update

from popcam.storage import keys
from popcam.storage.tables import alert_channels, cameras, security_facts, users

BATCH = 200
"""Rows in one transaction: others wait to write for a few milliseconds at most."""


class Place(NamedTuple):
    """A column whose values hold sealed texts, alone or within JSON. They are sealed for `table.column:key`."""

    table: Table
    key: str
    column: str

    def purpose(self, key: str) -> str:
        """What the values of a row are sealed for."""
        return f"{self.table.name}.{self.column}:{key}"


PLACES: tuple[Place, ...] = (
    Place(cameras, "camera_id", "spec"),
    Place(users, "user_id", "totp_secret"),
    Place(security_facts, "name", "value"),
    Place(alert_channels, "channel_id", "spec"),
)


def texts(connection: Connection, place: Place) -> list[tuple[str, str]]:
    """Key and stored text of each row that holds something sealed; JSON as it is written."""
    key, value = place.table.c[place.key], _stored(place)
    marker = b"sealed:v1:" if _is_binary(place) else "sealed:v1:"
    query = select(key, value).where(_instr(value, marker) > 0).order_by(key)
    return [(row[0], _as_text(row[1])) for row in connection.execute(query)]


def put_anew(connection: Connection, place: Place, changes: Sequence[tuple[str, str, str]]) -> int:
    """Write key, old text and new text where the old one is still there. Gives how many were."""
    keys.write_alone(connection)
    return sum(_put(connection, place, *change) for change in changes)


def _put(connection: Connection, place: Place, key: str, old: str, new: str) -> int:
    kind, form = _kind(place)
    here = (place.table.c[place.key] == key, _stored(place) == form(old))
    value: Any = type_coerce(form(new), kind)
    return connection.execute(update(place.table).where(*here).values({place.column: value})).rowcount


def _stored(place: Place) -> ColumnElement[Any]:
    """The column as it lies in the file: SQLAlchemy would read JSON otherwise."""
    return type_coerce(place.table.c[place.column], _kind(place)[0])


def _is_binary(place: Place) -> bool:
    return isinstance(place.table.c[place.column].type, LargeBinary)


def _kind(place: Place) -> tuple[Any, Callable[[str], Any]]:
    return (LargeBinary(), str.encode) if _is_binary(place) else (Text(), str)


def _as_text(value: Any) -> str:
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)


def _instr(value: ColumnElement[Any], marker: str | bytes) -> ColumnElement[int]:
    from sqlalchemy import Integer, func

    kind: Any = LargeBinary() if isinstance(marker, bytes) else String()
    return func.instr(value, type_coerce(marker, kind), type_=Integer)

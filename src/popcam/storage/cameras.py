"""Cameras in the database, as rows: what a camera means is said in `cameras/`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from popcam.storage.tables import camera_groups, camera_imports, cameras


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraRow:
    """One camera. `spec` is JSON without the id; the other fields repeat what queries look for."""

    camera_id: str
    version: str
    name: str = ""
    active: bool = True
    auto_start: bool = True
    changed_unix_s: float = 0.0
    groups: tuple[str, ...] = ()
    spec: dict[str, Any] = field(default_factory=dict, repr=False)


def versions(connection: Connection) -> dict[str, str]:
    """Version by camera id, in the order of lists."""
    query = select(cameras.c.camera_id, cameras.c.version).order_by(cameras.c.position, cameras.c.camera_id)
    return {row.camera_id: row.version for row in connection.execute(query)}


def specs(connection: Connection, camera_ids: Collection[str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Version and spec of these cameras."""
    query = select(cameras.c.camera_id, cameras.c.version, cameras.c.spec)
    if len(camera_ids) < 100:  # SQLite takes so many variables and more; then reading all is quicker anyway
        query = query.where(cameras.c.camera_id.in_(camera_ids))
    return {row.camera_id: (row.version, row.spec) for row in connection.execute(query) if row.camera_id in camera_ids}


def add(connection: Connection, rows: Sequence[CameraRow]) -> None:
    """Put new cameras behind the others."""
    if not rows:
        return
    first = (connection.scalar(select(func.max(cameras.c.position))) or 0) + 1
    values = [{**_values(row), "position": first + index} for index, row in enumerate(rows)]
    connection.execute(insert(cameras), values)
    _add_groups(connection, rows)


def change(connection: Connection, row: CameraRow, seen_version: str) -> bool:
    """Write over the version that was seen. False: there is another one, and nothing was written."""
    where = (cameras.c.camera_id == row.camera_id, cameras.c.version == seen_version)
    if connection.execute(update(cameras).where(*where).values(_values(row))).rowcount != 1:
        return False
    connection.execute(delete(camera_groups).where(camera_groups.c.camera_id == row.camera_id))
    _add_groups(connection, [row])
    return True


def put_spec(connection: Connection, camera_id: str, spec: Mapping[str, Any]) -> None:
    """Write the same camera in another form: its version stays."""
    connection.execute(update(cameras).where(cameras.c.camera_id == camera_id).values(spec=dict(spec)))


def remove(connection: Connection, camera_id: str, seen_version: str) -> bool:
    """Delete the version that was seen. False: there is another one, and nothing was deleted."""
    where = (cameras.c.camera_id == camera_id, cameras.c.version == seen_version)
    return connection.execute(delete(cameras).where(*where)).rowcount == 1


def imported(connection: Connection) -> dict[str, str]:
    """Digest by id of the settings' cameras that were taken over."""
    return {row.camera_id: row.digest for row in connection.execute(select(camera_imports))}


def note_imports(connection: Connection, digests: Mapping[str, str]) -> None:
    """Remember them, each in the place of what was remembered."""
    if digests:
        connection.execute(delete(camera_imports).where(camera_imports.c.camera_id.in_(digests)))
        rows = [{"camera_id": camera_id, "digest": digest} for camera_id, digest in digests.items()]
        connection.execute(insert(camera_imports), rows)


def _values(row: CameraRow) -> dict[str, Any]:
    names = ("camera_id", "version", "name", "active", "auto_start", "changed_unix_s", "spec")
    return {name: getattr(row, name) for name in names}


def _add_groups(connection: Connection, rows: Sequence[CameraRow]) -> None:
    values = [{"camera_id": row.camera_id, "name": name} for row in rows for name in row.groups]
    if values:
        connection.execute(insert(camera_groups), values)

"""Cameras in the database: for many cameras, several servers, and settings that nobody may write."""

import hashlib
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import structlog
from sqlalchemy import Connection

from popcam.cameras.document import field_changes, plain
from popcam.cameras.model import StoreState
from popcam.cameras.sealing import Plain, Sealing, has_plain_address, opened_document, sealed_document
from popcam.cameras.store import Edit
from popcam.config import check_camera
from popcam.core.errors import (
    CameraConflictError,
    ConfigError,
    ConfigProblem,
    DatabaseError,
    PopcamError,
    SecretKeyError,
)
from popcam.core.language import Text
from popcam.core.spec import CameraSpec
from popcam.storage import Database, scrub
from popcam.storage import cameras as table
from popcam.storage.cameras import CameraRow

log = structlog.get_logger(__name__)

KEYED = "k"
"""How a digest begins whose key is in the vault: from a plain one a password could be guessed."""
Changed = dict[str, CameraSpec | ConfigError]


class SqlCameraStore:
    """See `CameraStore`.

    Args:
        database: where the tables are.
        seeds: cameras of the settings; each is taken over when it is new or changed there, so that the newest wish
            counts, wherever it was made. They also run while the database can't be read.
        base: the folder from which relative paths count.
        unix_s: the time.
        sealing: seals addresses and passwords.
    """

    def __init__(
        self,
        database: Database,
        seeds: Mapping[str, CameraSpec],
        base: Path,
        unix_s: Callable[[], float],
        sealing: Sealing,
    ) -> None:
        self._database = database
        self._seeds = dict(seeds)
        self._base = base
        self._unix_s = unix_s
        self._sealing = sealing
        self._cameras: dict[str, CameraSpec] = dict(seeds)
        self._versions: dict[str, str] = {}
        self._seeded = False
        self._error: PopcamError | None = None

    @property
    def base(self) -> Path:
        return self._base

    def state(self) -> StoreState:
        return StoreState("database", str(self._database.path), self._error)

    def cameras(self) -> Mapping[str, CameraSpec]:
        return self._cameras

    def version(self, camera_id: str) -> str:
        return self._versions.get(camera_id, "")

    def offer(self, cameras: Mapping[str, CameraSpec]) -> None:
        """See `CameraStore.offer`."""
        self._seeds = dict(cameras)
        self._seeded = False

    async def read(self) -> None:
        """See `CameraStore.read`. Only rows with a new version are read.

        Raises:
            DatabaseError, SecretKeyError.
        """
        try:
            order, changed = await self._database.in_thread(self._read_now)
        except (DatabaseError, SecretKeyError) as error:
            self._error = error
            raise
        self._error = None
        specs: dict[str, CameraSpec] = {}
        problems: list[ConfigProblem] = []
        for camera_id in order:
            spec = changed.get(camera_id) or self._cameras[camera_id]
            if isinstance(spec, CameraSpec):
                specs[camera_id] = spec
            else:
                problems += [ConfigProblem(p.reason, f"{camera_id}.{p.key}", "database") for p in spec.problems]
        if problems:
            # A row of another version, or written by hand: it alone is left out, and everybody can see why.
            self._error = ConfigError(problems=tuple(problems))
            log.warning("cameras.unreadable", problems=[problem.in_language("en") for problem in problems])
        self._cameras = specs
        self._versions = {camera_id: version for camera_id, version in order.items() if camera_id in specs}

    async def write(self, edits: Sequence[Edit]) -> None:
        """See `CameraStore.write`.

        Raises:
            CameraConflictError, DatabaseError, SecretKeyError.
        """
        rows = await self._database.in_thread(lambda: self._write_now(edits))
        for edit in edits:
            if edit.after is None:
                self._cameras.pop(edit.camera_id, None)
                self._versions.pop(edit.camera_id, None)
            else:
                self._cameras[edit.camera_id] = edit.after
                self._versions[edit.camera_id] = rows[edit.camera_id].version

    def _read_now(self) -> tuple[dict[str, str], Changed]:
        """Versions in the order of lists, and those cameras that changed."""
        self._sealing.ready()
        digests = {} if self._seeded else self._seed_digests()
        order, rows, sealed_now = self._database.run_sync(lambda connection: self._read(connection, digests))
        if sealed_now or not self._seeded:
            scrub.scrub_if_needed(self._database)
        self._seeded = True
        return order, {camera_id: self._opened(camera_id, row) for camera_id, (_, row) in rows.items()}

    def _seed_digests(self) -> dict[str, str]:
        self._digest("")  # has its key, which the first time is written: not within a transaction
        return {camera_id: self._digest(_plain_digest(spec)) for camera_id, spec in self._seeds.items()}

    def _read(
        self, connection: Connection, digests: Mapping[str, str]
    ) -> tuple[dict[str, str], dict[str, tuple[str, Plain]], bool]:
        if not self._seeded:
            self._key_digests(connection)
            self._take_seeds(connection, digests)
        order = table.versions(connection)
        new = {camera_id for camera_id, version in order.items() if self._versions.get(camera_id) != version}
        changed = table.specs(connection, new) if new else {}
        return order, changed, self._seal_plain(connection, changed)

    def _seal_plain(self, connection: Connection, rows: Mapping[str, tuple[str, Plain]]) -> bool:
        """Seal what an older version left in plain text. The versions stay: nothing has changed for anybody."""
        plain_ids = [camera_id for camera_id, (_, values) in rows.items() if has_plain_address(values)]
        for camera_id in plain_ids:
            table.put_spec(connection, camera_id, sealed_document(camera_id, rows[camera_id][1], self._sealing.seal))
        if plain_ids:
            scrub.ask(connection)
            log.info("cameras.sealed", count=len(plain_ids))
        return bool(plain_ids)

    def _key_digests(self, connection: Connection) -> None:
        """Digests of an older version had no key."""
        old = {key: digest for key, digest in table.imported(connection).items() if not digest.startswith(KEYED)}
        table.note_imports(connection, {camera_id: self._digest(digest) for camera_id, digest in old.items()})
        if old:
            scrub.ask(connection)

    def _take_seeds(self, connection: Connection, digests: Mapping[str, str]) -> None:
        before = table.imported(connection)
        fresh = {camera_id: digest for camera_id, digest in digests.items() if before.get(camera_id) != digest}
        known = table.versions(connection)
        for camera_id in fresh.keys() & known.keys():
            table.change(connection, self._row(self._seeds[camera_id]), known[camera_id])
        table.add(connection, [self._row(self._seeds[key]) for key in fresh if key not in known])
        table.note_imports(connection, fresh)

    def _write_now(self, edits: Sequence[Edit]) -> dict[str, CameraRow]:
        self._sealing.ready()
        rows = {edit.camera_id: self._row(edit.after) for edit in edits if edit.after is not None}
        self._database.run_sync(lambda connection: self._write(connection, edits, rows))
        return rows

    def _write(self, connection: Connection, edits: Sequence[Edit], rows: Mapping[str, CameraRow]) -> None:
        known = table.versions(connection)
        for edit in edits:
            seen = self._versions.get(edit.camera_id, "")
            moved = (edit.camera_id in known) != (edit.before is not None)
            if edit.before != self._cameras.get(edit.camera_id):
                moved = True
            elif edit.before is not None and not moved:
                row = rows.get(edit.camera_id)
                done = table.change(connection, row, seen) if row else table.remove(connection, edit.camera_id, seen)
                moved = not done
            if moved:
                changes = field_changes(edit.before, self._cameras.get(edit.camera_id))
                raise CameraConflictError(edit.camera_id, changes=changes)
        table.add(connection, [rows[edit.camera_id] for edit in edits if edit.before is None])

    def _row(self, spec: CameraSpec) -> CameraRow:
        values = plain(spec)
        del values["id"]
        return CameraRow(
            camera_id=spec.id,
            version=secrets.token_hex(12),
            name=spec.name,
            active=spec.active,
            auto_start=spec.auto_start,
            changed_unix_s=self._unix_s(),
            groups=spec.groups,
            spec=sealed_document(spec.id, values, self._sealing.seal),
        )

    def _opened(self, camera_id: str, values: Plain) -> CameraSpec | ConfigError:
        try:
            return check_camera(camera_id, opened_document(camera_id, values, self._sealing.open), self._base)
        except SecretKeyError as error:
            reason = Text(error.message("en"), error.message("zh"))
            return ConfigError(problems=(ConfigProblem(reason, "source", "database"),))
        except ConfigError as error:
            return error

    def _digest(self, plain_digest: str) -> str:
        return KEYED + self._sealing.digest(plain_digest, "camera_imports.digest")[: -len(KEYED)]


def _plain_digest(spec: CameraSpec) -> str:
    return hashlib.sha256(json.dumps(plain(spec), sort_keys=True).encode()).hexdigest()

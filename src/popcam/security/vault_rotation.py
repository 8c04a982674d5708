"""New keys for everything that is sealed, while servers run on it.

In this order, so that an end at any moment loses nothing:

1. the next key of the key file is on disk, beside the one in use;
2. in one transaction a new data key comes, and all data keys are sealed by the next key;
3. the next key takes the place of the one in use (if this does not happen, the next start does it);
4. all values are sealed by the new data key, a few in each transaction, only where they are still the same;
5. data keys that were retired a while ago, and that no value needs, are removed.

A server that runs finds a data key that it does not know in the database, and asks for a fresh one each minute, so
what it sealed by the retired one meanwhile opens, and is sealed anew by the next rotation.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy import Connection

from popcam.core.errors import SecretKeyError
from popcam.security.vault import SEALED, Keys, Vault, new_data_key, unwrapped, wrapped
from popcam.security.vault_key import MasterKey, Origin
from popcam.storage import keys, sealed

log = structlog.get_logger(__name__)

KEEP_RETIRED_S = 600.0
"""Ten times as long as a running server may go on with a retired key (`vault.FRESH_S`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultStatus:
    """What there is, without any secret.

    Attributes:
        origin: where the key comes from: a variable, a systemd credential, or a file.
        key_id: public id of that key.
        data_key_id: of the data key that seals.
        data_key_unix_s: since when.
        retired: data keys that do not seal any more.
        values: sealed values by table and column.
        old_values: those that a retired data key opens.
    """

    origin: Origin
    key_file: Path
    key_id: str
    data_key_id: str
    data_key_unix_s: float
    retired: int
    values: Mapping[str, int]
    old_values: int


@dataclass(slots=True)
class Rotation:
    """What a rotation did."""

    data_key_id: str = ""
    key_id: str = ""
    sealed_anew: int = 0
    removed_keys: int = 0
    unreadable: list[str] = field(default_factory=list)
    """Values that do not open by any key, by the row that they are in; they were left as they are."""


def status_of(vault: Vault) -> VaultStatus:
    """Look, and change nothing.

    Raises:
        SecretKeyError, DatabaseError.
    """
    known = vault.reload()
    rows = vault.database.run_sync(keys.rows)
    newest = next(row for row in rows if row.key_id == known.newest)
    counts: dict[str, int] = {}
    old = 0
    for place in sealed.PLACES:
        for _, text in _texts(vault, place):
            used = [found["key"] for found in SEALED.finditer(text)]
            name = f"{place.table.name}.{place.column}"
            counts[name] = counts.get(name, 0) + len(used)
            old += sum(key != known.newest for key in used)
    return VaultStatus(
        origin=known.master.origin,
        key_file=vault.place.file,
        key_id=known.master.key_id,
        data_key_id=newest.key_id,
        data_key_unix_s=newest.created_unix_s,
        retired=len(rows) - 1,
        values=counts,
        old_values=old,
    )


def rotate(vault: Vault, *, change_key: bool = False, told: Callable[[int], None] = lambda _: None) -> Rotation:
    """Seal everything anew. Blocks until another rotation of this data folder is done.

    Args:
        vault: of this process.
        change_key: the key of the data keys changes, too: to a new one where it is in a file, else to the first given.
        told: called with the number of values that were sealed anew so far.

    Raises:
        SecretKeyError, DatabaseError: it stopped; what was done so far is good, and it can be done again.
    """
    with _alone(vault.place.file.parent):
        known = vault.reload()
        master = vault.place.next_key(known.master) if change_key else known.master
        vault.take(vault.database.run_sync(lambda connection: _new_keys(vault, connection, known.master, master)))
        vault.place.settle(master)
        done = Rotation(data_key_id=vault.newest, key_id=master.key_id)
        for place in sealed.PLACES:
            _seal_anew(vault, place, done, told)
        done.removed_keys = vault.database.run_sync(lambda connection: _remove_old(vault, connection))
        log.info("secrets.rotated", data_key=done.data_key_id, values=done.sealed_anew, removed=done.removed_keys)
        return done


def _new_keys(vault: Vault, connection: Connection, old: MasterKey, master: MasterKey) -> Keys:
    """A new data key, and all of them sealed by `master`."""
    keys.write_alone(connection)
    opened = {}
    for row in keys.rows(connection):
        if row.wrapped_by not in {old.key_id, master.key_id}:
            raise SecretKeyError(
                f"somebody else changed the key meanwhile, to {row.wrapped_by}",
                f"期间有其他进程将密钥更换为 {row.wrapped_by}",
            )
        raw = opened[row.key_id] = unwrapped(row, old if row.wrapped_by == old.key_id else master)
        if row.wrapped_by != master.key_id:
            keys.put_wrapped(connection, row.key_id, wrapped(raw, row.key_id, master), master.key_id)
    new, raw = new_data_key(master, vault.unix_s())
    keys.add(connection, new)
    return vault.keys_of({**opened, new.key_id: raw}, new.key_id, master)


def _seal_anew(vault: Vault, place: sealed.Place, done: Rotation, told: Callable[[int], None]) -> None:
    rows = _texts(vault, place)
    for first in range(0, len(rows), sealed.BATCH):
        batch = rows[first : first + sealed.BATCH]
        anew = [(key, text, _anew(vault, text, place.purpose(key), done)) for key, text in batch]
        changes = [change for change in anew if change[1] != change[2]]
        if changes:
            done.sealed_anew += vault.database.run_sync(partial(sealed.put_anew, place=place, changes=changes))
            told(done.sealed_anew)


def _anew(vault: Vault, text: str, purpose: str, done: Rotation) -> str:
    def one(value: str) -> str:
        try:
            return vault.seal(vault.open(value, purpose), purpose)
        except SecretKeyError:
            done.unreadable.append(purpose)
            return value

    newest = vault.newest
    return SEALED.sub(lambda found: found[0] if found["key"] == newest else one(found[0]), text)


def _remove_old(vault: Vault, connection: Connection) -> int:
    keys.write_alone(connection)
    used = {
        found["key"]
        for place in sealed.PLACES
        for _, text in sealed.texts(connection, place)
        for found in SEALED.finditer(text)
    }
    before_s = vault.unix_s() - KEEP_RETIRED_S
    old = [row for row in keys.rows(connection) if row.retired_unix_s is not None and row.retired_unix_s < before_s]
    gone = [row.key_id for row in old if row.key_id not in used]
    keys.remove(connection, gone)
    return len(gone)


def _texts(vault: Vault, place: sealed.Place) -> list[tuple[str, str]]:
    return vault.database.run_sync(lambda connection: sealed.texts(connection, place))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One rotation of a data folder at a time; the system releases the lock when its holder ends."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "rotate.lock").open("a+b") as file:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield

"""New keys for everything, while others use it, and whatever ends in the middle."""

import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from popcam.core.errors import SecretKeyError
from popcam.security.vault import Vault, open_vault
from popcam.security.vault_key import new_key
from popcam.security.vault_rotation import rotate, status_of
from popcam.storage import Database

ROTATING = Path(__file__).with_name("rotating.py")
CAMERAS = 450
USER = text(
    "INSERT INTO users (user_id, name, name_key, role, password_hash, totp_secret, totp_last_step, recovery_hashes,"
    " disabled, created_unix_s, password_unix_s) VALUES ('u1', 'u', 'u', 'admin', '', :totp, 0, '[]', 0, 0, 0)"
)
CAMERA = text(
    "INSERT INTO cameras (camera_id, position, name, active, auto_start, version, changed_unix_s, spec)"
    " VALUES (:id, 1, '', 1, 1, :version, 0, :spec)"
)
CHANGE = text("UPDATE cameras SET spec = :spec WHERE camera_id = :id")


class FakeTime:
    """Unix time by hand."""

    def __init__(self) -> None:
        self.unix_s = 1_000_000.0

    def __call__(self) -> float:
        return self.unix_s


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "popcam.db", threads=2)
    yield database
    database.close()


@pytest.fixture
def vault(database: Database, tmp_path: Path) -> Vault:
    """A vault with sealed cameras and a second factor."""
    vault = open_vault(database, tmp_path, {})
    fill(vault)
    return vault


def fill(vault: Vault, count: int = CAMERAS) -> None:
    rows = [
        {
            "id": f"c{n}",
            "version": f"v{n}",
            "spec": json.dumps({"source": {"sealed": vault.seal(f"secret {n}", f"cameras.spec:c{n}"), "fps": None}}),
        }
        for n in range(count)
    ]
    totp = vault.seal("totp secret", "users.totp_secret:u1").encode()
    vault.digest("x", "test")
    vault.database.run_sync(lambda connection: connection.execute(CAMERA, rows))
    vault.database.run_sync(lambda connection: connection.execute(USER, {"totp": totp}))


def opened(vault: Vault) -> tuple[list[str], str]:
    """All secrets, as a process that just started finds them."""
    rows = vault.database.run_sync(lambda c: c.execute(text("SELECT camera_id, spec FROM cameras")).all())
    cameras = [vault.open(json.loads(spec)["source"]["sealed"], f"cameras.spec:{key}") for key, spec in rows]
    totp = vault.database.run_sync(lambda c: c.scalar(text("SELECT totp_secret FROM users")))
    return sorted(cameras), vault.open(totp.decode(), "users.totp_secret:u1")


EVERYTHING = (sorted(f"secret {n}" for n in range(CAMERAS)), "totp secret")


def stored(vault: Vault, query: str) -> list[object]:
    return list(vault.database.run_sync(lambda connection: connection.scalars(text(query)).all()))


def test_everything_is_sealed_anew_and_opens(vault: Vault, database: Database, tmp_path: Path) -> None:
    before = stored(vault, "SELECT spec FROM cameras UNION ALL SELECT CAST(totp_secret AS TEXT) FROM users")
    fingerprint = vault.digest("x", "test")
    done = rotate(vault)
    after = stored(vault, "SELECT spec FROM cameras UNION ALL SELECT CAST(totp_secret AS TEXT) FROM users")
    assert set(before).isdisjoint(after)
    assert done.sealed_anew == CAMERAS + 2
    assert opened(open_vault(database, tmp_path, {})) == EVERYTHING
    assert open_vault(database, tmp_path, {}).digest("x", "test") == fingerprint
    assert status_of(vault).old_values == 0


def test_the_versions_of_cameras_stay(vault: Vault) -> None:
    rotate(vault)
    assert stored(vault, "SELECT version FROM cameras WHERE camera_id = 'c7'") == ["v7"]


def test_the_second_column_of_json_is_as_it_was(vault: Vault) -> None:
    rotate(vault)
    specs = stored(vault, "SELECT spec FROM cameras")
    assert all(json.loads(str(spec))["source"]["fps"] is None for spec in specs)


def test_a_server_that_runs_opens_what_was_sealed_anew(vault: Vault, database: Database, tmp_path: Path) -> None:
    running = open_vault(database, tmp_path, {})
    running.ready()
    rotate(vault, change_key=True)
    assert opened(running) == EVERYTHING


def test_what_a_server_sealed_by_the_retired_key_opens_and_is_sealed_anew_next_time(
    vault: Vault, database: Database, tmp_path: Path
) -> None:
    running = open_vault(database, tmp_path, {})
    running.ready()
    rotate(vault)
    spec = {"source": {"sealed": running.seal("late", "cameras.spec:late"), "fps": None}}
    database.run_sync(lambda c: c.execute(CAMERA, {"id": "late", "version": "v", "spec": json.dumps(spec)}))
    assert status_of(vault).old_values == 1
    rotate(vault)
    assert status_of(vault).old_values == 0
    assert "late" in opened(open_vault(database, tmp_path, {}))[0]


def test_a_server_takes_the_new_key_within_its_time(database: Database, tmp_path: Path) -> None:
    now_s = [0.0]
    running = Vault(database, open_vault(database, tmp_path, {}).place, monotonic_s=lambda: now_s[0])
    running.ready()
    done = rotate(open_vault(database, tmp_path, {}))
    now_s[0] = 61.0
    assert running.seal("x", "y").split(":")[2] == done.data_key_id


def test_retired_keys_go_when_nobody_can_need_them(database: Database, tmp_path: Path) -> None:
    clock = FakeTime()
    vault = Vault(database, open_vault(database, tmp_path, {}).place, clock)
    fill(vault, 3)
    rotate(vault)
    assert status_of(vault).retired == 1
    clock.unix_s += 601
    assert rotate(vault).removed_keys == 1
    assert status_of(vault).retired == 1


def test_a_change_of_the_key_makes_the_old_one_useless(vault: Vault, database: Database, tmp_path: Path) -> None:
    file = tmp_path / "keys" / "secret.key"
    old = file.read_text()
    rotate(vault, change_key=True)
    assert opened(open_vault(database, tmp_path, {})) == EVERYTHING
    assert not file.with_name("secret.key.next").exists()
    file.write_text(old)
    with pytest.raises(SecretKeyError, match="were sealed by key"):
        open_vault(database, tmp_path, {}).ready()


def test_a_key_of_a_variable_is_changed_by_giving_both(database: Database, tmp_path: Path) -> None:
    old, new = new_key().text, new_key().text
    fill(open_vault(database, tmp_path, {"POPCAM_SECRET_KEY": old}))
    both = {"POPCAM_SECRET_KEY": f"{new} {old}"}
    assert opened(open_vault(database, tmp_path, both)) == EVERYTHING
    rotate(open_vault(database, tmp_path, both), change_key=True)
    assert opened(open_vault(database, tmp_path, both)) == EVERYTHING
    assert opened(open_vault(database, tmp_path, {"POPCAM_SECRET_KEY": new})) == EVERYTHING


def test_a_key_of_a_variable_can_not_be_changed_without_a_new_one(database: Database, tmp_path: Path) -> None:
    vault = open_vault(database, tmp_path, {"POPCAM_SECRET_KEY": new_key().text})
    vault.ready()
    with pytest.raises(SecretKeyError, match="put the new key before it"):
        rotate(vault, change_key=True)


def test_a_value_that_does_not_open_is_told_and_left_as_it_is(vault: Vault) -> None:
    broken = json.dumps({"source": {"sealed": vault.seal("x", "elsewhere")}})
    statement = text("UPDATE cameras SET spec = :spec WHERE camera_id = 'c3'")
    vault.database.run_sync(lambda connection: connection.execute(statement, {"spec": broken}))
    done = rotate(vault)
    assert done.unreadable == ["cameras.spec:c3"]
    assert stored(vault, "SELECT spec FROM cameras WHERE camera_id = 'c3'") == [broken]
    assert done.sealed_anew == CAMERAS + 1


@pytest.mark.parametrize("step", ["_new_keys", "_seal_anew", "_remove_old"])
def test_a_rotation_that_ends_at_a_step_is_taken_up_by_the_next(
    step: str, vault: Vault, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"popcam.security.vault_rotation.{step}", stop)
        with pytest.raises(KeyboardInterrupt):
            rotate(vault, change_key=True)
    again = open_vault(database, tmp_path, {})
    assert opened(again) == EVERYTHING
    rotate(again, change_key=True)
    assert opened(open_vault(database, tmp_path, {})) == EVERYTHING
    assert status_of(again).old_values == 0


def test_an_end_before_the_key_file_is_in_place_is_healed_by_the_next_start(
    vault: Vault, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(vault, "take", stop)
        with pytest.raises(KeyboardInterrupt):
            rotate(vault, change_key=True)
    assert (tmp_path / "keys" / "secret.key.next").exists()
    assert opened(open_vault(database, tmp_path, {})) == EVERYTHING
    assert not (tmp_path / "keys" / "secret.key.next").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_kill_at_any_moment_loses_nothing(vault: Vault, database: Database, tmp_path: Path) -> None:
    chance = random.Random(7)
    for _ in range(4):
        child = subprocess.Popen([sys.executable, str(ROTATING), str(tmp_path)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(chance.uniform(0.0, 0.12))
        child.kill()
        child.wait()
        child.stdout.close()
        assert opened(open_vault(database, tmp_path, {})) == EVERYTHING


def test_rotations_and_a_server_at_once_get_along(vault: Vault, database: Database, tmp_path: Path) -> None:
    failures: list[BaseException] = []

    def guarded(work: Callable[[], object]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - the edge of a thread; the test tells it
                failures.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def rotating() -> None:
        own = open_vault(Database(tmp_path / "popcam.db", threads=1), tmp_path, {})
        for _ in range(3):
            rotate(own, change_key=True)
        own.database.close()

    running = open_vault(database, tmp_path, {})

    def serving() -> None:
        for n in range(40):
            spec = json.dumps({"source": {"sealed": running.seal(f"secret {n}", f"cameras.spec:c{n}"), "fps": None}})
            values = {"spec": spec, "id": f"c{n}"}
            database.run_sync(partial(Connection.execute, statement=CHANGE, parameters=values))
            assert opened(running) == EVERYTHING

    threads = [guarded(rotating), guarded(rotating), guarded(serving)]
    for thread in threads:
        thread.join()
    assert failures == []
    assert opened(open_vault(database, tmp_path, {})) == EVERYTHING

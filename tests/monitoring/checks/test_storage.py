"""Checks of the database, the cache, and of recordings."""

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from tests.fakes.fresh_database import fresh_database
from tests.fakes.hand_clock import HandClock
from tests.fakes.small_disk import fill, small_disk_at

from popcam.core.clock import SystemClock
from popcam.core.errors import CacheUnavailableError, DatabaseFullError, StorageReadOnlyError
from popcam.core.facts import CameraState, CameraStatus, FaultReport
from popcam.core.recordings import recording_path
from popcam.monitoring.checks.cameras import CameraNow
from popcam.monitoring.checks.recordings import STALLED_S, RecordingWatch
from popcam.monitoring.checks.storage import cache_check, database_check
from popcam.storage import Database, check_changes


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = fresh_database(tmp_path / "popcam.db")
    yield database
    database.close()


async def test_the_database_takes_a_row_and_gives_it_back(database: Database) -> None:
    found = await database_check(database, SystemClock()).look()
    assert found.state in {"ok", "warning"}
    assert found.figure is not None
    assert found.figure > 0.0


async def test_a_look_leaves_nothing_in_the_database(database: Database) -> None:
    check = database_check(database, SystemClock())
    await check.look()
    assert await database.run(check_changes.newest) == {}
    assert check.ready


async def test_a_full_disk_is_noticed_by_the_database_check(tmp_path: Path) -> None:
    with small_disk_at(tmp_path / "disk", "2m") as disk:
        database = fresh_database(disk / "popcam.db")
        check = database_check(database, SystemClock())
        await check.look()
        fill(disk / "filler")
        with pytest.raises(DatabaseFullError):
            await check.look()
        database.close()


@pytest.mark.parametrize(("shared", "said"), [(True, "on the cache server"), (False, "in memory")])
async def test_a_cache_that_answers(shared: bool, said: str) -> None:
    async def ask() -> None:
        return

    found = await cache_check(ask, shared=shared).look()
    assert (found.state, found.detail.en) == ("ok", said)


async def test_a_cache_that_does_not_answer_is_a_warning_only() -> None:
    async def ask() -> None:
        raise CacheUnavailableError("connection refused")

    found = await cache_check(ask, shared=True).look()
    assert (found.state, found.code, found.remedy) == ("warning", "cache.unavailable", CacheUnavailableError.hint)


RUNNING = CameraStatus(camera_id="door", state=CameraState.RUNNING, since_unix_s=1.0, at_unix_s=1.0, recording=True)


class Films:
    """Recordings of one camera."""

    def __init__(self, folder: Path) -> None:
        self.clock = HandClock()
        self.names = ["door"]
        self.watch = RecordingWatch(folder, self.clock, lambda: self.names)
        self.file = recording_path(folder / "door", self.clock.unix_s(), "mp4", finished=False)
        self.file.parent.mkdir(parents=True)
        self.file.write_bytes(b"film")

    def camera(self, status: CameraStatus | None = RUNNING, *, wanted: bool = True) -> str:
        return self.watch.of_camera("door", CameraNow(wanted, status)).state


@pytest.fixture
def films(tmp_path: Path) -> Films:
    return Films(tmp_path)


def test_a_file_that_grows_is_fine(films: Films) -> None:
    for _ in range(10):
        with films.file.open("ab") as file:
            file.write(b"more")
        assert films.watch.look().state == "ok"
        assert films.camera() == "ok"
        films.clock.pass_s(STALLED_S / 2)


def test_a_file_that_stops_growing_is_told_for_all_and_for_its_camera(films: Films) -> None:
    films.watch.look()
    films.clock.pass_s(STALLED_S)
    found = films.watch.look()
    assert (found.state, found.figure) == ("failed", 1.0)
    assert "door" in found.detail.en
    assert films.camera() == "failed"


def test_the_next_file_counts_as_growth(films: Films) -> None:
    films.watch.look()
    films.clock.pass_s(STALLED_S)
    films.file.with_name(films.file.name.replace(".part", "")).write_bytes(b"done")
    films.file.unlink()
    later = recording_path(films.watch.folder / "door", films.clock.unix_s(), "mp4", finished=False)
    later.write_bytes(b"film")
    assert films.watch.look().state == "ok"


def test_a_recording_without_any_file_is_told(films: Films) -> None:
    films.file.unlink()
    films.watch.look()
    films.clock.pass_s(STALLED_S)
    assert films.watch.look().state == "failed"


def test_where_nothing_is_recorded_there_is_nothing_to_look_at(films: Films) -> None:
    films.names.clear()
    assert films.watch.look().state == "absent"
    assert films.camera(CameraStatus(camera_id="door", state=CameraState.IDLE, since_unix_s=1.0, at_unix_s=1.0)) == "ok"


def test_a_camera_without_pictures_or_wish(films: Films) -> None:
    assert films.camera(None) == "unknown"
    assert films.camera(wanted=False) == "absent"
    assert films.camera() == "unknown"  # nobody looked at its files yet


def test_a_disk_that_takes_no_recording_is_told_at_once(films: Films) -> None:
    fault = FaultReport(code="storage.full", detail="No space left on device", at_unix_s=1.0, count=1)
    full = msgspec.structs.replace(RUNNING, recording=False, faults=(fault,))
    found = films.watch.of_camera("door", CameraNow(True, full))
    assert (found.state, found.code) == ("failed", "storage.full")
    assert "No space left" in found.detail.en


def test_a_file_in_place_of_the_folder_is_told(films: Films) -> None:
    (films.watch.folder / "yard").write_bytes(b"no folder")
    films.names.append("yard")
    with pytest.raises(StorageReadOnlyError):
        films.watch.look()


def test_its_checks_are_named(films: Films) -> None:
    assert films.watch.check().name == "recordings.growing"
    assert films.watch.camera_check("door", lambda: CameraNow(True, RUNNING)).check_id == "camera.recording:door"

"""Checks of the server itself, its parts over a real start, and those that need no server."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.fake_fleet import FakeFleet
from tests.fakes.fresh_database import fresh_database
from tests.server.conftest import Rig, until

from popcam.cameras.model import StoreState
from popcam.config import ServerSettings, Settings, load_settings
from popcam.config.watch import ReloadState
from popcam.core.errors import (
    CertificateError,
    ConfigError,
    DatabaseCorruptError,
    DatabaseReadOnlyError,
    MetricUnknownError,
)
from popcam.core.facts import CameraState, WorkerSlot
from popcam.core.monitoring import Check, Labels, Outcome
from popcam.monitoring.health_runner import Glance
from popcam.security.certificate_files import LocalAuthority
from popcam.server.checks import health_of
from popcam.server.offline_checks import carried_out, database_file, offline_checks
from popcam.server.run import running
from popcam.server.server_checks import (
    DAY_S,
    certificate,
    certificate_check,
    exposure_check,
    loop_check,
    settings_checks,
)
from popcam.server.tls import called_by


class Lags:
    """Figures that tell of the loop alone."""

    def __init__(self, *lags_s: float, known: bool = True) -> None:
        self.told: Mapping[Labels, float] = {(str(index),): lag_s for index, lag_s in enumerate(lags_s)}
        self.known = known

    def over(self, name: str, _aggregate: str, _window_s: float) -> Mapping[Labels, float]:
        if not self.known:
            raise MetricUnknownError(name)
        return self.told


def finds(check: Check) -> Outcome:
    assert isinstance(check.look, Glance)
    return check.look.look()


@pytest.mark.parametrize(
    ("figures", "state"),
    [
        (Lags(0.01), "ok"),
        (Lags(0.3), "warning"),
        (Lags(5.0), "failed"),
        (Lags(), "unknown"),
        (Lags(known=False), "unknown"),
    ],
)
def test_a_loop_that_lets_others_wait(figures: Any, state: str) -> None:
    assert finds(loop_check(figures)).state == state


@pytest.mark.parametrize(
    ("state", "said"), [(ReloadState(1.0), "ok"), (ReloadState(1.0, needs_restart=("server",)), "warning")]
)
def test_settings_that_wait_for_a_restart(state: ReloadState, said: str) -> None:
    file, _ = settings_checks(lambda: state, lambda: StoreState("fixed"))
    assert finds(file).state == said


def test_a_settings_file_that_was_refused_is_a_failure() -> None:
    refused = ReloadState(1.0, error=ConfigError("popcam.yaml:2: server.prot"))
    file, _ = settings_checks(lambda: refused, lambda: StoreState("file"))
    with pytest.raises(ConfigError, match=r"server\.prot"):
        finds(file)


def test_cameras_that_can_not_be_read_are_a_failure() -> None:
    stores = [StoreState("file"), StoreState("file", error=ConfigError("cameras.door"))]
    _, cameras = settings_checks(lambda: ReloadState(1.0), lambda: stores[0])
    assert finds(cameras).detail.en == "file"
    stores.pop(0)
    with pytest.raises(ConfigError):
        finds(cameras)


def settings(folder: Path, **server: Any) -> Settings:
    folders = {name: folder / name for name in ("data_dir", "runtime_dir", "log_dir")}
    for one in folders.values():
        one.mkdir(mode=0o700, exist_ok=True)
    return Settings(server=ServerSettings(**server), **folders)  # type: ignore[arg-type]


@pytest.fixture
def secured(tmp_path: Path) -> Settings:
    """Settings with a certificate of our own, as a start makes it."""
    wished = settings(tmp_path, tls="auto")
    LocalAuthority(wished.data_dir / "tls").ensure(called_by(wished.server))
    return wished


def test_without_https_there_is_no_certificate(tmp_path: Path) -> None:
    assert certificate(settings(tmp_path), time.time()).state == "absent"
    assert certificate(settings(tmp_path, tls="auto"), time.time()).state == "absent"


@pytest.mark.parametrize(("left_days", "state"), [(60.0, "ok"), (10.0, "warning"), (2.0, "failed"), (-1.0, "failed")])
def test_a_certificate_has_days_left(secured: Settings, left_days: float, state: str) -> None:
    days = certificate(secured, time.time()).figure
    assert days is not None
    found = certificate(secured, time.time() + (days - left_days) * DAY_S)
    assert found.state == state
    assert found.figure == pytest.approx(left_days, abs=0.01)


def test_a_certificate_of_the_future_is_a_failure(secured: Settings) -> None:
    assert certificate(secured, time.time() - 400.0 * DAY_S).state == "failed"


async def test_a_certificate_that_can_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_text("no certificate")
    wished = settings(tmp_path, tls="files", tls_cert=str(tmp_path / "cert.pem"), tls_key="key.pem")
    with pytest.raises(CertificateError):
        await certificate_check(lambda: wished).look()


@pytest.mark.parametrize(
    ("server", "state"), [({}, "ok"), ({"allowed_hosts": ("*",)}, "warning"), ({"allowed_origins": ("*",)}, "failed")]
)
async def test_what_is_exposed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: dict[str, Any], state: str
) -> None:
    monkeypatch.setattr("popcam.server.exposure_files._user", lambda: iter(()))
    wished = settings(tmp_path, **server)
    assert (await exposure_check(lambda: wished, None).look()).state == state


async def test_workers_come_and_go_with_their_checks(rig: Rig) -> None:
    operating = rig.services.operating
    assert operating is not None
    assert operating.checks is not None
    rig.fleet.slots = [WorkerSlot(worker_id="w1", up=True), WorkerSlot(worker_id="w2", up=False, why="killed")]
    await operating.checks.start()
    health = health_of(rig.services)
    await until(lambda: "worker.heartbeat:w2" in health.results())
    assert (await health.run_now("worker.heartbeat:w2")).outcome.state == "failed"
    rig.fleet.slots = [WorkerSlot(worker_id="w1", up=True)]
    await until(lambda: "worker.heartbeat:w2" not in health.results())
    await operating.checks.stop()


async def test_a_server_checks_itself_from_the_start_on_and_takes_new_limits(tmp_path: Path) -> None:
    file = tmp_path / "popcam.yaml"
    text = f"data_dir: {tmp_path}/data\nruntime_dir: {tmp_path}/run\nlog_dir: {tmp_path}/log\n"
    text += "cameras:\n  door: {source: 'demo:'}\n"
    file.write_text(text)
    fleet = FakeFleet()
    async with running(load_settings(file), lambda *_: fleet, 8080) as services:
        health = health_of(services)
        fleet.report("door", CameraState.RUNNING, frozen_s=5.0)
        await until(lambda: health.result("camera.frozen:door").outcome.state == "ok")
        file.write_text(f"{text}monitoring: {{frozen_s: 2.0}}\n")
        await services.settings.look_again()
        await until(lambda: health.result("camera.frozen:door").outcome.state == "failed")
        assert health.result("database.write").check.ready


async def test_without_a_server_the_machine_is_looked_at(tmp_path: Path) -> None:
    wished = settings(tmp_path, port=9)
    results = await carried_out(offline_checks(wished))
    states = {result.check.name: result.outcome.state for result in results}
    assert states["database.file"] == "absent"
    assert (states["engines.models"], states["disk.write"], states["ports.held"]) == ("ok", "ok", "ok")
    assert all(result.checked_unix_s > 0 for result in results)


async def test_devices_of_cameras_are_looked_at_without_a_server(tmp_path: Path) -> None:
    file = tmp_path / "popcam.yaml"
    file.write_text("cameras:\n  door: {source: 'device:/dev/video99'}\n")
    results = await carried_out(offline_checks(load_settings(file)))
    (found,) = [result for result in results if result.check.name == "camera.device"]
    assert (found.check.subject, found.outcome.code) == ("door", "source.device_missing")


def test_the_database_file_of_a_server_that_does_not_run(tmp_path: Path) -> None:
    database = fresh_database(tmp_path / "popcam.db")
    database.close()
    found = database_file(tmp_path / "popcam.db")
    assert found.state == "ok"
    assert "version 00" in found.detail.en


def test_a_damaged_database_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "popcam.db").write_bytes(b"no database " * 500)
    with pytest.raises(DatabaseCorruptError):
        database_file(tmp_path / "popcam.db")


def test_a_database_file_that_may_not_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh_database(tmp_path / "popcam.db").close()
    monkeypatch.setattr("popcam.server.offline_checks.os.access", lambda *_: False)
    with pytest.raises(DatabaseReadOnlyError):
        database_file(tmp_path / "popcam.db")


async def test_nothing_is_left_running_after_the_end(tmp_path: Path) -> None:
    file = tmp_path / "popcam.yaml"
    file.write_text(f"data_dir: {tmp_path}/data\nruntime_dir: {tmp_path}/run\nlog_dir: {tmp_path}/log\n")
    async with running(load_settings(file), lambda *_: FakeFleet(), 8080):
        pass
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith(("health", "check "))]

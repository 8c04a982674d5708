"""Liveness, readiness, status."""

import asyncio
from pathlib import Path

import pytest
from tests.fakes.checks import check
from tests.fakes.watched import watched
from tests.server.conftest import Rig

from popcam import __version__
from popcam.config import load_settings, service_of
from popcam.core.monitoring import Outcome
from popcam.storage import Database


@pytest.mark.parametrize("path", ["/health", "/api/health"])
async def test_health_answers(rig: Rig, path: str) -> None:
    assert (await rig.client.get(path)).json() == {"status": "ok", "version": __version__}


async def test_probes_may_ask_for_the_head_only(rig: Rig) -> None:
    rig.fleet.worker_lives = False
    assert (await rig.client.head("/health")).status_code == 200
    assert (await rig.client.head("/ready")).status_code == 503


async def test_ready_when_database_and_workers_are(rig: Rig) -> None:
    answer = await rig.client.get("/ready")
    assert (answer.status_code, answer.json()["ready"]) == (200, True)


async def test_not_ready_without_a_worker_for_wanted_cameras(rig: Rig) -> None:
    rig.fleet.worker_lives = False
    answer = await rig.client.get("/ready", headers={"Accept-Language": "zh"})
    failing = [check for check in answer.json()["checks"] if not check["ok"]]
    assert answer.status_code == 503
    assert [(check["name"], check["code"]) for check in failing] == [("workers.available", "worker.unavailable")]
    assert "工作进程没有响应" in failing[0]["detail"]


async def test_not_ready_with_a_damaged_database_but_alive(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "bad.db"
    path.write_bytes(b"no database " * 500)
    broken = Database(path)
    watched(rig.services, broken)
    answer = await rig.client.get("/ready")
    assert (answer.status_code, answer.json()["checks"][0]["code"]) == (503, "database.corrupt")
    assert (await rig.client.get("/health")).status_code == 200
    broken.close()


async def test_not_ready_while_nobody_knows(rig: Rig) -> None:
    async def look() -> Outcome:
        await asyncio.Event().wait()
        raise AssertionError

    assert rig.services.operating is not None
    rig.services.operating.health.add(check(look, ready=True, timeout_s=0.02))
    answer = await rig.client.get("/ready")
    assert answer.status_code == 503
    assert [one["state"] for one in answer.json()["checks"] if not one["ok"]] == ["unknown"]


@pytest.mark.parametrize("path", ["/status", "/api/status"])
async def test_status_counts_cameras_and_names_workers(rig: Rig, path: str) -> None:
    status = (await rig.client.get(path)).json()
    assert status["cameras"] == {"total": 3, "wanted": 1, "running": 1, "by_state": {"running": 1, "stopped": 2}}
    assert status["workers"][0]["worker_id"] == "fake-1"
    assert status["version"] == __version__


async def test_status_says_that_the_settings_file_was_refused(rig: Rig, tmp_path: Path) -> None:
    path = tmp_path / "popcam.yaml"
    path.write_text("server: {port: 1}\n")
    settings = load_settings(path, {})
    rig.services.settings = service = service_of(settings)
    path.write_text("server: {port: 2}\n")
    await service.look_again()
    path.write_text("server:\n  prot: 3\n")
    await service.look_again()
    told = (await rig.client.get("/status")).json()["settings"]
    assert "popcam.yaml:2:3: server.prot" in told["error"]
    assert told["needs_restart"] == ["server"]

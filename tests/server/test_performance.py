"""/api/performance and /api/cache over a real app: what requests leave behind, and who may see it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.fakes.guarded_app import GuardedApp, guarded_app

from popcam.config import Settings
from popcam.config.model import CacheSettings
from popcam.core.access import Scope
from popcam.core.facts import CameraState, StageTime
from popcam.monitoring.performance import FIGURES, Performance
from popcam.server import performing
from popcam.server.cache_backends import MemoryAnswers, RedisAnswers
from popcam.server.operating import Operating
from popcam.server.performance_now import camera_out

STAGES = (
    StageTime(stage="decode", frames=15, mean_ms=4.0, p95_ms=5.0, max_ms=6.0),
    StageTime(stage="detect", frames=15, mean_ms=12.0, p95_ms=14.0, max_ms=20.0),
)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[GuardedApp]:
    async with guarded_app(tmp_path) as site:
        yield site


@pytest.fixture
async def operating(site: GuardedApp) -> Operating:
    assert site.services.operating is not None
    return site.services.operating


@pytest.fixture
async def performance(operating: Operating) -> Performance:
    assert operating.performance is not None
    return operating.performance


@pytest.fixture
async def admin(site: GuardedApp) -> dict[str, str]:
    return await site.session(await site.user("anna", "admin"))


async def test_every_request_is_counted_by_the_route_as_it_is_declared(site: GuardedApp, admin: dict[str, str]) -> None:
    await site.ask("GET", "/api/v1/cameras/door/status", admin)
    await site.ask("GET", "/api/v1/cameras/yard/status", admin)
    await site.ask("GET", "/api/v1/cameras/door/status")
    await site.ask("GET", "/api/v1/cameras", {"host": "evil.example"})
    await site.ask("BREW", "/api/v1/cameras", admin)
    items = (await site.ask("GET", "/api/performance/routes", admin)).json["items"]
    told = {item["route"]: item for item in items}
    status = told["/api/v1/cameras/{camera_id}/status"]
    assert status["requests"] == 3
    assert status["codes"] == [
        {"method": "GET", "code": 200, "count": 2},
        {"method": "GET", "code": 401, "count": 1},
    ]
    assert status["times"]["p95_ms"] > 0
    assert "(none)" in told
    assert {code["method"] for item in items for code in item["codes"]} <= {"GET", "OTHER"}


async def test_nothing_is_in_flight_after_an_answer(
    site: GuardedApp, admin: dict[str, str], performance: Performance
) -> None:
    answers = [await site.ask("GET", path, admin) for path in ("/api/performance", "/api/v1/cameras/nobody")]
    assert answers[0].json["responses"]["in_flight"] == 1  # itself
    assert performance.http.in_flight == 0


async def test_the_summary_tells_what_it_knows_and_null_for_the_rest(site: GuardedApp, admin: dict[str, str]) -> None:
    site.fleet.report("door", CameraState.RUNNING, fps=15.0, stages=STAGES, load_level=1)
    async with asyncio.timeout(60):
        told = (await site.ask("GET", "/api/performance", admin)).json
        while told["database"]["in_use"]:  # the login may still be on its way into the audit trail
            told = (await site.ask("GET", "/api/performance", admin)).json
    assert told["cameras"] == {"total": 2, "running": 2, "limited": 1, "fps": 0.0, "latency_ms": None}
    assert told["machine"]["gpus"] == []
    assert told["machine"]["cpu_ratio"] is None
    assert told["database"]["in_use"] == 0
    assert told["bottleneck"]["stage"] == "detect"


async def test_figures_of_all_cameras_are_put_together(
    site: GuardedApp, admin: dict[str, str], performance: Performance
) -> None:
    for camera_id, latency_ms in (("door", 40.0), ("yard", 60.0)):
        site.fleet.report(camera_id, CameraState.RUNNING, fps=12.5, latency_ms=latency_ms)
    performance.sample_cameras()
    told = (await site.ask("GET", "/api/performance", admin)).json["cameras"]
    assert (told["running"], told["fps"], told["latency_ms"]) == (2, 25.0, pytest.approx(59.0))


async def test_history_has_what_was_taken(
    site: GuardedApp, admin: dict[str, str], operating: Operating, performance: Performance
) -> None:
    await performance.start()
    await operating.figures.prepare()
    await site.ask("GET", "/api/v1/cameras", admin)
    operating.figures.take()
    query = "figure=response_p95&figure=fps"
    items = (await site.ask("GET", "/api/performance/history", admin, query=query)).json["items"]
    await performance.stop()
    await operating.figures.stop()
    assert [(item["figure"], item["unit"]) for item in items] == [("response_p95", "seconds"), ("fps", "frames")]
    assert [value for value in items[0]["mean"] if value is not None] != []


async def test_history_of_a_time_that_ends_before_it_begins_is_refused(site: GuardedApp, admin: dict[str, str]) -> None:
    answer = await site.ask("GET", "/api/performance/history", admin, query="since_unix_s=5&until_unix_s=5")
    assert answer.code == "request.invalid"


async def test_every_figure_of_the_page_is_measured_by_somebody(performance: Performance, operating: Operating) -> None:
    from popcam.monitoring import catalogue

    known = {metric.name for metric in vars(catalogue).values() if hasattr(metric, "kind") and hasattr(metric, "name")}
    known |= set(operating.registry.metrics())
    assert {name for name, _ in FIGURES.values()} <= known


async def test_a_camera_tells_its_stages_with_their_share(site: GuardedApp, admin: dict[str, str]) -> None:
    site.fleet.report("door", CameraState.RUNNING, fps=15.0, stages=STAGES, jitter_s=0.004, drops={"late": 3})
    told = (await site.ask("GET", "/api/performance/cameras/door", admin)).json
    assert [(stage["stage"], stage["share"]) for stage in told["stages"]] == [("decode", 0.25), ("detect", 0.75)]
    assert (told["jitter_ms"], told["rtt_ms"], told["drops"]) == (4.0, None, {"late": 3})
    assert told["bottlenecks"][0]["cause"] == "Detection takes 75% of the frame time of camera door"


def test_a_camera_that_never_reported_did_nothing() -> None:
    told = camera_out("yard", None, "en")
    assert (told.at_unix_s, told.fps, told.stages) == (None, 0.0, [])


async def test_bottlenecks_are_told_in_the_readers_language(site: GuardedApp, admin: dict[str, str]) -> None:
    site.fleet.report("door", CameraState.RUNNING, fps=15.0, stages=STAGES)
    told = (await site.ask("GET", "/api/performance/bottlenecks", {**admin, "accept-language": "zh"})).json["items"]
    assert told[0]["cause"] == "摄像头 door 的目标检测占每帧处理时间的 75%"


async def test_who_is_limited_to_cameras_sees_these_alone(site: GuardedApp) -> None:
    limited = await site.session(await site.user("yara", "viewer", Scope(cameras=frozenset({"yard"}))))
    paths = ("/api/performance", "/api/performance/cameras/door", "/api/performance/cameras/yard", "/api/cache/stats")
    assert [(await site.ask("GET", path, limited)).status for path in paths] == [403, 404, 200, 403]


async def test_allocations_are_recorded_for_administrators_alone(site: GuardedApp, admin: dict[str, str]) -> None:
    path = "/api/performance/memory/allocations"
    operator = await site.session(await site.user("otto", "operator"))
    assert (await site.ask("POST", path, operator, {"for_s": 60})).status == 403
    began = await site.ask("POST", path, admin, {"for_s": 60})
    again = await site.ask("POST", path, admin)
    memory = await site.ask("GET", "/api/performance/memory", admin)
    looked = await site.ask("GET", path, admin)
    ended = await site.ask("DELETE", path, admin)
    assert began.json["recording"]
    assert again.code == "monitoring.snapshot_busy"
    assert memory.json == {"items": [], "recording": True}
    assert looked.json["traced_bytes"] > 0
    assert (ended.status, ended.json["recording"], ended.json["until_unix_s"]) == (200, False, None)


async def test_allocations_of_a_worker_are_asked_of_that_worker(site: GuardedApp, admin: dict[str, str]) -> None:
    path = "/api/performance/memory/allocations"
    worker_id = site.services.fleet.workers()[0].worker_id
    began = await site.ask("POST", path, admin, {"for_s": 60}, query=f"process={worker_id}")
    missing = await site.ask("GET", path, admin, query="process=w99")
    assert (began.json["process"], began.json["recording"]) == (worker_id, True)
    assert (missing.status, missing.code) == (404, "request.not_found")


async def test_cache_stats_and_entries_tell_what_was_kept(site: GuardedApp, admin: dict[str, str]) -> None:
    for _ in range(4):
        await site.ask("GET", "/api/v1/cameras", admin, query="group=entrance")
    stats = (await site.ask("GET", "/api/cache/stats", admin)).json
    entries = (await site.ask("GET", "/api/cache/entries", admin)).json["items"]
    assert (stats["hits"], stats["misses"], stats["spared_ratio"], stats["store"]) == (3, 1, 0.75, "memory")
    assert stats["routes"][0]["route"] == "/api/v1/cameras"
    assert [(entry["query"], entry["role"], entry["hits"]) for entry in entries] == [("group=entrance", "admin", 3)]


async def test_an_operator_may_clear_the_cache_and_a_viewer_may_not(site: GuardedApp) -> None:
    operator, viewer = [await site.session(await site.user(role, role)) for role in ("operator", "viewer")]
    await site.ask("GET", "/api/v1/cameras", operator)
    assert (await site.ask("POST", "/api/cache/clear", viewer)).status == 403
    assert (await site.ask("POST", "/api/cache/clear", operator)).json == {"cleared": 1}


async def test_figures_of_the_cache_are_told(site: GuardedApp, admin: dict[str, str], operating: Operating) -> None:
    for _ in range(3):
        await site.ask("GET", "/api/v1/cameras", admin)
    await operating.figures.prepare()
    operating.figures.take()
    await asyncio.sleep(0)
    assert operating.registry.family("popcam_cache_hits_total").latest() == {(): 2}
    assert operating.registry.family("popcam_cache_entries").latest() == {(): 1}
    await operating.figures.stop()


async def test_settings_of_the_cache_change_while_it_runs(operating: Operating) -> None:
    operating.settings_changed(Settings(cache=CacheSettings(enabled=False, max_entries=10)))
    assert operating.cache is not None
    assert not operating.cache.enabled
    assert isinstance(operating.cache.store, MemoryAnswers)
    assert operating.cache.store.max_entries == 10


def test_redis_is_used_where_it_is_set() -> None:
    stores = [performing.store_of(CacheSettings(url=url)) for url in ("", "redis://127.0.0.1:1/0")]
    assert [type(store) for store in stores] == [MemoryAnswers, RedisAnswers]


async def test_a_server_that_is_not_watched_over_says_so(site: GuardedApp, admin: dict[str, str]) -> None:
    site.services.operating = None
    paths = ("/api/performance", "/api/cache/stats", "/api/v1/cameras")
    assert [(await site.ask("GET", path, admin)).status for path in paths] == [404, 404, 200]

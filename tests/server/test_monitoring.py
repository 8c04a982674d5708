"""Figures over HTTP: for Prometheus, as JSON, as history, and live by a WebSocket."""

import asyncio
import json
import math
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.guarded_app import guarded_app
from tests.server.conftest import Rig
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from popcam.config import Settings
from popcam.core.access import Scope
from popcam.core.facts import CameraState
from popcam.monitoring.figures import Figures
from popcam.server.sampling import sample_all


@pytest.fixture
async def figures(rig: Rig, tmp_path: Path) -> AsyncIterator[Figures]:
    """Those of the rig, with its two running cameras looked at."""
    assert rig.services.operating is not None
    figures = rig.services.operating.figures
    settings = Settings(data_dir=tmp_path, log_dir=tmp_path, runtime_dir=tmp_path)
    sample_all(rig.services, settings, figures)
    await rig.services.cameras.start("yard")
    rig.fleet.report("door", CameraState.RUNNING, fps=24.5, worker_id="w1")
    rig.fleet.report("yard", CameraState.RUNNING, fps=12.0, worker_id="w2")
    await figures.prepare()
    figures.take()
    yield figures
    for sampler in figures._samplers:
        sampler.stop()


async def got(rig: Rig, path: str, **params: Any) -> Any:
    answer = await rig.client.get(f"/api/v1/monitoring/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_prometheus_gets_all_figures_as_text(rig: Rig, figures: Figures) -> None:
    answer = await rig.client.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert '\npopcam_camera_fps{camera="door",worker="w1"} 24.5\n' in answer.text
    assert "\n# TYPE popcam_camera_frames_total counter\n" in answer.text


async def test_a_figure_is_told_with_its_meaning_and_all_series(rig: Rig, figures: Figures) -> None:
    body = await got(rig, "metrics", name="popcam_camera_fps")
    [metric] = body["metrics"]
    assert (metric["kind"], metric["unit"], metric["labels"]) == ("gauge", "frames/second", ["camera"])
    assert {one["labels"]["camera"]: one["value"] for one in metric["series"]} == {"door": 24.5, "yard": 12.0}


async def test_the_meaning_is_in_the_readers_language(rig: Rig, figures: Figures) -> None:
    answer = await rig.client.get(
        "/api/v1/monitoring/metrics", params={"name": "popcam_camera_up"}, headers={"accept-language": "zh"}
    )
    assert "摄像头" in answer.json()["metrics"][0]["help"]


async def test_figures_of_one_camera_are_told_alone(rig: Rig, figures: Figures) -> None:
    body = await got(rig, "metrics", camera_id="door")
    assert body["metrics"]
    assert all("camera" in metric["labels"] for metric in body["metrics"])
    assert {one["labels"]["camera"] for metric in body["metrics"] for one in metric["series"]} == {"door"}


async def test_all_figures_are_listed(rig: Rig, figures: Figures) -> None:
    names = {metric["name"] for metric in (await got(rig, "metrics"))["metrics"]}
    assert {"popcam_camera_up", "popcam_host_cpu_ratio", "popcam_gpu_use_ratio"} <= names


async def test_which_figures_there_are_is_told_without_their_values(rig: Rig, figures: Figures) -> None:
    metrics = (await got(rig, "metrics", series=False))["metrics"]
    assert "popcam_camera_up" in {metric["name"] for metric in metrics}
    assert all(metric["series"] == [] for metric in metrics)


async def test_an_unknown_figure_is_not_found(rig: Rig, figures: Figures) -> None:
    answer = await rig.client.get("/api/v1/monitoring/metrics", params={"name": "popcam_nothing"})
    assert (answer.status_code, answer.json()["code"]) == (404, "monitoring.metric_unknown")


async def test_history_has_its_steps_and_no_numbers_where_nothing_was(rig: Rig, figures: Figures) -> None:
    figures.registry.family("popcam_camera_fps").set(("yard",), math.nan)
    body = await got(rig, "metrics/popcam_camera_fps/history", labels="camera:door")
    assert body["mean"] == [24.5]
    assert body["labels"] == {"camera": "door"}
    assert body["step_s"] == 1.0


async def test_history_of_a_counter_is_its_growth(rig: Rig, figures: Figures) -> None:
    body = await got(rig, "metrics/popcam_camera_frames_total/history", labels="camera:door")
    assert body["unit"] == "frames/second"
    assert body["mean"] == [0.0]


@pytest.mark.parametrize(
    "params", [{}, {"labels": "camera"}, {"labels": "cam:door"}, {"labels": "camera:a", "since": 5, "until": 1}]
)
async def test_questions_that_make_no_sense_are_refused(rig: Rig, figures: Figures, params: dict[str, Any]) -> None:
    path = "/api/v1/monitoring/metrics/popcam_stage_frames_total/history"
    answer = await rig.client.get(path, params=params)
    assert (answer.status_code, answer.json()["code"]) == (422, "request.invalid")


async def test_a_series_that_never_was_has_no_points(rig: Rig, figures: Figures) -> None:
    body = await got(rig, "metrics/popcam_camera_fps/history", labels="camera:nobody")
    assert body["unix_s"] == []


async def test_a_server_that_is_not_watched_over_says_so(rig: Rig) -> None:
    rig.services.operating = None
    assert (await rig.client.get("/metrics")).status_code == 404


async def test_who_is_limited_to_a_camera_gets_figures_of_it_alone(tmp_path: Path) -> None:
    async with guarded_app(tmp_path) as site:
        assert site.services.operating is not None
        figures = site.services.operating.figures
        sample_all(site.services, Settings(data_dir=tmp_path, log_dir=tmp_path, runtime_dir=tmp_path), figures)
        await figures.prepare()
        figures.take()
        owner = await site.user("watcher", "viewer", Scope(cameras=frozenset({"yard"})))
        session = await site.session(owner)
        body = (await site.ask("GET", "/api/v1/monitoring/metrics", session, query="name=popcam_camera_up")).json
        assert [one["labels"] for one in body["metrics"][0]["series"]] == [{"camera": "yard"}]
        host = (await site.ask("GET", "/api/v1/monitoring/metrics", session, query="name=popcam_host_load1")).json
        assert host["metrics"] == []
        history = "/api/v1/monitoring/metrics/{}/history"
        own = await site.ask("GET", history.format("popcam_camera_up"), session, query="labels=camera:yard")
        other = await site.ask("GET", history.format("popcam_camera_up"), session, query="labels=camera:door")
        machine = await site.ask("GET", history.format("popcam_host_load1"), session)
        assert (own.status, other.status, machine.status) == (200, 404, 404)
        assert (await site.ask("GET", "/metrics", session)).status == 403


# --- live ---


def url(port: int, query: str) -> str:
    return f"ws://127.0.0.1:{port}/api/v1/monitoring/live?{query}"


async def said(viewer: ClientConnection) -> dict[str, Any]:
    return dict(json.loads(await asyncio.wait_for(viewer.recv(), 60)))


async def values(viewer: ClientConnection) -> list[float | None]:
    while (message := await said(viewer))["type"] != "values":
        pass
    return list(message["values"])


async def drain(viewer: ClientConnection) -> None:
    while True:
        await said(viewer)


async def test_chosen_series_are_named_and_then_told(rig: Rig, figures: Figures, port: int) -> None:
    async with connect(url(port, "series=popcam_camera_fps{camera=door}&series=popcam_camera_up&hz=10")) as viewer:
        first = await said(viewer)
        assert first["type"] == "series"
        assert [(one["name"], one["labels"]) for one in first["series"]] == [
            ("popcam_camera_fps", {"camera": "door"}),
            ("popcam_camera_up", {"camera": "attic"}),
            ("popcam_camera_up", {"camera": "door"}),
            ("popcam_camera_up", {"camera": "yard"}),
        ]
        assert await values(viewer) == [24.5, None, 1.0, 1.0]
        figures.registry.family("popcam_camera_fps").set(("door",), 3.0)
        assert (await values(viewer))[0] == 3.0


async def test_values_come_as_often_as_chosen(rig: Rig, figures: Figures, port: int) -> None:
    loop = asyncio.get_running_loop()
    async with connect(url(port, "series=popcam_camera_fps&hz=10")) as viewer:
        await values(viewer)
        began_s = loop.time()
        for _ in range(5):
            await values(viewer)
        assert 0.1 < loop.time() - began_s < 4.0  # once a second, they would take five


async def test_a_client_chooses_anew(rig: Rig, figures: Figures, port: int) -> None:
    async with connect(url(port, "series=popcam_camera_fps&hz=0.1")) as viewer:
        await values(viewer)
        await viewer.send('{"type": "choose", "series": ["popcam_camera_up{camera=yard}"], "hz": 10}')
        message = await said(viewer)
        assert [one["name"] for one in message["series"]] == ["popcam_camera_up"]
        assert await values(viewer) == [1.0]


async def test_series_that_come_are_named(rig: Rig, figures: Figures, port: int) -> None:
    async with connect(url(port, "series=popcam_disk_free_ratio&hz=10")) as viewer:
        await said(viewer)
        figures.registry.family("popcam_disk_free_ratio").set(("/new",), 0.5)
        while (message := await said(viewer))["type"] != "series" or {"disk": "/new"} not in [
            one["labels"] for one in message["series"]
        ]:
            pass


async def test_a_client_may_choose_later(rig: Rig, figures: Figures, port: int) -> None:
    async with connect(url(port, "")) as viewer:
        await viewer.send('{"type": "ping", "id": 7}')
        while (message := await said(viewer))["type"] != "pong":
            pass
        assert message["id"] == 7


@pytest.mark.parametrize("series", ["popcam_nothing", "popcam_camera_fps{stage=gate}", "popcam_camera_fps{camera"])
async def test_unknown_choices_close_the_connection(rig: Rig, figures: Figures, port: int, series: str) -> None:
    async with connect(url(port, f"series={series}")) as viewer:
        with pytest.raises(ConnectionClosed) as closed:
            await said(viewer)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


@pytest.mark.parametrize(
    "message", ["{}", "nothing", '{"type": "choose", "series": []}', '{"type": "choose", "series": ["x"], "hz": 50}']
)
async def test_what_is_no_message_closes_the_connection(rig: Rig, figures: Figures, port: int, message: str) -> None:
    async with connect(url(port, "series=popcam_camera_fps&hz=0.1")) as viewer:
        await values(viewer)
        await viewer.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            await drain(viewer)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1007


async def test_the_server_says_that_it_closes(rig: Rig, figures: Figures, port: int) -> None:
    async with connect(url(port, "series=popcam_camera_fps&hz=0.1")) as viewer:
        await values(viewer)
        rig.services.closing.set()
        with pytest.raises(ConnectionClosed) as closed:
            await said(viewer)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012

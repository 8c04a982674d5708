"""States in brief over the WebSocket of all cameras: what is told, what is not, and when."""

import asyncio
import json
import time
from dataclasses import replace
from typing import Any

import pytest
from tests.server.conftest import CAMERAS, Rig
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from popcam.cameras.model import CameraChanges
from popcam.core.facts import CameraState, FaultReport
from popcam.core.spec import CameraSpec, SourceSpec
from popcam.server import hub
from popcam.server.brief import BriefCameras, differs
from popcam.server.hub import LiveHub, Wish

BRIEF = Wish(frozenset({"brief"}))


@pytest.fixture(autouse=True)
def _quick_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "FIGURES_EVERY_S", 0.2)


async def message(socket: ClientConnection, timeout_s: float = 60) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), timeout_s))
    return decoded


async def changes(socket: ClientConnection) -> dict[str, Any]:
    """The next message about cameras that changed."""
    while (told := await message(socket))["type"] != "brief_changes":
        assert told["type"] == "states", "all cameras are not told again"
    return told


def url(port: int, query: str = "?topics=brief") -> str:
    return f"ws://127.0.0.1:{port}/api/v1/live{query}"


async def test_all_cameras_come_first_without_the_inside_of_their_pipelines(rig: Rig, port: int) -> None:
    rig.fleet.report("door", CameraState.RUNNING, fps=14.96, latency_ms=38.21, recording=True)
    async with connect(url(port)) as socket:
        told = await message(socket)
    assert (told["type"], [camera["id"] for camera in told["cameras"]]) == ("brief", ["door", "yard", "attic"])
    assert told["cameras"][0]["status"] == {
        "running": True,
        "state": "running",
        "fps": 15.0,
        "latency_ms": 38.2,
        "recording": True,
        "last_error": None,
    }
    assert "pipeline" not in told["cameras"][0]


async def test_a_change_of_state_is_told_at_once_and_whole(
    rig: Rig, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "FIGURES_EVERY_S", 1e9)  # whoever waited for figures would wait for ever
    async with connect(url(port)) as socket:
        await message(socket)
        began_s = time.monotonic()
        rig.fleet.report("door", CameraState.RECONNECTING, FaultReport(code="source.unreachable"))
        told = await message(socket)
        took_s = time.monotonic() - began_s
    [change] = told["states"]
    assert (change["camera_id"], change["state"], change["last_error"]["code"]) == (
        "door",
        "reconnecting",
        "source.unreachable",
    )
    assert took_s < 5


async def test_changes_of_many_cameras_within_a_moment_come_together(rig: Rig, port: int) -> None:
    async with connect(url(port)) as socket:
        await message(socket)
        rig.fleet.report("door", CameraState.FAILED)
        first = await message(socket)
        rig.fleet.report("yard", CameraState.FAILED)
        await asyncio.sleep(0.005)
        rig.fleet.report("door", CameraState.RUNNING)
        second = await message(socket)
    assert [[one["camera_id"] for one in told["states"]] for told in (first, second)] == [["door"], ["yard", "door"]]


async def test_figures_of_several_cameras_come_together_and_alone(rig: Rig, port: int) -> None:
    await rig.services.cameras.start("yard")
    rig.fleet.report("door", CameraState.RUNNING)
    rig.fleet.report("yard", CameraState.RUNNING)
    async with connect(url(port)) as socket:
        await message(socket)
        rig.fleet.report("door", CameraState.RUNNING, fps=12.0)
        rig.fleet.report("yard", CameraState.RUNNING, fps=20.0)
        rig.fleet.report("door", CameraState.RUNNING, fps=15.0)
        told = await message(socket)
    assert told["states"] == [
        {"camera_id": "door", "fps": 15.0, "latency_ms": None},
        {"camera_id": "yard", "fps": 20.0, "latency_ms": None},
    ]


async def test_what_nobody_would_see_is_not_told(rig: Rig, port: int) -> None:
    rig.fleet.report("door", CameraState.RUNNING, fps=15.0, latency_ms=40.0)
    async with connect(url(port)) as socket:
        await message(socket)
        for frames in range(20):
            rig.fleet.report("door", CameraState.RUNNING, fps=15.1, latency_ms=40.4, frames=frames)
        await asyncio.sleep(2 * hub.FIGURES_EVERY_S)
        await socket.send('{"type":"ping","id":3}')
        assert (await message(socket))["type"] == "pong"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (15.0, 15.5, False),
        (15.0, 16.0, True),
        (None, 1.0, True),
        (3.0, None, True),
        (0.0, 0.1, True),
        (0.1, 0.0, True),
        (None, None, False),
        (0.0, 0.0, False),
    ],
)
def test_figures_differ_when_a_reader_would_care(old: float | None, new: float | None, said: bool) -> None:
    assert differs(old, new) is said


async def test_figures_that_creep_are_told_in_the_end(rig: Rig) -> None:
    live = LiveHub()
    live.attach(rig.fleet)
    rig.fleet.report("door", CameraState.RUNNING, fps=10.0)
    with live.listen(BRIEF, since=live.head) as listener:
        for step in range(8):
            rig.fleet.report("door", CameraState.RUNNING, fps=10.0 + step / 10)
        news = await asyncio.wait_for(listener.news(), 60)
    assert [(one.camera_id, one.whole) for one in news.brief] == [("door", False)]


async def test_a_worker_that_is_gone_is_a_change(rig: Rig, port: int) -> None:
    async with connect(url(port)) as socket:
        await message(socket)
        rig.fleet.worker_lives = False
        rig.fleet.report("door", CameraState.RUNNING)
        told = await message(socket)
    assert told["states"][0]["running"] is False


async def test_cameras_that_went_are_told_by_those_that_stay(rig: Rig, port: int) -> None:
    async with connect(url(port)) as socket:
        await message(socket)
        rig.store.replace({"door": CAMERAS["door"]})
        await rig.services.cameras.refresh()
        told = await changes(socket)
    assert (told["ids"], told["cameras"]) == (["door"], [])


async def test_a_camera_that_came_is_told_with_its_place(rig: Rig, port: int) -> None:
    async with connect(url(port)) as socket:
        await message(socket)
        garage = CameraSpec(id="garage", name="Garage", source=SourceSpec(url="demo:"), active=False)
        rig.store.replace(
            {"door": CAMERAS["door"], "garage": garage, "yard": CAMERAS["yard"], "attic": CAMERAS["attic"]}
        )
        await rig.services.cameras.refresh()
        told = await changes(socket)
    assert told["ids"] == ["door", "garage", "yard", "attic"]
    assert [(camera["id"], camera["name"], camera["status"]["state"]) for camera in told["cameras"]] == [
        ("garage", "Garage", "stopped")
    ]


async def test_of_an_edited_camera_nothing_is_told_but_that_camera(rig: Rig, port: int) -> None:
    async with connect(url(port)) as socket:
        [_, before, _] = (await message(socket))["cameras"]
        rig.store.replace({**CAMERAS, "yard": replace(CAMERAS["yard"], name="Back yard")})
        await rig.services.cameras.refresh()
        told = await changes(socket)
    assert (told["ids"], told["cameras"]) == (None, [{**before, "name": "Back yard"}])


async def test_of_a_started_camera_nothing_is_told_but_that_camera(rig: Rig, port: int) -> None:
    async with connect(url(port)) as socket:
        await message(socket)
        await rig.services.cameras.start("yard")
        told = await changes(socket)
    assert told["ids"] is None
    assert [(camera["id"], camera["wanted"]) for camera in told["cameras"]] == [("yard", True)]


async def test_who_comes_back_is_told_only_the_cameras_that_changed(rig: Rig, port: int) -> None:
    async with connect(url(port)) as socket:
        last = (await message(socket))["seq"]
    await rig.services.cameras.start("yard")
    async with connect(url(port, f"?topics=brief&since={last}")) as socket:
        told = await message(socket)
    assert (told["type"], [camera["id"] for camera in told["cameras"]]) == ("brief_changes", ["yard"])


async def test_changes_of_cameras_that_somebody_did_not_choose_are_not_told(rig: Rig, port: int) -> None:
    async with connect(url(port, "?topics=brief&camera_id=door")) as socket:
        await message(socket)
        await rig.services.cameras.start("yard")
        await socket.send('{"type":"ping","id":8}')
        assert (await message(socket))["type"] == "pong"


async def test_a_camera_that_is_told_anew_is_not_told_twice(rig: Rig) -> None:
    live = LiveHub()
    live.attach(rig.fleet)
    with live.listen(BRIEF, since=live.head) as listener:
        rig.fleet.report("door", CameraState.FAILED)
        rig.fleet.report("yard", CameraState.FAILED)
        live.cameras_changed(CameraChanges(changed=("door",)))
        news = await listener.news()
    assert news.brief_changes == BriefCameras(("door",), came_or_went=False)
    assert [one.camera_id for one in news.brief] == ["yard"]


async def test_who_comes_back_gets_the_newest_state_of_what_changed(rig: Rig, port: int) -> None:
    async with connect(url(port)) as socket:
        last = (await message(socket))["seq"]
    for state in (CameraState.RECONNECTING, CameraState.FAILED):
        rig.fleet.report("door", state)
    rig.fleet.report("door", CameraState.FAILED, fps=3.0)
    async with connect(url(port, f"?topics=brief&since={last}")) as socket:
        first = await message(socket)
        second = await message(socket)
    assert [(one["camera_id"], one["state"]) for one in first["states"]] == [("door", "failed")]
    assert (second["states"][0]["fps"], first["seq"] < second["seq"]) == (3.0, True)


async def test_details_of_chosen_cameras_come_at_once_and_with_each_report(rig: Rig, port: int) -> None:
    async with connect(url(port)) as socket:
        await message(socket)
        await socket.send('{"type":"detail","camera_ids":["door"]}')
        first = await message(socket)
        rig.fleet.report("yard", CameraState.RUNNING, frames=1)
        rig.fleet.report("door", CameraState.RUNNING, frames=77)
        while (second := await message(socket))["type"] != "status":
            pass
    assert (first["type"], first["camera_id"], first["pipeline"]["frames"]) == ("status", "door", 0)
    assert (second["camera_id"], second["pipeline"]["frames"]) == ("door", 77)


async def test_details_end_when_they_are_no_longer_wanted(rig: Rig, port: int) -> None:
    rig.fleet.report("door", CameraState.RUNNING)
    async with connect(url(port)) as socket:
        await message(socket)
        await socket.send('{"type":"detail","camera_ids":["door"]}')
        await message(socket)
        await socket.send('{"type":"detail"}')
        await socket.send('{"type":"ping","id":1}')
        assert (await message(socket))["type"] == "pong"
        rig.fleet.report("door", CameraState.RUNNING, frames=5)
        await socket.send('{"type":"ping","id":2}')
        assert (await message(socket))["type"] == "pong"


async def test_details_of_a_camera_that_is_not_there_are_nothing(port: int) -> None:
    async with connect(url(port)) as socket:
        await message(socket)
        await socket.send('{"type":"detail","camera_ids":["nobody"]}')
        await socket.send('{"type":"ping","id":1}')
        assert (await message(socket))["type"] == "pong"


async def test_who_chooses_nothing_gets_full_states_as_ever(rig: Rig, port: int) -> None:
    async with connect(url(port, "")) as socket:
        first = await message(socket)
        rig.fleet.report("door", CameraState.RUNNING, frames=9)
        second = await message(socket)
    assert (first["type"], second["type"], second["pipeline"]["frames"]) == ("cameras", "status", 9)


async def test_two_pages_get_the_very_same_text(rig: Rig, port: int) -> None:
    async with connect(url(port)) as one, connect(url(port)) as two:
        assert await one.recv() == await two.recv()
        rig.fleet.report("door", CameraState.FAILED)
        assert await one.recv() == await two.recv()


async def test_too_many_details_are_refused(port: int) -> None:
    async with connect(url(port)) as socket:
        await message(socket)
        await socket.send(json.dumps({"type": "detail", "camera_ids": ["x"] * 1001}))
        with pytest.raises(ConnectionClosed):
            await message(socket)
        assert socket.close_code == 1007

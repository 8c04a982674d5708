"""States and events pushed over the WebSocket of all cameras."""

import asyncio
import json
import socket as tcp
from typing import Any

import msgspec
import pytest
from tests.server.conftest import CAMERAS, Rig, until
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from popcam.core.facts import CameraState, Event
from popcam.server import hub
from popcam.server.hub import LiveHub, Wish


def event(number: int) -> Event:
    return Event(event_id=f"e{number}", camera_id="door", kind="motion_started", started_unix_s=float(number))


async def message(socket: ClientConnection) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), 60))
    return decoded


async def until_closed(socket: ClientConnection) -> None:
    while True:
        await asyncio.wait_for(socket.recv(), 60)


def url(port: int) -> str:
    return f"ws://127.0.0.1:{port}/api/v1/live"


async def test_all_cameras_come_first_then_changes_in_sequence(rig: Rig, port: int) -> None:
    async with connect(url(port)) as socket:
        first = await message(socket)
        rig.fleet.report("door", CameraState.IDLE)
        second = await message(socket)
        rig.fleet.happen(event(1))
        third = await message(socket)
    assert [camera["id"] for camera in first["cameras"]] == ["door", "yard", "attic"]
    assert (second["camera_id"], second["status"]["state"]) == ("door", "idle")
    assert (third["event"]["id"], third["missed"]) == ("e1", 0)
    assert first["seq"] < second["seq"] < third["seq"]


async def test_another_set_of_cameras_is_told(rig: Rig, port: int) -> None:
    async with connect(url(port)) as socket:
        await message(socket)
        rig.store.replace({"door": CAMERAS["door"]})
        await rig.services.cameras.refresh()
        told = await message(socket)
    assert (told["type"], [camera["id"] for camera in told["cameras"]]) == ("cameras", ["door"])


async def test_a_start_by_somebody_else_is_told(rig: Rig, port: int) -> None:
    async with connect(url(port)) as socket:
        await message(socket)
        await rig.services.cameras.start("yard")
        told = await message(socket)
    wanted = {camera["id"]: camera["wanted"] for camera in told["cameras"]}
    assert wanted == {"door": True, "yard": True, "attic": False}


async def test_the_newest_state_replaces_older_ones(rig: Rig) -> None:
    live = LiveHub()
    live.attach(rig.fleet)
    with live.listen(Wish(frozenset({"status"}))) as listener:
        for state in (CameraState.IDLE, CameraState.RECONNECTING, CameraState.RUNNING):
            rig.fleet.report("door", state)
        news = await listener.news()
    assert news.changed == ((live.first + 3, "door"),)


async def test_events_beyond_the_bound_are_counted(rig: Rig) -> None:
    live = LiveHub()
    live.attach(rig.fleet)
    with live.listen() as listener:
        for number in range(hub.MAX_KEPT_EVENTS + 7):
            rig.fleet.happen(event(number))
        news = await listener.news()
    assert len(news.events) == hub.MAX_KEPT_EVENTS
    assert (news.missed_events, news.events[0][1].event_id) == (7, "e7")


async def test_who_comes_back_gets_only_what_it_missed(rig: Rig, port: int) -> None:
    async with connect(url(port)) as socket:
        last = (await message(socket))["seq"]
    rig.fleet.report("door", CameraState.IDLE)
    rig.fleet.happen(event(1))
    rig.fleet.report("door", CameraState.RECONNECTING)
    async with connect(f"{url(port)}?since={last}") as socket:
        first, second = await message(socket), await message(socket)
    assert (first["type"], first["event"]["id"]) == ("event", "e1")
    assert (second["type"], second["status"]["state"]) == ("status", "reconnecting")
    assert last < first["seq"] < second["seq"]


async def test_cameras_that_changed_meanwhile_are_told_to_who_comes_back(rig: Rig, port: int) -> None:
    async with connect(url(port)) as socket:
        last = (await message(socket))["seq"]
    rig.store.replace({"door": CAMERAS["door"]})
    await rig.services.cameras.refresh()
    async with connect(f"{url(port)}?since={last}") as socket:
        told = await message(socket)
    assert [camera["id"] for camera in told["cameras"]] == ["door"]


@pytest.mark.parametrize("since", [0, 17, 10**17])
async def test_a_number_of_another_life_begins_anew(port: int, since: int) -> None:
    async with connect(f"{url(port)}?since={since}") as socket:
        assert (await message(socket))["type"] == "cameras"


async def test_a_later_server_counts_on_from_greater_numbers() -> None:
    earlier = LiveHub()
    await asyncio.sleep(0.002)
    assert LiveHub().first > earlier.head


async def test_topics_and_cameras_choose_what_is_told(rig: Rig, port: int) -> None:
    async with connect(f"{url(port)}?topics=events&camera_id=yard") as socket:
        await socket.send('{"type":"ping","id":1}')
        assert (await message(socket))["type"] == "pong"
        rig.fleet.report("yard", CameraState.IDLE)
        rig.fleet.happen(event(1))  # of the door
        rig.fleet.happen(msgspec.structs.replace(event(2), camera_id="yard"))
        assert (await message(socket))["event"]["id"] == "e2"


async def test_a_client_can_choose_anew(rig: Rig, port: int) -> None:
    async with connect(f"{url(port)}?topics=events") as socket:
        await socket.send('{"type":"subscribe","topics":["cameras","status"],"camera_ids":["yard"]}')
        assert [camera["id"] for camera in (await message(socket))["cameras"]] == ["yard"]
        rig.fleet.report("door", CameraState.IDLE)
        rig.fleet.report("yard", CameraState.IDLE)
        assert (await message(socket))["camera_id"] == "yard"


@pytest.mark.parametrize(
    "said", ["no json", b"\x00", '{"type":"dance"}', '{"type":"subscribe","topics":["weather"]}', "[]", "{}"]
)
async def test_what_is_no_message_of_ours_ends_the_connection(port: int, said: str | bytes) -> None:
    async with connect(url(port)) as socket:
        await socket.send(said)
        with pytest.raises(ConnectionClosed):
            await until_closed(socket)
        assert socket.close_code == 1007


async def test_an_unknown_topic_is_refused(port: int) -> None:
    async with connect(f"{url(port)}?topics=weather") as socket:
        with pytest.raises(ConnectionClosed):
            await until_closed(socket)
        assert socket.close_code == 1008


async def test_a_client_that_never_reads_holds_nobody_and_gets_the_newest_state(rig: Rig, port: int) -> None:
    raw = tcp.create_connection(("127.0.0.1", port))
    raw.setsockopt(tcp.SOL_SOCKET, tcp.SO_RCVBUF, 4096)
    async with connect(url(port), sock=raw, max_queue=1) as deaf, connect(url(port)) as good:
        await message(good)
        for number in range(20_000):
            rig.fleet.report("door", CameraState.RUNNING, frames=number)
            if number % 100 == 0:
                await asyncio.sleep(0)
        rig.fleet.report("door", CameraState.FAILED)
        while (await message(good)).get("status", {}).get("state") != "failed":
            pass
        behind = [listener for listener in rig.services.hub._listeners if listener.since < rig.services.hub.head]
        assert len(behind) <= 1  # all that is kept for it is one number
        heard = 0
        while (await message(deaf)).get("status", {}).get("state") != "failed":
            heard += 1
        assert heard < 20_000


async def test_the_page_that_left_is_forgotten(rig: Rig, port: int) -> None:
    async with connect(url(port)) as socket:
        await message(socket)
        assert len(rig.services.hub._listeners) == 1
    await until(lambda: not rig.services.hub._listeners)


async def test_a_closing_server_says_so(rig: Rig, port: int) -> None:
    async with connect(url(port)) as socket:
        await message(socket)
        rig.services.closing.set()
        with pytest.raises(ConnectionClosed):
            await message(socket)
        assert socket.close_code == 1012

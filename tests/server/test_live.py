"""Live pictures over a real WebSocket on a loopback port."""

import asyncio
import json
import socket

import pytest
from tests.fakes.fake_fleet import QUEUE_PICTURES
from tests.server.conftest import CAMERAS, Rig, until
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from popcam.core.facts import CameraState
from popcam.core.protocol import PreviewKind
from popcam.server.wire import unpack


def url(port: int, camera_id: str = "door", query: str = "") -> str:
    return f"ws://127.0.0.1:{port}/api/v1/cameras/{camera_id}/live{query}"


async def watched(rig: Rig, kind: PreviewKind = "preview.jpeg", viewers: int = 1) -> None:
    await until(lambda: rig.fleet.watched("door", kind) == viewers)


async def drain(viewer: ClientConnection) -> None:
    while True:
        await asyncio.wait_for(viewer.recv(), 60)


async def next_of(viewer: ClientConnection, kind: type[str] | type[bytes]) -> str | bytes:
    while True:
        message = await asyncio.wait_for(viewer.recv(), 60)
        if isinstance(message, kind):
            return message


async def test_a_picture_arrives_with_its_header(rig: Rig, port: int) -> None:
    async with connect(url(port)) as viewer:
        await watched(rig)
        rig.fleet.show("door", "preview.jpeg", b"\xff\xd8one", seq=41)
        message = await next_of(viewer, bytes)
    assert isinstance(message, bytes)
    picture = unpack(message)
    assert (picture.header.seq, picture.payload) == (41, b"\xff\xd8one")


async def test_the_state_comes_first_and_at_each_change(rig: Rig, port: int) -> None:
    async with connect(url(port)) as viewer:
        first = json.loads(await next_of(viewer, str))
        rig.fleet.report("door", CameraState.RECONNECTING)
        second = json.loads(await next_of(viewer, str))
    assert (first["type"], first["status"]["state"]) == ("status", "running")
    assert (second["seq"], second["status"]["state"]) == (2, "reconnecting")


async def test_h264_begins_at_a_keyframe(rig: Rig, port: int) -> None:
    async with connect(url(port, query="?codec=h264&quality=full")) as viewer:
        await watched(rig, "preview.h264.full")
        rig.fleet.show("door", "preview.h264.full", b"p", seq=1, keyframe=False)
        rig.fleet.show("door", "preview.h264.full", b"i", seq=2, keyframe=True)
        message = await next_of(viewer, bytes)
    assert isinstance(message, bytes)
    assert unpack(message).header.seq == 2


async def test_nobody_watches_once_the_viewer_left(rig: Rig, port: int) -> None:
    async with connect(url(port)):
        await watched(rig)
    await asyncio.wait_for(watched(rig, viewers=0), 60)
    assert rig.services.viewers == 0


async def test_a_ping_is_answered(rig: Rig, port: int) -> None:
    async with connect(url(port)) as viewer:
        await next_of(viewer, str)
        await viewer.send('{"type":"ping","id":5}')
        assert json.loads(await next_of(viewer, str)) == {"type": "pong", "id": 5}


async def test_a_slow_viewer_loses_old_pictures_and_few_stale_ones_wait(rig: Rig, port: int) -> None:
    sent = 300
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)  # as of a viewer far away
    async with connect(url(port), sock=connection, max_size=None, max_queue=1) as viewer:
        await watched(rig)
        for seq in range(sent):
            rig.fleet.show("door", "preview.jpeg", b"x" * 30_000, seq=seq)
            await asyncio.sleep(0.002)
        assert len(rig.fleet.viewers["door", "preview.jpeg"][0].pictures) <= QUEUE_PICTURES
        seqs: list[int] = []
        while not seqs or seqs[-1] != sent - 1:
            message = await next_of(viewer, bytes)
            assert isinstance(message, bytes)
            seqs.append(unpack(message).header.seq)
    assert len(seqs) < 40  # 2 MB and more lay in the system's buffers before they were bounded


async def test_two_viewers_get_the_same_picture(rig: Rig, port: int) -> None:
    async with connect(url(port)) as one, connect(url(port)) as two:
        await watched(rig, viewers=2)
        rig.fleet.show("door", "preview.jpeg", b"\xff\xd8both", seq=3)
        assert await next_of(one, bytes) == await next_of(two, bytes)


@pytest.mark.parametrize(("sent", "code"), [("no json", 1007), (b"\x00binary", 1007)])
async def test_what_is_no_message_of_ours_ends_the_connection(port: int, sent: str | bytes, code: int) -> None:
    async with connect(url(port)) as viewer:
        await viewer.send(sent)
        with pytest.raises(ConnectionClosed):
            await drain(viewer)
        assert viewer.close_code == code


async def test_an_unknown_camera_closes_with_its_code(port: int) -> None:
    async with connect(url(port, "nobody")) as viewer:
        with pytest.raises(ConnectionClosed):
            await viewer.recv()
        assert (viewer.close_code, viewer.close_reason) == (4404, "camera.not_found")


async def test_a_removed_camera_ends_the_viewing(rig: Rig, port: int) -> None:
    async with connect(url(port)) as viewer:
        await watched(rig)
        rig.store.replace({key: spec for key, spec in CAMERAS.items() if key != "door"})
        await rig.services.cameras.refresh()
        with pytest.raises(ConnectionClosed):
            await drain(viewer)
        assert viewer.close_code == 4404


async def test_the_bound_on_viewers_holds(rig: Rig, port: int) -> None:
    rig.services.viewers = rig.services.options.max_viewers
    async with connect(url(port)) as viewer:
        with pytest.raises(ConnectionClosed):
            await viewer.recv()
        assert (viewer.close_code, viewer.close_reason) == (4503, "live.too_many_viewers")
    rig.services.viewers = 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"Origin": "https://evil.example"}, 403), ({"Host": "evil.example"}, 421), ({"Origin": "null"}, 403)],
)
async def test_a_page_of_another_site_can_not_watch(port: int, headers: dict[str, str], status: int) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url(port), additional_headers=headers):
            pass
    assert refused.value.response.status_code == status
    assert json.loads(refused.value.response.body)["status"] == status


async def test_a_name_that_was_made_to_resolve_to_us_is_refused(port: int) -> None:
    address = f"ws://evil.example:{port}/api/v1/cameras/door/live"
    with pytest.raises(InvalidStatus) as refused:
        async with connect(address, host="127.0.0.1", port=port, additional_headers={"Origin": "http://evil.example"}):
            pass
    assert json.loads(refused.value.response.body)["code"] == "request.host_refused"


async def test_our_own_page_can_watch(port: int) -> None:
    async with connect(url(port), additional_headers={"Origin": f"http://127.0.0.1:{port}"}) as viewer:
        assert json.loads(await next_of(viewer, str))["type"] == "status"


async def test_pictures_are_not_deflated(port: int) -> None:
    async with connect(url(port)) as viewer:
        assert viewer.response is not None
        assert "Sec-WebSocket-Extensions" not in viewer.response.headers

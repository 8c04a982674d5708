"""Multipart JPEG under a plain URL, as any client reads it."""

import asyncio
import re

import httpx
from tests.server.conftest import CAMERAS, Rig, until

from popcam.core.errors import ViewerLimitError


async def test_pictures_come_as_complete_parts(rig: Rig, port: int) -> None:
    async with (
        httpx.AsyncClient(timeout=60) as client,
        client.stream("GET", f"http://127.0.0.1:{port}/api/v1/cameras/door/mjpeg") as answer,
    ):
        assert answer.headers["content-type"] == "multipart/x-mixed-replace; boundary=popcam-picture"
        await until(lambda: rig.fleet.watched("door", "preview.jpeg") == 1)
        received = b""
        stream = answer.aiter_raw()
        for payload in (b"\xff\xd8one", b"\xff\xd8two2"):
            rig.fleet.show("door", "preview.jpeg", payload)
            while payload not in received or not received.endswith(b"--popcam-picture\r\n"):
                received += await asyncio.wait_for(anext(stream), 60)
    assert re.findall(rb"Content-Length: (\d+)", received) == [b"5", b"6"]
    await until(lambda: rig.fleet.watched("door", "preview.jpeg") == 0)


async def test_a_browser_reads_the_next_head_at_once(rig: Rig, port: int) -> None:
    head = b"--popcam-picture\r\nContent-Type: image/jpeg\r\n\r\n"
    async with (
        httpx.AsyncClient(headers={"Accept": "image/avif,image/webp,*/*;q=0.8"}, timeout=60) as client,
        client.stream("GET", f"http://127.0.0.1:{port}/api/v1/cameras/door/mjpeg") as answer,
    ):
        await until(lambda: rig.fleet.watched("door", "preview.jpeg") == 1)
        received = b""
        stream = answer.aiter_raw()
        wanted = head
        for payload in (b"\xff\xd8one", b"\xff\xd8two2"):
            rig.fleet.show("door", "preview.jpeg", payload)
            wanted += payload + b"\r\n" + head
            while len(received) < len(wanted):
                received += await asyncio.wait_for(anext(stream), 60)
        assert received == wanted


async def test_a_removed_camera_ends_the_answer(rig: Rig, port: int) -> None:
    async with (
        httpx.AsyncClient(timeout=60) as client,
        client.stream("GET", f"http://127.0.0.1:{port}/api/v1/cameras/door/mjpeg?quality=full") as answer,
    ):
        await until(lambda: rig.fleet.watched("door", "preview.jpeg.full") == 1)
        rig.store.replace({key: spec for key, spec in CAMERAS.items() if key != "door"})
        await rig.services.cameras.refresh()
        assert await asyncio.wait_for(answer.aread(), 60) == b"--popcam-picture\r\n"


async def test_an_unknown_camera_is_404(rig: Rig) -> None:
    assert (await rig.client.get("/api/v1/cameras/nobody/mjpeg")).status_code == 404


async def test_the_bound_on_viewers_holds(rig: Rig) -> None:
    rig.services.viewers = rig.services.options.max_viewers
    answer = await rig.client.get("/api/v1/cameras/door/mjpeg")
    assert (answer.status_code, answer.json()["code"]) == (503, ViewerLimitError.code)

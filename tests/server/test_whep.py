"""WHEP with a real WebRTC client that decodes what it gets."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction

import httpx
import numpy as np
import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from av import VideoFrame
from av.video.codeccontext import VideoCodecContext
from tests.server.conftest import CAMERAS, Rig, until

from popcam.server import webrtc

SDP = {"Content-Type": "application/sdp"}


class Pictures:
    """H.264 of a grey picture that gets brighter, with a keyframe every tenth."""

    def __init__(self) -> None:
        self._encoder = VideoCodecContext.create("libx264", "w")
        self._encoder.width, self._encoder.height = 320, 240
        self._encoder.pix_fmt = "yuv420p"
        self._encoder.framerate = Fraction(25)
        self._encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "g": "10", "x264-params": "keyint=10"}
        self._number = 0

    def next(self) -> tuple[bytes, int, bool]:
        """Access unit, number, whether it is a keyframe."""
        image = np.full((240, 320, 3), 40 + self._number % 100, np.uint8)
        frame = VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv420p")
        frame.pts = self._number
        packet = self._encoder.encode(frame)[0]
        self._number += 1
        return bytes(packet), self._number - 1, packet.is_keyframe


@asynccontextmanager
async def playing(rig: Rig) -> AsyncIterator[None]:
    """The camera shows pictures for as long as the block lasts."""

    async def play() -> None:
        pictures = Pictures()
        while True:
            payload, seq, keyframe = pictures.next()
            rig.fleet.show("door", "preview.h264", payload, seq=seq, keyframe=keyframe)
            await asyncio.sleep(0.02)

    task = asyncio.create_task(play())
    try:
        yield
    finally:
        task.cancel()


@asynccontextmanager
async def viewer() -> AsyncIterator[RTCPeerConnection]:
    connection = RTCPeerConnection()
    connection.addTransceiver("video", direction="recvonly")
    await connection.setLocalDescription(await connection.createOffer())
    try:
        yield connection
    finally:
        await connection.close()


async def watch(rig: Rig, connection: RTCPeerConnection, path: str = "door/whep") -> httpx.Response:
    return await rig.client.post(
        f"/api/v1/cameras/{path}", content=connection.localDescription.sdp.encode(), headers=SDP
    )


async def test_a_standard_client_sees_the_pictures(rig: Rig) -> None:
    async with playing(rig), viewer() as connection:
        answer = await watch(rig, connection)
        assert (answer.status_code, answer.headers["content-type"]) == (201, "application/sdp")
        await connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        media_track = connection.getReceivers()[0].track
        sizes = set()
        for _ in range(5):
            frame = await asyncio.wait_for(media_track.recv(), 60)
            assert isinstance(frame, VideoFrame)
            sizes.add((frame.width, frame.height))
        assert sizes == {(320, 240)}
        assert rig.fleet.watched("door", "preview.h264") == 1

        gone = await rig.client.delete(answer.headers["location"])
        assert gone.status_code == 200
        assert rig.fleet.watched("door", "preview.h264") == 0
        assert (await rig.client.delete(answer.headers["location"])).status_code == 404


async def test_a_viewer_that_leaves_is_noticed(rig: Rig) -> None:
    async with playing(rig):
        async with viewer() as connection:
            answer = await watch(rig, connection)
            await connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
            await until(lambda: rig.fleet.watched("door", "preview.h264") == 1)
        await until(lambda: len(rig.services.webrtc) == 0)
    assert rig.services.viewers == 0


async def test_a_removed_camera_ends_the_session(rig: Rig) -> None:
    async with playing(rig), viewer() as connection:
        answer = await watch(rig, connection)
        await connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        await until(lambda: rig.fleet.watched("door", "preview.h264") == 1)
        rig.store.replace({key: spec for key, spec in CAMERAS.items() if key != "door"})
        await rig.services.cameras.refresh()
        await until(lambda: len(rig.services.webrtc) == 0)


async def test_who_never_connects_is_forgotten(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webrtc, "CONNECT_TIMEOUT_S", 0.1)
    async with viewer() as connection:
        assert (await watch(rig, connection)).status_code == 201
        await until(lambda: len(rig.services.webrtc) == 0)


async def test_sessions_are_bounded(rig: Rig) -> None:
    async with viewer() as one, viewer() as two, viewer() as three:
        assert (await watch(rig, one)).status_code == 201
        assert (await watch(rig, two)).status_code == 201
        refused = await watch(rig, three)
        assert (refused.status_code, refused.json()["code"]) == (503, "live.too_many_viewers")
        await rig.services.webrtc.close_all()
        assert len(rig.services.webrtc) == 0


async def test_an_unknown_camera_is_404(rig: Rig) -> None:
    assert (await rig.client.post("/api/v1/cameras/nobody/whep", content=b"v=0", headers=SDP)).status_code == 404


NO_VIDEO = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
NO_H264 = (
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n"
    "c=IN IP4 0.0.0.0\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\na=ice-ufrag:abcd\r\n"
    f"a=ice-pwd:{'x' * 22}\r\na=fingerprint:sha-256 {':'.join(['AB'] * 32)}\r\na=setup:actpass\r\n"
)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/sdp"),
        (b"this is no offer", "application/sdp"),
        (b"m=video x y z\r\n", "application/sdp"),
        (b"\xff\xfe", "application/sdp"),
        (b"v" * 100_000, "application/sdp"),
        (NO_VIDEO.encode(), "application/sdp"),
        (NO_H264.encode(), "application/sdp"),
        (b"{}", "application/json"),
    ],
)
async def test_an_offer_that_can_not_be_answered_is_refused(rig: Rig, body: bytes, content_type: str) -> None:
    answer = await rig.client.post("/api/v1/cameras/door/whep", content=body, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["code"]) == (400, "live.offer_refused")
    assert len(rig.services.webrtc) == 0


async def test_without_the_extra_it_says_what_to_install(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "popcam.server.rtc", None)
    answer = await rig.client.post("/api/v1/cameras/door/whep", content=b"v=0", headers=SDP)
    assert (answer.status_code, answer.json()["code"]) == (501, "live.webrtc_unavailable")
    assert "popcam[webrtc]" in answer.json()["hint"]

"""A server whose cameras show made pictures, for tests of the page alone: no worker, no model, everything at hand."""

import asyncio
import threading
import time
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import av
import msgspec
import numpy as np
import uvicorn
from tests.fakes.fake_fleet import FakeFleet, FakeViewer

from popcam.cameras.service import CamerasService
from popcam.cameras.store import SettingsCameraStore
from popcam.core.clock import SystemClock
from popcam.core.facts import CameraState, Event, FaultReport, FrameFacts, PreviewFrame, Track
from popcam.core.interfaces import PreviewPicture
from popcam.core.protocol import PREVIEW_KINDS, PreviewKind
from popcam.core.spec import ActSpec, CameraSpec, SourceSpec
from popcam.server.app import create_app
from popcam.server.options import ServerOptions
from popcam.server.services import Services
from popcam.storage import Database, EventStore

Image = np.ndarray[Any, np.dtype[np.uint8]]

WIDTH_PX, HEIGHT_PX, FPS = 320, 180, 25
ROUND = 50
"""Pictures until the loop begins again; the H.264 stream has a keyframe each half of it."""

CAMERAS = {
    "door": CameraSpec(id="door", name="Front door", source=SourceSpec(url="demo:"), act=ActSpec(kind="boxes")),
    "lobby": CameraSpec(id="lobby", name="Lobby", source=SourceSpec(url="demo:"), act=ActSpec(kind="hide")),
    "yard": CameraSpec(id="yard", name="后院", source=SourceSpec(url="rtsp://10.0.0.5/main"), act=ActSpec(kind="pass")),
}
BROKEN = FaultReport(code="source.unreachable", detail="10.0.0.5:554 does not answer", at_unix_s=1.0, count=3)


def bar_left(index: int) -> float:
    """Where the bright bar of a picture begins, 0..1 of the width: it wanders, so that each picture differs."""
    return 0.8 * (index % ROUND) / ROUND


def picture(index: int) -> Image:
    """One RGB picture: a dark ramp with a bright bar."""
    ramp = np.linspace(20, 90, WIDTH_PX, dtype=np.uint8)
    image = np.stack(
        [np.broadcast_to((ramp * (share / 4)).astype(np.uint8), (HEIGHT_PX, WIDTH_PX)) for share in (1, 2, 3)], axis=-1
    ).copy()
    left = int(bar_left(index) * WIDTH_PX)
    image[40:140, left : left + WIDTH_PX // 5] = (240, 200, 60)
    return image


def encode(codec: str, options: dict[str, str], pixel_format: str, pictures: list[Image], fps: int) -> list[bytes]:
    """A round of pictures, one packet each."""
    stream = cast(av.VideoCodecContext, av.CodecContext.create(codec, "w"))
    stream.height, stream.width = pictures[0].shape[:2]
    stream.pix_fmt = pixel_format
    stream.framerate, stream.gop_size, stream.options = Fraction(fps), len(pictures) // 2, options
    frames = [av.VideoFrame.from_ndarray(image, "rgb24").reformat(format=pixel_format) for image in pictures]
    for index, frame in enumerate(frames):
        frame.pts = index
    packets = [packet for frame in [*frames, None] for packet in stream.encode(frame)]
    return [bytes(packet) for packet in packets]


@dataclass(frozen=True)
class Reel:
    """A round of pictures, packet by packet, which all cameras of a show play."""

    width_px: int
    height_px: int
    fps: int
    jpegs: list[bytes]
    h264: list[bytes]
    """A keyframe each half of the round."""


def reel(pictures: list[Image], fps: int = FPS) -> Reel:
    """Encode a round of RGB pictures for every transport."""
    options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": "scenecut=0:repeat-headers=1"}
    return Reel(
        width_px=pictures[0].shape[1],
        height_px=pictures[0].shape[0],
        fps=fps,
        jpegs=encode("mjpeg", {"qscale": "3"}, "yuvj420p", pictures, fps),
        h264=encode("libx264", options, "yuv420p", pictures, fps),
    )


class PictureShow:
    """The server in a thread of its own. Its methods may be called from the test's thread.

    Args:
        folder: for its database and logs.
        console_dir: the built console.
        port: 0 for any.
        cameras: those of a `demo:` source deliver pictures, the others can't be reached.
        shown: what the cameras show; a bright bar that wanders by default.
    """

    def __init__(
        self,
        folder: Path,
        console_dir: Path,
        port: int = 0,
        cameras: Mapping[str, CameraSpec] = CAMERAS,
        shown: Reel | None = None,
    ) -> None:
        self._folder = folder
        self._console_dir = console_dir
        self.port = port
        self.cameras = cameras
        self.delivering = [key for key, camera in cameras.items() if camera.source.url == "demo:"]
        self.fleet = FakeFleet()
        self.shows = True
        self.tracks = True
        self._behind: set[int] = set()
        self._beside: list[asyncio.Task[None]] = []
        self._reel = shown or reel([picture(index) for index in range(ROUND)])
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="picture-show")

    def start(self) -> "PictureShow":
        """Return when it answers."""
        self._thread.start()
        if not self._ready.wait(60):
            raise TimeoutError("the show does not begin")
        return self

    def stop(self) -> None:
        """Close all connections and end the thread."""
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(60)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def watched(self, camera_id: str) -> dict[PreviewKind, int]:
        """How many watch, by kind; kinds that nobody watches are left out."""
        return {kind: count for kind in PREVIEW_KINDS if (count := self.fleet.watched(camera_id, kind))}

    def report(self, camera_id: str, state: CameraState, *faults: FaultReport, **fields: Any) -> None:
        """Let a camera report, from the test's thread."""
        self._do(lambda: self.fleet.report(camera_id, state, *faults, **fields))

    def happen(self, event: Event) -> None:
        """Let something happen, from the test's thread."""
        self._do(lambda: self.fleet.happen(event))

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something go on beside the pictures until the show stops."""
        self._loop.call_soon_threadsafe(lambda: self._beside.append(self._loop.create_task(work)))

    def _do(self, work: Any) -> None:
        done: Future[None] = Future()

        def carry_out() -> None:
            work()
            done.set_result(None)

        self._loop.call_soon_threadsafe(carry_out)
        done.result(30)

    # --- in its own thread ---

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._closing = asyncio.Event()
        clock = SystemClock()
        cameras = CamerasService(
            SettingsCameraStore(self.cameras), self.fleet, clock, self._folder / "log", settle_s=0.2
        )
        await cameras.begin()
        with ExitStack() as stack:
            database = Database(self._folder / "popcam.db")
            stack.callback(database.close)
            await asyncio.to_thread(database.open)  # as the real server does: the first request does not wait for it
            services = Services(
                options=ServerOptions(
                    data_dir=self._folder, log_dir=self._folder / "log", console_dir=self._console_dir, max_viewers=50
                ),
                clock=clock,
                fleet=self.fleet,
                cameras=cameras,
                events=EventStore(database),
                started_monotonic_s=clock.monotonic_s(),
            )
            await self._answer(services)

    async def _answer(self, services: Services) -> None:
        config = uvicorn.Config(
            create_app(services),
            port=self.port,
            log_config=None,
            access_log=False,
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            lifespan="off",
            timeout_graceful_shutdown=1,
        )
        server = _Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn offers no event to wait on
            await asyncio.sleep(0.01)
        self.port = server.servers[0].sockets[0].getsockname()[1]
        self._tell_states()
        showing = asyncio.create_task(self._show())
        self._ready.set()
        await self._closing.wait()
        services.closing.set()
        for task in (showing, *self._beside):
            task.cancel()
        server.should_exit = True
        await serving

    def _tell_states(self) -> None:
        seen = {"fps": 25.0, "decoder": "h264", "width_px": 1280, "height_px": 720, "codec": "h264", "latency_ms": 12.0}
        for camera_id in self.cameras:
            if camera_id in self.delivering:
                self.fleet.report(camera_id, CameraState.RUNNING, provider="openvino-cpu", **seen)
            else:
                self.fleet.report(camera_id, CameraState.RECONNECTING, BROKEN)

    async def _show(self) -> None:
        began_s = time.monotonic()
        seq = 0
        while True:
            if self.shows:
                newest = self._reel.jpegs[seq % len(self._reel.jpegs)]
                self.fleet.snapshots.update(dict.fromkeys(self.delivering, newest))
                for camera_id in self.delivering:
                    if self.watched(camera_id):
                        self._show_one(camera_id, seq)
            seq += 1
            await asyncio.sleep(max(0.0, began_s + seq / self._reel.fps - time.monotonic()))

    def _show_one(self, camera_id: str, seq: int) -> None:
        now = time.time()
        left = bar_left(seq)
        track = Track(track_id=7, label="face", score=0.9, box=(left, 40 / 180, left + 0.2, 140 / 180), age_s=1.0)
        facts = FrameFacts(
            camera_id=camera_id,
            seq=seq,
            pts_s=seq / self._reel.fps,
            captured_unix_s=now,
            tracks=(track,) if self.tracks else (),
            cover="regions" if self.cameras[camera_id].hides_faces else "none",
        )
        header = PreviewFrame(
            camera_id=camera_id,
            seq=seq,
            pts_s=seq / self._reel.fps,
            captured_unix_s=now,
            published_unix_s=now,
            width_px=self._reel.width_px,
            height_px=self._reel.height_px,
            codec="jpeg",
            facts=facts,
        )
        for kind in PREVIEW_KINDS:
            h264 = "h264" in kind
            packets = self._reel.h264 if h264 else self._reel.jpegs
            payload = packets[seq % len(packets)]
            key = not h264 or seq % (len(packets) // 2) == 0
            mine = msgspec.structs.replace(header, codec="h264" if h264 else "jpeg", keyframe=key)
            for viewer in self.fleet.viewers.get((camera_id, kind), []):
                self._hand(viewer, PreviewPicture(mine, payload), droppable=not h264)

    def _hand(self, viewer: FakeViewer, picture: PreviewPicture, *, droppable: bool) -> None:
        """As the real fleet: a slow viewer loses old pictures, of H.264 all up to the next keyframe."""
        if not droppable and len(viewer.pictures) == viewer.pictures.maxlen:
            viewer.pictures.clear()
            self._behind.add(id(viewer))
        if picture.header.keyframe:
            self._behind.discard(id(viewer))
        if id(viewer) not in self._behind:
            viewer.pictures.append(picture)
            viewer.wake.set()


class _Server(uvicorn.Server):
    """Leaves the test process's signals alone."""

    def install_signal_handlers(self) -> None:
        return


def jpeg_bytes() -> bytes:
    """One picture as a JPEG file."""
    buffer = BytesIO()
    with av.open(buffer, "w", "mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuvj420p"
        for frame in [av.VideoFrame.from_ndarray(picture(9), "rgb24").reformat(format="yuvj420p"), None]:
            container.mux(stream.encode(frame))
    return buffer.getvalue()

"""The whole chain in a real Chromium: `popcam demo`, its workers, its pictures, and what the reader sees of them."""

import os
import signal
import sys
from base64 import b64decode
from collections.abc import Iterator

import av
import numpy as np
import pytest
from tests.e2e.browsing import Reader, until
from tests.e2e.serving import Serving, demo

from popcam.core.facts import Detection
from popcam.core.frame import Frame, Planes
from popcam.core.interfaces import Engine
from popcam.core.worker_settings import InferenceSpec
from popcam.engines import load_engine

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BOXES = "demo-boxes"
HIDDEN = "demo"
LOOKS = 12
"""Pictures that are judged; the demo's face wanders meanwhile."""

JPEG_OF = """selector => {
  const source = document.querySelector(selector);
  const width = source.naturalWidth || source.videoWidth || source.width;
  const height = source.naturalHeight || source.videoHeight || source.height;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").drawImage(source, 0, 0, width, height);
  return canvas.toDataURL("image/jpeg", 0.95).split(",")[1];
}"""

NOTE_STATES = """tile => {
  globalThis.statesTold = [];
  const note = element => {
    for (const name of ["data-camera-state", "data-state"]) {
      if (element.hasAttribute(name)) globalThis.statesTold.push(element.getAttribute(name));
    }
  };
  new MutationObserver(changes => changes.forEach(change => note(change.target))).observe(
    document.querySelector(tile),
    { subtree: true, attributes: true, attributeFilter: ["data-camera-state", "data-state"] },
  );
}"""
"""Keeps every state that a tile and its picture show from now on, however short."""


@pytest.fixture(scope="module")
def serving(console_dir: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with demo(tmp_path_factory.mktemp("demo")) as serving:
        serving.wait_delivering(BOXES)
        serving.wait_delivering(HIDDEN)
        yield serving


@pytest.fixture
def looking(serving: Serving, someone: Reader) -> Iterator[Reader]:
    """A reader in front of the open console. Whatever the browser complains about, such as the page's content security
    policy, fails the test."""
    someone.open(serving.url)
    someone.page.wait_for_selector(f'[data-camera="{BOXES}"]')
    yield someone
    assert someone.complaints == []


@pytest.fixture(scope="module")
def judge() -> Iterator[Engine]:
    """The detector that looks for faces in what the reader sees."""
    engine = load_engine("yunet", input_width_px=640, min_score=0.6, inference=InferenceSpec())
    yield engine
    engine.close()


def faces_seen(looking: Reader, judge: Engine, camera_id: str) -> list[tuple[Detection, ...]]:
    """What the detector finds in each of some pictures that are on the screen."""
    seen = []
    for _ in range(LOOKS):
        jpeg = b64decode(looking.page.evaluate(JPEG_OF, f"{looking.live(camera_id)} [data-live-picture][data-shown]"))
        seen.append(judge.infer(frame_of(jpeg)))
        looking.page.wait_for_timeout(250)
    return seen


def frame_of(jpeg: bytes) -> Frame:
    """A JPEG as a frame, as engines take it."""
    (picture,) = av.CodecContext.create("mjpeg", "r").decode(av.Packet(jpeg))
    assert isinstance(picture, av.VideoFrame)
    yuv = picture.reformat(format="yuv420p").to_ndarray()
    height, width = picture.height - picture.height % 4, picture.width
    luma = yuv[:height]
    chroma = yuv[picture.height :].reshape(2, -1, width // 2)[:, : height // 2]
    planes = Planes(*(np.ascontiguousarray(plane) for plane in (luma, chroma[0], chroma[1])))
    return Frame(planes=planes, seq=0, pts_s=0.0, captured_monotonic_s=0.0, captured_unix_s=0.0)


@pytest.mark.parametrize("transport", ["ws-h264", "ws-jpeg", "whep", "mjpeg"])
def test_the_picture_really_changes_over_each_transport(looking: Reader, transport: str) -> None:
    live = looking.live(BOXES)
    looking.page.select_option("[data-test=transport]", transport)
    looking.wait_playing(live, transport)
    for _ in range(3):
        looking.wait_changed(live, looking.pixels(live))


def test_a_followed_face_is_seen_and_boxed(looking: Reader, judge: Engine) -> None:
    live = looking.live(BOXES)
    looking.wait_playing(live)
    until(lambda: any(faces_seen(looking, judge, BOXES)), "a face in the picture", timeout_s=30)
    looking.page.wait_for_function(
        """selector => {
          const overlay = document.querySelector(selector);
          const { data } = overlay.getContext("2d").getImageData(0, 0, overlay.width, overlay.height);
          return data.some(value => value > 0);
        }""",
        arg=f"{live} .overlay",
    )


@pytest.mark.parametrize("transport", ["ws-h264", "ws-jpeg", "whep", "mjpeg"])
def test_no_face_is_seen_where_faces_are_hidden(looking: Reader, judge: Engine, transport: str) -> None:
    looking.page.select_option("[data-test=transport]", transport)
    looking.wait_playing(looking.live(HIDDEN), transport)
    assert [found for found in faces_seen(looking, judge, HIDDEN) if found] == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_worker_heals_while_the_page_is_open(looking: Reader, serving: Serving) -> None:
    live = looking.live(BOXES)
    looking.wait_playing(live)
    pid = serving.status(BOXES)["pid"]
    looking.page.evaluate("globalThis.samePage = true")
    looking.page.evaluate(NOTE_STATES, f'[data-camera="{BOXES}"]')
    os.kill(pid, signal.SIGKILL)
    assert serving.wait_delivering(BOXES, other_than_pid=pid)["pid"] != pid
    looking.wait_playing(live)
    looking.wait_changed(live, looking.pixels(live))
    assert looking.page.evaluate("globalThis.samePage") is True  # no reload
    # However soon the next worker delivered: the camera's state or the picture itself said meanwhile that it stopped.
    told = set(looking.page.evaluate("globalThis.statesTold"))
    assert told - {"running", "idle", "playing"}, f"nothing on the page said that the picture stopped: {told}"


def test_a_stopped_camera_says_so_and_plays_again_when_started(looking: Reader, serving: Serving) -> None:
    live = looking.live(BOXES)
    looking.wait_playing(live)
    serving.post(f"/api/v1/cameras/{BOXES}/stop")
    looking.page.wait_for_selector(f'[data-camera="{BOXES}"][data-camera-state="stopped"]', timeout=45_000)
    assert looking.page.inner_text(f"{live} .notice") == "Not running"
    serving.post(f"/api/v1/cameras/{BOXES}/start")
    looking.wait_playing(live)


def test_nobody_looking_means_nothing_watched(looking: Reader, serving: Serving) -> None:
    looking.wait_playing(looking.live(BOXES))
    looking.page.goto("about:blank")
    for _ in range(600):
        cameras = serving.get("/api/v1/cameras")["items"]
        if all(camera["pipeline"]["viewers"] == 0 for camera in cameras):
            return
        looking.page.wait_for_timeout(100)
    pytest.fail("a camera still has viewers")

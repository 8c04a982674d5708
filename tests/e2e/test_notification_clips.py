"""A real server with a real worker: an alert about a camera that records is told, and its clip follows."""

import base64
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from tests.fakes.hook_server import HookServer, Post
from tests.fakes.popcam_site import running_site

CAMERA = {
    "source": {"url": "synthetic:?width=320&height=240&fps=10"},
    "record": {"mode": "continuous", "segment_s": 5},
}
RULE: dict[str, Any] = {
    "name": "It plays",
    "condition": {"kind": "metric", "metric": "popcam_camera_fps", "window_s": 2, "compare": ">", "threshold": 1},
    "channels": ["hook"],
    "for_s": 6,
}


@pytest.mark.slow
def test_an_alert_is_told_at_once_and_a_clip_of_the_recording_follows(tmp_path: Path) -> None:
    with HookServer() as hook:
        channel = {"apprise_url": f"json://127.0.0.1:{hook.port}/in", "clip": True}
        alerts = {"channels": {"hook": channel}, "rules": {"plays": RULE}}
        with running_site(tmp_path, {"front": CAMERA}, alerts=alerts) as site:
            message, clip = wait(lambda: about(hook), 2)
            fired = [one["fired_unix_s"] for one in site.get("/api/v1/alerts")["items"] if one["rule_id"] == "plays"]
            site.wait_until(lambda: states(site.get("/api/v1/notifications?limit=50")) == {"sent"}, 60)
    assert 0 < message.unix_s - fired[0] < 30  # how soon: benchmarks/notify_times.py
    assert message.unix_s < clip.unix_s
    assert [one["mimetype"] for one in message.json["attachments"]] == ["image/jpeg"]
    (attached,) = clip.json["attachments"]
    assert (clip.json["title"], attached["mimetype"]) == ("Clip: It plays - front", "video/mp4")
    with av.open(io.BytesIO(base64.b64decode(attached["base64"])), "r") as video:
        pictures = list(video.decode(video=0))
    assert {(frame.width, frame.height) for frame in pictures} == {(320, 240)}
    assert len(pictures) > 50


def about(hook: HookServer) -> list[Post]:
    return [post for post in hook.posts if "It plays" in post.json["title"]]


def states(page: dict[str, Any]) -> set[str]:
    return {one["state"] for one in page["items"]}


def wait(found: Callable[[], list[Post]], number: int) -> list[Post]:
    end_s = time.monotonic() + 90
    while len(found()) < number:
        assert time.monotonic() < end_s, "it did not arrive"
        time.sleep(0.05)
    return found()

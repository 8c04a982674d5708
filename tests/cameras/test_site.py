"""A real server with real workers: an edit by hand changes one pipeline; its stream and its neighbour go on."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.popcam_site import Site, running_site

SYNTHETIC = {"source": {"url": "synthetic:", "width_px": 320, "height_px": 180, "fps": 10}, "gate": {"enabled": False}}
WITHIN_S = 15.0


def edit(site: Site, camera_id: str, **changes: Any) -> float:
    """Change a camera in the file as an editor does, and give the time."""
    settings = json.loads(site.settings_file.read_text("utf-8"))
    settings["cameras"][camera_id].update(changes)
    beside = site.settings_file.with_suffix(".new")
    beside.write_text(json.dumps(settings, indent=1), "utf-8")
    beside.replace(site.settings_file)
    return time.monotonic()


def act(site: Site, camera_id: str) -> str:
    kind: str = site.camera(camera_id)["act"]
    return kind


@pytest.mark.slow
def test_an_edit_by_hand_keeps_the_stream_open_and_the_neighbour_untouched(tmp_path: Path) -> None:
    with running_site(tmp_path, {"door": SYNTHETIC, "yard": SYNTHETIC}, workers={"count": 1}) as site:
        for camera_id in ("door", "yard"):
            site.wait_frames(camera_id, 5)
        before = {camera_id: site.camera(camera_id) for camera_id in ("door", "yard")}
        edited_s = edit(site, "door", act={"kind": "pass"})
        site.wait_until(lambda: act(site, "door") == "pass")
        assert time.monotonic() - edited_s < WITHIN_S
        for camera_id, was in before.items():
            site.wait_frames(camera_id, was["pipeline"]["frames"] + 10)
            now = site.camera(camera_id)
            assert now["status"]["pid"] == was["status"]["pid"]
            assert now["status"]["restarts"] == 0
            assert now["pipeline"]["reconnects"] == 0
        assert site.camera("yard")["pipeline"]["since_unix_s"] == before["yard"]["pipeline"]["since_unix_s"]


@pytest.mark.slow
def test_a_mistake_in_the_file_stops_no_camera(tmp_path: Path) -> None:
    with running_site(tmp_path, {"door": SYNTHETIC}, workers={"count": 1}) as site:
        site.wait_frames("door", 5)
        edit(site, "door", nmae="x")
        site.wait_until(lambda: "did you mean `name`" in site.log())
        frames = site.camera("door")["pipeline"]["frames"]
        site.wait_frames("door", frames + 5)
        assert site.camera("door")["status"]["restarts"] == 0

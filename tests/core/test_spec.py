"""What a camera's settings may be. pydantic checks them here as the settings loader does."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from popcam.core.spec import CameraSpec, RestreamSpec, SourceSpec, source_kind

CAMERA = TypeAdapter(CameraSpec)


def camera(**changes: Any) -> CameraSpec:
    return CAMERA.validate_python({"id": "front", "source": {"url": "demo:"}, **changes})


def test_a_source_is_all_that_a_camera_needs() -> None:
    assert camera().act.kind == "boxes"


def test_a_camera_without_a_name_is_called_by_its_id() -> None:
    assert camera().display_name == "front"
    assert camera(name="Front door").display_name == "Front door"


def test_only_the_act_hide_hides_faces() -> None:
    assert camera(act={"kind": "hide"}).hides_faces
    assert not camera(act={"kind": "pass"}).hides_faces


@pytest.mark.parametrize(
    "changes",
    [
        {"sauce": 1},
        {"source": {"url": ""}},
        {"source": {"url": "demo:", "transport": "pigeon"}},
        {"source": {"url": "demo:", "open_timeout_s": 0}},
        {"gate": {"sensitivity": 1.1}},
        {"gate": {"masks": [[[0, 0], [1, 1]]]}},
        {"zones": [{"name": "z", "points": [[0, 0], [0, 2], [1, 1]]}]},
        {"zones": [{"name": "", "points": [[0, 0], [0, 1], [1, 1]]}]},
        {"lines": [{"name": "l", "start": [0, 0]}]},
        {"act": {"style": "glitter"}},
        {"detect": {"input_width_px": 63}},
        {"record": {"max_size_gb": 0}},
        {"id": "x" * 65},
    ],
    ids=str,
)
def test_impossible_settings_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        camera(**changes)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("rtsp://h/x", "rtsp"),
        ("RTSPS://h/x", "rtsp"),
        ("http://h/x", "http"),
        ("https://h/x.m3u8", "http"),
        ("device:/dev/video0", "device"),
        ("synthetic:", "synthetic"),
        ("demo:", "demo"),
        ("images:/pictures", "images"),
        ("/films/a.mp4", "file"),
        ("a.mp4", "file"),
        ("C:\\films\\a.mp4", "file"),
    ],
)
def test_address_tells_the_kind_of_source(url: str, kind: str) -> None:
    assert source_kind(url) == kind


def test_printed_specs_hold_no_credentials() -> None:
    source = SourceSpec(url="rtsp://admin:secret@h/x", username="root", password="hidden")
    shown = repr([source, RestreamSpec(url="rtmp://u:secret@h")])
    assert not [word for word in ("secret", "hidden", "admin", "root") if word in shown]

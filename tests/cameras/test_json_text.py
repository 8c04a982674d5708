"""Settings files in JSON: one camera is edited, every other byte stays, and the places of all keys are known."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from popcam.cameras.json_text import edited_json
from popcam.cameras.store import Edit
from popcam.config import Settings, load_settings
from popcam.config.loading import settings_of_text
from popcam.core.spec import CameraSpec, SourceSpec, ZoneSpec

FILE = {
    "server": {"port": 8090},
    "cameras": {
        "a": {"name": 'Ä 摄像头 📷 "quoted" \\ \u2028', "source": "demo:", "groups": ["x"]},
        "b": {"source": {"url": "rtsp://10.0.0.5/main", "username": "u", "password": "s3cret: {"}, "active": False},
        "c": {"source": "demo:", "zones": [{"name": "z", "points": [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]}]},
    },
    "log": {"level": "debug"},
}
STYLES: list[dict[str, Any]] = [{}, {"indent": 2}, {"indent": 1}, {"separators": (",", ":")}]


def written(style: dict[str, Any]) -> str:
    return json.dumps(FILE, ensure_ascii=False, **style).replace("\u2028", "\\u2028") + "\n"


def settings_in(path: Path, text: str) -> Settings:
    path.write_text(text, "utf-8")
    return load_settings(path, {})


def edit_of(settings: Settings, camera_id: str, **changes: Any) -> Edit:
    before = settings.cameras[camera_id]
    return Edit(camera_id, before, replace(before, **changes))


def check_edit(tmp_path: Path, text: str, edit: Edit) -> str:
    """The text after the edit, which says what is wanted, all of it where it is said to stand."""
    now = settings_in(tmp_path / "popcam.yaml", text)
    done = edited_json(text, edit, now, tmp_path)
    assert done is not None
    changed, settings = done
    assert now.loading is not None
    again = settings_of_text(changed.encode(), now.loading)
    wanted = {key: camera for key, camera in now.cameras.items() if key != edit.camera_id}
    if edit.after is not None:
        wanted[edit.camera_id] = edit.after
    assert settings.cameras == again.cameras == wanted
    assert settings.server == again.server
    assert settings.loading is not None
    assert again.loading is not None
    own = {path for path in again.loading.origins if len(path) < 3 or path[1] != edit.camera_id}
    assert {key: settings.loading.origins[key] for key in own} == {key: again.loading.origins[key] for key in own}
    return changed


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("camera_id", ["a", "b", "c"])
def test_a_camera_gets_another_name_and_the_others_keep_their_bytes(
    tmp_path: Path, style: dict[str, Any], camera_id: str
) -> None:
    text = written(style)
    edit = edit_of(settings_in(tmp_path / "popcam.yaml", text), camera_id, name="New 名称\u2028 📷\u0085")
    changed = json.loads(check_edit(tmp_path, text, edit))
    assert changed["cameras"].pop(camera_id)["name"] == "New 名称\u2028 📷\u0085"
    others = json.loads(text)
    del others["cameras"][camera_id]
    assert changed == others


@pytest.mark.parametrize("style", STYLES)
def test_a_short_address_stays_short(tmp_path: Path, style: dict[str, Any]) -> None:
    text = written(style)
    edit = edit_of(settings_in(tmp_path / "popcam.yaml", text), "a", source=SourceSpec(url="synthetic:"))
    assert json.loads(check_edit(tmp_path, text, edit))["cameras"]["a"]["source"] == "synthetic:"


@pytest.mark.parametrize("style", STYLES)
def test_zones_come_and_go(tmp_path: Path, style: dict[str, Any]) -> None:
    text = written(style)
    zone = ZoneSpec(name="step", points=((0.0, 0.0), (1.0, 0.0), (1.0, 1e-05)))
    now = settings_in(tmp_path / "popcam.yaml", text)
    check_edit(tmp_path, text, edit_of(now, "c", zones=(*now.cameras["c"].zones, zone)))
    check_edit(tmp_path, text, edit_of(now, "c", zones=()))
    check_edit(tmp_path, text, edit_of(now, "a", zones=(zone,)))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("camera_id", ["a", "b", "c"])
def test_a_camera_goes(tmp_path: Path, style: dict[str, Any], camera_id: str) -> None:
    text = written(style)
    now = settings_in(tmp_path / "popcam.yaml", text)
    changed = check_edit(tmp_path, text, Edit(camera_id, now.cameras[camera_id], None))
    assert list(json.loads(changed)["cameras"]) == [key for key in "abc" if key != camera_id]


@pytest.mark.parametrize("style", STYLES)
def test_a_camera_comes_last(tmp_path: Path, style: dict[str, Any]) -> None:
    text = written(style)
    new = CameraSpec(id="new", name="New", source=SourceSpec(url="demo:"), groups=("g",))
    changed = check_edit(tmp_path, text, Edit("new", None, new))
    assert list(json.loads(changed)["cameras"]) == ["a", "b", "c", "new"]


@pytest.mark.parametrize(
    "text",
    [
        "cameras: {a: {source: 'demo:'}}\n",
        '{"cameras": {a: {"source": "demo:"}}}\n',
        '{"cameras": {"a": {"source": "demo:"} # JSON has no comments\n}}\n',
        '{"cameras": {"a": {"source": \'demo:\'}}}\n',
        '{\n\t"cameras": {"a": {"source": "demo:"}}}\n',
    ],
)
def test_what_is_no_plain_json_is_declined(tmp_path: Path, text: str) -> None:
    spaced = text.replace("\t", "  ")
    now = settings_in(tmp_path / "popcam.yaml", spaced)
    edit = edit_of(now, "a", name="New")
    assert edited_json(text, edit, now, tmp_path) is None


def test_a_camera_that_a_variable_speaks_of_is_declined(tmp_path: Path) -> None:
    path = tmp_path / "popcam.yaml"
    path.write_text(written({}), "utf-8")
    now = load_settings(path, {"POPCAM_CAMERAS__A__NAME": "By a variable"})
    assert edited_json(written({}), edit_of(now, "a", name="New"), now, tmp_path) is None

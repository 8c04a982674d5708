"""Rules of cameras."""

from dataclasses import replace

import pytest

from popcam.cameras.model import CameraChanges, CameraView, changes, desired, surviving_overrides
from popcam.core.facts import CameraState, CameraStatus
from popcam.core.spec import CameraSpec, SourceSpec

DOOR = CameraSpec(id="door", source=SourceSpec(url="demo:"))
YARD = CameraSpec(id="yard", source=SourceSpec(url="demo:"), auto_start=False)
ATTIC = CameraSpec(id="attic", source=SourceSpec(url="demo:"), active=False)
ALL = {"door": DOOR, "yard": YARD, "attic": ATTIC}


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({}, {"door"}),
        ({"yard": True}, {"door", "yard"}),
        ({"door": False}, set()),
        ({"attic": True}, {"door"}),
        ({"unknown": True}, {"door"}),
    ],
)
def test_what_runs_is_what_was_said_last_of_active_cameras(overrides: dict[str, bool], expected: set[str]) -> None:
    assert set(desired(ALL, overrides)) == expected


def test_changes_name_what_came_went_and_differs() -> None:
    new = {"door": replace(DOOR, name="Front"), "yard": YARD, "gate": replace(DOOR, id="gate")}
    assert changes(ALL, new) == CameraChanges(added=("gate",), removed=("attic",), changed=("door",))


def test_the_same_is_no_change() -> None:
    assert not changes(ALL, dict(ALL))


def test_a_persons_wish_outlives_other_changes_of_the_camera() -> None:
    assert surviving_overrides({"yard": True}, ALL, {**ALL, "yard": replace(YARD, name="Back")}) == {"yard": True}


def test_a_newer_wish_in_the_settings_replaces_it() -> None:
    assert surviving_overrides({"yard": True}, ALL, {**ALL, "yard": replace(YARD, active=False)}) == {}
    assert surviving_overrides({"door": False}, ALL, {**ALL, "door": replace(DOOR, auto_start=False)}) == {}


def test_a_wish_ends_with_its_camera() -> None:
    assert surviving_overrides({"door": False}, ALL, {}) == {}


def status(state: CameraState) -> CameraStatus:
    return CameraStatus(camera_id="door", state=state, since_unix_s=0.0, at_unix_s=0.0)


@pytest.mark.parametrize(
    ("state", "pid", "running"),
    [
        (CameraState.RUNNING, 7, True),
        (CameraState.RECONNECTING, 7, True),
        (CameraState.RUNNING, None, False),
        (CameraState.FAILED, 7, False),
        (CameraState.STOPPED, None, False),
    ],
)
def test_a_camera_runs_while_a_worker_holds_it(state: CameraState, pid: int | None, running: bool) -> None:
    assert CameraView(DOOR, True, status(state), pid, "").running is running


def test_a_wanted_camera_that_never_reported_is_starting() -> None:
    assert CameraView(DOOR, True, None, None, "").state is CameraState.STARTING
    assert CameraView(DOOR, False, None, None, "").state is CameraState.STOPPED

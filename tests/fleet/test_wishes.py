"""What cameras shall do, and for how long they run on their sub streams."""

import pytest
from tests.fleet.bench import camera

from popcam.core.errors import CameraNotRunningError, RecoveryRefusedError
from popcam.core.spec import CameraSpec, SourceSpec
from popcam.fleet.wishes import Wishes, on_sub_stream

SUB = SourceSpec(url="fake:sub")
DOOR = CameraSpec(id="door", source=SourceSpec(url="fake:main"), sub_source=SUB)


@pytest.fixture
def wishes() -> Wishes:
    wishes = Wishes()
    wishes.apply({"door": DOOR, "yard": camera("yard")})
    return wishes


def test_everything_comes_from_the_sub_stream(wishes: Wishes) -> None:
    wishes.use_sub_stream("door", on=True)
    assert wishes.desired["door"] == CameraSpec(id="door", source=SUB)
    assert wishes.desired["yard"] == camera("yard")
    assert wishes.on_sub == {"door"}


def test_it_ends_when_somebody_says_so(wishes: Wishes) -> None:
    wishes.use_sub_stream("door", on=True)
    wishes.use_sub_stream("door", on=False)
    assert wishes.desired["door"] == DOOR


def test_it_survives_that_others_change(wishes: Wishes) -> None:
    wishes.use_sub_stream("door", on=True)
    wishes.apply({"door": DOOR})
    assert wishes.desired["door"].source == SUB


def test_a_change_of_the_camera_ends_it(wishes: Wishes) -> None:
    wishes.use_sub_stream("door", on=True)
    changed = CameraSpec(id="door", name="Door", source=DOOR.source, sub_source=SUB)
    wishes.apply({"door": changed})
    assert wishes.desired["door"] == changed
    assert not wishes.on_sub


def test_who_goes_and_comes_back_runs_on_its_main_stream(wishes: Wishes) -> None:
    wishes.use_sub_stream("door", on=True)
    wishes.apply({})
    wishes.apply({"door": DOOR})
    assert wishes.desired["door"] == DOOR


def test_without_a_sub_stream_it_is_refused(wishes: Wishes) -> None:
    with pytest.raises(RecoveryRefusedError, match="yard has no sub stream"):
        wishes.use_sub_stream("yard", on=True)
    assert wishes.desired["yard"] == camera("yard")


def test_a_camera_that_is_not_wanted_is_refused(wishes: Wishes) -> None:
    with pytest.raises(CameraNotRunningError):
        wishes.use_sub_stream("nobody", on=True)


def test_a_camera_without_sub_stream_stays_as_it_is() -> None:
    assert on_sub_stream(camera("yard")) == camera("yard")

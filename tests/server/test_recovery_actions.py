"""What recovery does to cameras and workers, and when it counts as helped."""

from collections.abc import Mapping

import pytest
from tests.fakes.fake_fleet import FakeFleet
from tests.server.conftest import Rig

from popcam.alerts.recovery_model import Order
from popcam.core.alerts import AlertKey, CommandSpec, RecoveryKind
from popcam.core.errors import RecoveryRefusedError
from popcam.core.facts import CameraState
from popcam.core.protocol import Done, RebootOnvif
from popcam.server.recovery_actions import RecoveryActions

COMMANDS: Mapping[str, CommandSpec] = {"say": CommandSpec(argv=("echo", "{camera}", "{worker}"))}
LONG_AGO = 1_000_000_000.0
TOMORROW = 4_000_000_000.0


@pytest.fixture
def actions(rig: Rig) -> RecoveryActions:
    return RecoveryActions(rig.services.cameras, rig.fleet, COMMANDS)


def on_door(action: RecoveryKind, target: str = "") -> Order:
    return Order(action, target, camera_id="door", key=AlertKey("camera-offline", "door"))


async def test_it_opens_a_stream_again(actions: RecoveryActions, fleet: FakeFleet) -> None:
    await actions.carry_out(on_door("restart_stream"))
    assert fleet.restarted_streams == ["door"]


async def test_it_restarts_a_camera(actions: RecoveryActions, fleet: FakeFleet) -> None:
    await actions.carry_out(on_door("restart_camera"))
    assert fleet.restarted == ["door"]


async def test_it_moves_a_camera_and_says_where_to(actions: RecoveryActions) -> None:
    assert await actions.carry_out(on_door("move_camera")) == "moved to worker fake-2"


async def test_it_restarts_the_worker_that_runs_the_camera(actions: RecoveryActions, fleet: FakeFleet) -> None:
    assert actions.subject_of(on_door("restart_worker")) == "fake-1"
    await actions.carry_out(on_door("restart_worker"))
    assert fleet.restarted_workers == ["fake-1"]


async def test_it_takes_the_sub_stream_and_goes_back(actions: RecoveryActions, fleet: FakeFleet) -> None:
    await actions.carry_out(on_door("use_sub_stream"))
    assert fleet.on_sub_stream == {"door"}
    await actions.carry_out(on_door("use_sub_stream", "main"))
    assert fleet.on_sub_stream == set()


async def test_it_asks_the_camera_itself_with_its_password(actions: RecoveryActions, fleet: FakeFleet) -> None:
    fleet.answers.append(Done())
    await actions.carry_out(on_door("onvif_reboot"))
    ((question, _),) = fleet.questions
    assert isinstance(question, RebootOnvif)
    assert (question.username, question.password) == ("admin", "s3cret")


@pytest.mark.parametrize(("target", "address"), [("", "10.0.0.5"), ("2020", "10.0.0.5:2020")])
async def test_it_asks_at_the_usual_port_or_the_one_that_the_rule_names(
    actions: RecoveryActions, fleet: FakeFleet, target: str, address: str
) -> None:
    fleet.answers.append(Done())
    await actions.carry_out(on_door("onvif_reboot", target))
    ((question, _),) = fleet.questions
    assert isinstance(question, RebootOnvif)
    assert question.address == address


async def test_what_is_in_no_network_is_not_asked(actions: RecoveryActions, fleet: FakeFleet) -> None:
    with pytest.raises(RecoveryRefusedError, match="no camera in a network"):
        await actions.carry_out(Order("onvif_reboot", camera_id="yard"))
    assert fleet.questions == []


async def test_it_runs_a_command_of_the_settings_alone(actions: RecoveryActions) -> None:
    assert await actions.carry_out(on_door("command", "say")) == "door"
    with pytest.raises(RecoveryRefusedError, match="no command 'rm'"):
        await actions.carry_out(on_door("command", "rm"))


@pytest.mark.parametrize("action", ["restart_stream", "restart_camera", "move_camera", "use_sub_stream"])
def test_an_action_on_cameras_needs_one_that_exists(actions: RecoveryActions, action: RecoveryKind) -> None:
    with pytest.raises(RecoveryRefusedError):
        actions.subject_of(Order(action))
    with pytest.raises(RecoveryRefusedError):
        actions.subject_of(Order(action, camera_id="nobody"))


async def test_a_worker_that_is_not_there_is_refused(actions: RecoveryActions, fleet: FakeFleet) -> None:
    fleet.worker_lives = False
    with pytest.raises(RecoveryRefusedError, match="no worker"):
        actions.subject_of(on_door("restart_worker"))


@pytest.mark.parametrize(
    ("order", "subject"),
    [
        (on_door("webhook"), "door"),
        (Order("webhook", worker_id="fake-1"), "fake-1"),
        (Order("command", key=AlertKey("disk-nearly-full", "/data")), "/data"),
        (Order("command", key=AlertKey("error-rate")), "popcam"),
    ],
)
def test_what_needs_no_camera_acts_on_what_the_alert_is_about(
    actions: RecoveryActions, order: Order, subject: str
) -> None:
    assert actions.subject_of(order) == subject


async def test_a_camera_is_well_with_frames_since_then(actions: RecoveryActions, fleet: FakeFleet) -> None:
    fleet.report("door", CameraState.RUNNING, received_fps=15.0)
    assert actions.is_well(on_door("restart_camera"), LONG_AGO)
    assert not actions.is_well(on_door("restart_camera"), TOMORROW)


@pytest.mark.parametrize("state", [CameraState.RECONNECTING, CameraState.FAILED, CameraState.STARTING])
async def test_a_camera_that_plays_nothing_is_not_well(
    actions: RecoveryActions, fleet: FakeFleet, state: CameraState
) -> None:
    fleet.report("door", state, received_fps=15.0)
    assert not actions.is_well(on_door("restart_camera"), LONG_AGO)


async def test_a_camera_without_frames_is_not_well(actions: RecoveryActions, fleet: FakeFleet) -> None:
    fleet.report("door", CameraState.RUNNING)
    assert not actions.is_well(on_door("restart_camera"), LONG_AGO)


def test_a_worker_is_well_once_it_answers(actions: RecoveryActions) -> None:
    order = Order("restart_worker", worker_id="fake-1")
    assert actions.is_well(order, LONG_AGO)
    assert not actions.is_well(order, TOMORROW)


def test_what_is_neither_is_well(actions: RecoveryActions) -> None:
    assert actions.is_well(Order("webhook"), LONG_AGO)

"""The plan: what follows from what, and what holds for every view."""

import dataclasses
from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fleet.bench import camera, cameras

from popcam.core.spec import CameraSpec
from popcam.fleet.plan import (
    FleetView,
    Phase,
    Placed,
    Retire,
    Spawn,
    Standing,
    Start,
    Stop,
    WorkerView,
    place,
    plan,
    shared_slots,
    solo_slot,
)


def ready(slot: str, placed: Mapping[str, CameraSpec] | None = None, **more: object) -> WorkerView:
    held = {camera_id: Placed(spec) for camera_id, spec in (placed or {}).items()}
    return dataclasses.replace(WorkerView(slot, Phase.READY, held), **more)  # type: ignore[arg-type]


def test_nothing_wanted_needs_nothing() -> None:
    assert plan(FleetView({})) == ()


def test_a_camera_without_a_worker_needs_one() -> None:
    assert plan(FleetView(cameras(a="ok"))) == (Spawn("w1"),)


def test_cameras_go_to_the_least_loaded_worker() -> None:
    view = FleetView(cameras(a="ok", b="ok", c="ok"), shared_limit=2, homes={"a": "w1"})
    assert place(view) == {"a": "w1", "b": "w2", "c": "w1"}


def test_a_resting_slot_is_the_last_choice() -> None:
    view = FleetView(cameras(a="ok"), shared_limit=2, slot_waits=frozenset({"w1"}))
    assert place(view) == {"a": "w2"}


def test_no_more_processes_start_than_allowed() -> None:
    view = FleetView(cameras(a="ok", b="ok", c="ok"), shared_limit=3, spawns=2)
    assert plan(view) == (Spawn("w1"), Spawn("w2"))


def test_a_ready_worker_gets_its_camera() -> None:
    assert plan(FleetView(cameras(a="ok"), (ready("w1"),))) == (Start("w1", "a"),)


def test_a_running_camera_needs_nothing() -> None:
    assert plan(FleetView(cameras(a="ok"), (ready("w1", cameras(a="ok")),), homes={"a": "w1"})) == ()


def test_a_changed_camera_is_updated_where_it_is() -> None:
    view = FleetView(cameras(a="changed"), (ready("w1", cameras(a="ok")),), homes={"a": "w1"})
    assert plan(view) == (Start("w1", "a", update=True),)


def test_an_unconfirmed_start_is_sent_again() -> None:
    worker = WorkerView("w1", Phase.READY, {"a": Placed(camera("a"), confirmed=False)})
    assert plan(FleetView(cameras(a="ok"), (worker,))) == (Start("w1", "a", update=True),)


def test_a_busy_camera_is_left_alone() -> None:
    worker = WorkerView("w1", Phase.READY, {"a": Placed(None, confirmed=False, busy=True)})
    assert plan(FleetView(cameras(a="ok"), (worker,))) == ()


def test_an_unwanted_camera_is_stopped() -> None:
    assert plan(FleetView({}, (ready("w1", cameras(a="ok")),))) == (Stop("w1", "a"),)


def test_a_camera_that_restarts_is_stopped_first() -> None:
    worker = WorkerView("w1", Phase.READY, {"a": Placed(camera("a"), restarting=True)})
    assert plan(FleetView(cameras(a="ok"), (worker,))) == (Stop("w1", "a"),)


def test_a_suspect_starts_alone_only_after_the_old_worker_let_go() -> None:
    suspects = {"a": Standing.PROBATION}
    view = FleetView(cameras(a="ok"), (ready("w1", cameras(a="ok")),), {"a": "w1"}, suspects)
    assert plan(view) == (Stop("w1", "a"),)
    assert plan(dataclasses.replace(view, workers=(ready("w1"),))) == (Spawn("solo-a"),)


def test_a_slot_in_its_back_off_is_not_started() -> None:
    assert plan(FleetView(cameras(a="ok"), slot_waits=frozenset({"w1"}))) == ()


def test_a_camera_in_its_back_off_is_not_started() -> None:
    assert plan(FleetView(cameras(a="ok"), (ready("w1"),), camera_waits=frozenset({"a"}))) == ()


def test_a_worker_that_is_ending_is_not_replaced_before_it_is_gone() -> None:
    assert plan(FleetView(cameras(a="ok"), (WorkerView("w1", Phase.STOPPING),))) == ()


def test_an_idle_worker_ends_after_its_time() -> None:
    assert plan(FleetView({}, (ready("w1", idle_s=1.0),), idle_linger_s=2.0)) == ()
    assert plan(FleetView({}, (ready("w1", idle_s=2.0),), idle_linger_s=2.0)) == (Retire("w1"),)


def test_a_worker_beyond_the_limit_ends_at_once() -> None:
    assert plan(FleetView({}, (ready("w9"),), shared_limit=2)) == (Retire("w9"),)


# --- what holds for every view ---

IDS = ("a", "b", "c", "d")
SLOTS = (*shared_slots(3), *(solo_slot(camera_id) for camera_id in IDS))
specs = st.sampled_from(("ok", "other"))
placed = st.builds(
    Placed,
    st.one_of(st.none(), specs.map(lambda behaviour: camera("x", behaviour))),
    confirmed=st.booleans(),
    busy=st.booleans(),
    restarting=st.booleans(),
)
workers = st.lists(
    st.builds(
        WorkerView,
        st.sampled_from(SLOTS),
        st.sampled_from(Phase),
        st.dictionaries(st.sampled_from(IDS), placed),
        st.floats(0, 60),
    ),
    unique_by=lambda worker: worker.slot,
    max_size=5,
)
views = st.builds(
    FleetView,
    st.dictionaries(st.sampled_from(IDS), specs).map(
        lambda wanted: {camera_id: camera(camera_id, behaviour) for camera_id, behaviour in wanted.items()}
    ),
    workers.map(tuple),
    st.dictionaries(st.sampled_from(IDS), st.sampled_from(SLOTS)),
    st.dictionaries(st.sampled_from(IDS), st.sampled_from(Standing)),
    st.frozensets(st.sampled_from(SLOTS)),
    st.frozensets(st.sampled_from(IDS)),
    st.integers(1, 3),
    st.integers(0, 4),
)


@given(views)
def test_the_same_view_gives_the_same_plan(view: FleetView) -> None:
    assert plan(view) == plan(view)


@given(views)
def test_a_camera_is_started_on_one_worker_and_never_beside_another(view: FleetView) -> None:
    starts = [action for action in plan(view) if isinstance(action, Start)]
    assert len({start.camera_id for start in starts}) == len(starts)
    for start in starts:
        holders = {worker.slot for worker in view.workers if start.camera_id in worker.cameras}
        assert holders <= {start.slot}


@given(views)
def test_a_suspect_is_only_ever_started_alone(view: FleetView) -> None:
    for action in plan(view):
        if isinstance(action, Start):
            trusted = view.standings.get(action.camera_id, Standing.SHARED) is Standing.SHARED
            assert action.slot.startswith("w") if trusted else action.slot == solo_slot(action.camera_id)


@given(views)
def test_only_a_ready_worker_is_told_anything(view: FleetView) -> None:
    ready_slots = {worker.slot for worker in view.workers if worker.phase is Phase.READY}
    assert {action.slot for action in plan(view) if not isinstance(action, Spawn)} <= ready_slots


@given(views)
def test_no_second_worker_is_started_for_a_slot_and_never_too_many(view: FleetView) -> None:
    spawns = [action.slot for action in plan(view) if isinstance(action, Spawn)]
    assert not set(spawns) & {worker.slot for worker in view.workers}
    assert len(set(spawns)) == len(spawns) <= view.spawns
    assert not set(spawns) & view.slot_waits


@settings(max_examples=100)
@given(views)
def test_it_settles_with_every_wanted_camera_running_once(view: FleetView) -> None:
    """Carried out by workers that obey, from any state: the plans come to an end, and then all is as wanted."""
    view = dataclasses.replace(view, slot_waits=frozenset(), camera_waits=frozenset(), spawns=max(1, view.spawns))
    for _ in range(40):
        before, view = view, _obey(view)
        if view == before:
            break
    else:
        raise AssertionError("it does not settle")
    running = [(camera_id, held.spec) for worker in view.workers for camera_id, held in worker.cameras.items()]
    assert sorted(camera_id for camera_id, _ in running) == sorted(view.desired)
    assert all(view.desired[camera_id] == spec for camera_id, spec in running)


def _obey(view: FleetView) -> FleetView:
    """One round of an ideal world: commands under way are answered, then the plan's actions are carried out."""
    homes = place(view)
    actions = plan(view)
    held = {
        worker.slot: {camera_id: dataclasses.replace(one, busy=False) for camera_id, one in worker.cameras.items()}
        for worker in view.workers
        if worker.phase is not Phase.STOPPING
    }
    for action in actions:
        match action:
            case Spawn():
                held[action.slot] = {}
            case Retire():
                held.pop(action.slot, None)
            case Start():
                held[action.slot][action.camera_id] = Placed(view.desired[action.camera_id])
            case Stop():
                held[action.slot].pop(action.camera_id, None)
    after = tuple(WorkerView(slot, Phase.READY, cameras_, 60.0) for slot, cameras_ in held.items())
    return dataclasses.replace(view, workers=after, homes={**view.homes, **homes})

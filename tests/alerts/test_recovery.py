"""Recovery over a real database: what begins, what does not, and what is known of it afterwards."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from tests.fakes.fresh_database import fresh_database

from popcam.alerts import recovery_doing
from popcam.alerts.recovery import RecoveryService
from popcam.alerts.recovery_model import CUT_OFF, Order
from popcam.core.alerts import Alert, AlertKey, AlertRuleSpec, AlertState, RecoveryRun, RecoverySpec
from popcam.core.clock import SystemClock
from popcam.core.errors import RecoveryFailedError, RecoveryRefusedError
from popcam.storage.database import Database

FAST = RecoverySpec(action="restart_stream", backoff_s=1.0, verify_s=1.0)


class Hands:
    """Actions that only remember what they were asked for; a test says how they go."""

    def __init__(self) -> None:
        self.done: list[Order] = []
        self.well = True
        self.fails: Exception | None = None
        self.holds_on: asyncio.Event | None = None
        self.at_once = self.most_at_once = 0

    def subject_of(self, order: Order) -> str:
        subject = order.worker_id if order.action == "restart_worker" else order.camera_id
        if not subject:
            raise RecoveryRefusedError("there is nothing that it could act on")
        return subject

    async def carry_out(self, order: Order) -> str:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if self.holds_on is not None:
                await self.holds_on.wait()
            if self.fails is not None:
                raise self.fails
            self.done.append(order)
            return "done"
        finally:
            self.at_once -= 1

    def is_well(self, order: Order, since_unix_s: float) -> bool:
        del order, since_unix_s
        return self.well


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = fresh_database(tmp_path / "popcam.db")
    yield database
    database.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery_doing, "LOOK_EVERY_S", 0.01)


@pytest.fixture
def hands() -> Hands:
    return Hands()


async def started(database: Database, hands: Hands, *, enabled: bool = True) -> RecoveryService:
    service = RecoveryService(database, hands, SystemClock(), enabled=enabled, chance=lambda: 0.0)
    await service.start()
    await until(lambda: service.ready)
    return service


@pytest.fixture
async def service(database: Database, hands: Hands) -> AsyncIterator[RecoveryService]:
    service = await started(database, hands)
    yield service
    await service.stop()


def alert(
    camera_id: str = "door", *, state: AlertState = "firing", active_s: float | None = None, inhibited_by: str = ""
) -> Alert:
    since_s = SystemClock().unix_s() - 10.0 if active_s is None else active_s
    return Alert(
        key=AlertKey("camera-frozen", camera_id),
        name="Camera frozen",
        severity="critical",
        state=state,
        since_unix_s=since_s,
        active_unix_s=since_s,
        fired_unix_s=since_s,
        camera_id=camera_id,
        inhibited_by=inhibited_by,
    )


def rule(*recovery: RecoverySpec) -> AlertRuleSpec:
    return AlertRuleSpec(name="Camera frozen", recovery=recovery)


def look(service: RecoveryService, *firing: tuple[Alert, AlertRuleSpec]) -> None:
    service.consider(firing, SystemClock().unix_s())


async def runs_until(service: RecoveryService, condition: Callable[[list[RecoveryRun]], bool]) -> list[RecoveryRun]:
    async with asyncio.timeout(60):
        while True:
            found = list(await service.runs())
            if condition(found):
                return found
            await asyncio.sleep(0.01)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event to wait on
            await asyncio.sleep(0.01)


async def ended(service: RecoveryService, count: int = 1) -> list[RecoveryRun]:
    return await runs_until(service, lambda runs: len([one for one in runs if one.ended_unix_s is not None]) >= count)


async def test_a_fault_that_is_gone_after_the_action_is_recovered(service: RecoveryService, hands: Hands) -> None:
    found = alert()
    look(service, (found, rule(FAST)))
    await runs_until(service, lambda runs: len(hands.done) == 1)
    look(service)
    (run,) = await ended(service)
    assert (run.outcome, run.subject, run.attempt, run.detail) == ("recovered", "door", 1, "done")
    assert run.active_unix_s == found.active_unix_s


async def test_a_fault_that_stays_is_not_recovered(service: RecoveryService, hands: Hands) -> None:
    pair = (alert(), rule(RecoverySpec(action="restart_stream", verify_s=1.0)))
    look(service, pair)
    await runs_until(service, lambda runs: len(hands.done) == 1)
    look(service, pair)
    (run,) = await ended(service)
    assert run.outcome == "not_recovered"


async def test_a_camera_without_frames_is_not_recovered_though_its_alert_is_over(
    service: RecoveryService, hands: Hands
) -> None:
    hands.well = False
    look(service, (alert(), rule(FAST)))
    await runs_until(service, lambda runs: len(hands.done) == 1)
    look(service)
    (run,) = await ended(service)
    assert run.outcome == "not_recovered"


async def test_an_action_that_goes_wrong_failed_with_its_reason(service: RecoveryService, hands: Hands) -> None:
    hands.fails = RecoveryFailedError("the camera refused")
    look(service, (alert(), rule(FAST)))
    (run,) = await ended(service)
    assert (run.outcome, run.code, run.detail) == ("failed", "recovery.failed", "the camera refused")


async def test_a_defect_of_an_action_ends_its_run_alone(service: RecoveryService, hands: Hands) -> None:
    hands.fails = ValueError("oops")
    look(service, (alert(), rule(FAST)))
    (run,) = await ended(service)
    assert (run.outcome, run.code) == ("failed", "recovery.failed")


async def test_nothing_is_done_twice_at_a_time_for_one_camera(service: RecoveryService, hands: Hands) -> None:
    hands.holds_on = asyncio.Event()
    pair = (alert(), rule(FAST, RecoverySpec(action="restart_camera")))
    for _ in range(3):
        look(service, pair)
        await asyncio.sleep(0.01)
    assert len(await service.runs()) == 1


async def test_a_hundred_cameras_are_mended_a_few_at_a_time(service: RecoveryService, hands: Hands) -> None:
    firing = [(alert(f"cam-{number}"), rule(FAST)) for number in range(20)]
    hands.holds_on = asyncio.Event()
    look(service, *firing)
    async with asyncio.timeout(60):
        while hands.most_at_once < recovery_doing.AT_ONCE:  # noqa: ASYNC110 - they tell nobody
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)  # in which another could begin
    hands.holds_on.set()
    async with asyncio.timeout(60):
        while len(hands.done) < 20:
            look(service, *firing)
            await asyncio.sleep(0.05)
    assert hands.most_at_once == recovery_doing.AT_ONCE
    assert len(hands.done) == 20


async def test_the_budget_is_kept_and_told_once(service: RecoveryService, hands: Hands) -> None:
    hands.fails = RecoveryFailedError("no")
    pair = (alert(), rule(RecoverySpec(action="restart_stream", max_runs=1)))
    look(service, pair)
    await ended(service)
    for _ in range(3):
        look(service, pair)
    runs = await ended(service, 2)
    assert [run.outcome for run in runs] == ["budget_spent", "failed"]


async def test_budgets_hold_over_a_restart_of_the_server(database: Database, hands: Hands) -> None:
    hands.fails = RecoveryFailedError("no")
    pair = (alert(), rule(RecoverySpec(action="restart_stream", max_runs=1)))
    first = await started(database, hands)
    look(first, pair)
    await ended(first)
    await first.stop()
    second = await started(database, hands)
    look(second, pair)
    runs = await ended(second, 2)
    assert [run.outcome for run in runs] == ["budget_spent", "failed"]
    await second.stop()


async def test_what_was_told_of_an_alert_is_not_told_again_after_a_restart(database: Database, hands: Hands) -> None:
    pair = (alert(), rule(FAST))
    first = await started(database, hands, enabled=False)
    look(first, pair)
    await ended(first)
    await first.stop()
    second = await started(database, hands, enabled=False)
    look(second, pair)
    await asyncio.sleep(0.05)
    assert [run.outcome for run in await second.runs()] == ["off"]
    await second.stop()


async def test_switched_off_it_only_tells_what_it_would_have_done(database: Database, hands: Hands) -> None:
    service = await started(database, hands, enabled=False)
    look(service, (alert(), rule(FAST)))
    (run,) = await ended(service)
    assert (run.outcome, run.action, hands.done) == ("off", "restart_stream", [])
    await service.stop()


async def test_the_next_action_follows_one_that_did_not_help(service: RecoveryService, hands: Hands) -> None:
    hands.fails = RecoveryFailedError("no")
    pair = (alert(), rule(FAST, RecoverySpec(action="restart_camera")))
    look(service, pair)
    await ended(service)
    look(service, pair)
    runs = await ended(service, 2)
    assert [(run.action, run.attempt) for run in runs] == [("restart_camera", 2), ("restart_stream", 1)]


async def test_an_action_waits_until_the_alert_has_lasted(service: RecoveryService) -> None:
    look(service, (alert(), rule(RecoverySpec(action="restart_camera", after_s=60.0))))
    await asyncio.sleep(0.05)
    assert await service.runs() == []


@pytest.mark.parametrize(
    "quiet", [alert(state="pending"), alert(inhibited_by="worker-restarting")], ids=["pending", "inhibited"]
)
async def test_nothing_is_done_about(service: RecoveryService, quiet: Alert) -> None:
    look(service, (quiet, rule(FAST)))
    await asyncio.sleep(0.05)
    assert await service.runs() == []


async def test_an_action_that_does_not_fit_is_told_once_and_the_next_one_begins(
    service: RecoveryService, hands: Hands
) -> None:
    pair = (alert(), rule(RecoverySpec(action="restart_worker"), FAST))
    look(service, pair)
    look(service, pair)
    runs = await runs_until(service, lambda runs: len(hands.done) == 1)
    assert [run.code for run in runs if run.action == "restart_worker"] == ["recovery.refused"]


async def test_what_the_end_of_the_server_cuts_off_is_said_so(service: RecoveryService, hands: Hands) -> None:
    hands.holds_on = asyncio.Event()
    look(service, (alert(), rule(FAST)))
    await runs_until(service, lambda runs: len(runs) == 1)
    await service.stop()
    (run,) = await service.runs()
    assert (run.outcome, run.detail) == ("failed", CUT_OFF)


async def test_what_a_killed_server_left_running_is_ended_by_the_next_start(database: Database, hands: Hands) -> None:
    hands.holds_on = asyncio.Event()
    killed = await started(database, hands)
    look(killed, (alert(), rule(FAST)))
    await runs_until(killed, lambda runs: len(runs) == 1)
    after = await started(database, hands)
    (run,) = await after.runs()
    assert (run.outcome, run.detail) == ("failed", CUT_OFF)
    await after.stop()
    await killed.stop()


async def test_mending_goes_on_while_the_database_refuses_and_is_written_down_later(
    service: RecoveryService, hands: Hands, database: Database
) -> None:
    database.run_sync(lambda connection: connection.exec_driver_sql("ALTER TABLE recovery_runs RENAME TO away"))
    look(service, (alert(), rule(FAST)))
    await until(lambda: bool(hands.done))
    look(service)
    await asyncio.sleep(0.1)
    database.run_sync(lambda connection: connection.exec_driver_sql("ALTER TABLE away RENAME TO recovery_runs"))
    (run,) = await ended(service)
    assert run.outcome == "recovered"


async def test_without_its_past_it_begins_anew_once_the_database_refused(tmp_path: Path, hands: Hands) -> None:
    (tmp_path / "popcam.db").write_bytes(b"this is no database" * 100)
    database = Database(tmp_path / "popcam.db")
    service = RecoveryService(database, hands, SystemClock(), chance=lambda: 0.0)
    await service.start()
    async with asyncio.timeout(60):
        while not hands.done:  # each look is one of the evaluation's
            look(service, (alert(), rule(FAST)))
            await asyncio.sleep(0.02)
    await service.stop()
    database.close()


async def test_mean_times_are_those_of_what_helped(service: RecoveryService, hands: Hands) -> None:
    look(service, (alert(active_s=SystemClock().unix_s() - 30.0), rule(FAST)))
    await runs_until(service, lambda runs: len(hands.done) == 1)
    look(service)
    await ended(service)
    assert 30.0 <= service.mean_times_s()["door"] < 35.0


async def test_mean_times_are_known_after_a_restart(database: Database, hands: Hands) -> None:
    first = await started(database, hands)
    look(first, (alert(active_s=SystemClock().unix_s() - 30.0), rule(FAST)))
    await runs_until(first, lambda runs: len(hands.done) == 1)
    look(first)
    await ended(first)
    await first.stop()
    second = await started(database, hands)
    assert set(second.mean_times_s()) == {"door"}
    await second.stop()


async def test_listeners_hear_beginning_and_end(service: RecoveryService, hands: Hands) -> None:
    heard: list[str] = []
    end = service.on_run(lambda run: heard.append(run.outcome))
    look(service, (alert(), rule(FAST)))
    await runs_until(service, lambda runs: len(hands.done) == 1)
    look(service)
    await ended(service)
    end()
    assert heard == ["running", "recovered"]


# --- by hand --------------------------------------------------------------------------------------------------------


async def test_somebody_restarts_a_camera(service: RecoveryService, hands: Hands) -> None:
    run = await service.run_now("restart_camera", camera_id="door", by="anna")
    assert (run.outcome, run.key.rule_id) == ("running", "manual")
    (run,) = await ended(service)
    assert (run.outcome, run.detail, run.active_unix_s) == ("recovered", "asked for by anna; done", None)
    assert hands.done[0].camera_id == "door"


async def test_nobody_runs_a_command_by_hand(service: RecoveryService) -> None:
    with pytest.raises(RecoveryRefusedError):
        await service.run_now("command", camera_id="door")


async def test_by_hand_the_budget_holds_too(service: RecoveryService, hands: Hands) -> None:
    hands.fails = RecoveryFailedError("no")
    await service.run_now("restart_camera", camera_id="door")
    await ended(service)
    with pytest.raises(RecoveryRefusedError, match="may run again in 10 s"):
        await service.run_now("restart_camera", camera_id="door")


async def test_by_hand_nothing_is_done_beside_what_runs(service: RecoveryService, hands: Hands) -> None:
    hands.holds_on = asyncio.Event()
    await service.run_now("restart_camera", camera_id="door")
    with pytest.raises(RecoveryRefusedError, match="going on"):
        await service.run_now("restart_stream", camera_id="door")

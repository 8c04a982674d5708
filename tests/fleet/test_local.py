"""The fleet on a good day: cameras run, are changed, watched and stopped."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest
from tests.fleet.bench import Bench, camera, cameras, codes, status_of, until, until_restarted, until_running

from popcam.core.errors import CameraNoFrameError, CameraNotRunningError, FleetInUseError, WorkerUnavailableError
from popcam.core.facts import CameraState, CameraStatus, Event
from popcam.core.worker_settings import WorkersSpec
from popcam.fleet.process import worker_environment


async def test_wanted_cameras_run(bench: Bench) -> None:
    async with bench.running(cameras(a="ok", b="ok")) as fleet:
        await until_running(fleet, "a", "b")


async def test_a_wanted_camera_is_starting_at_once(bench: Bench) -> None:
    async with bench.running(cameras(a="slow=0.5")) as fleet:
        assert status_of(fleet, "a").state is CameraState.STARTING


async def test_a_camera_that_was_never_wanted_has_no_status(bench: Bench) -> None:
    async with bench.running({}) as fleet:
        assert fleet.status("nobody") is None


async def test_the_same_again_changes_nothing(bench: Bench) -> None:
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
        before = bench.journal("start", "camera", "stop")
        await fleet.apply(cameras(a="ok"))
        await asyncio.sleep(0.5)
        assert bench.journal("start", "camera", "stop") == before


async def test_cameras_are_spread_over_the_shared_workers(bench: Bench) -> None:
    bench.workers = WorkersSpec(count=2)
    async with bench.running(cameras(a="ok", b="ok", c="ok", d="ok")) as fleet:
        await until_running(fleet, "a", "b", "c", "d")
        await until(lambda: sorted(len(worker.camera_ids) for worker in fleet.workers()) == [2, 2])


async def test_a_changed_camera_is_updated_in_its_place(bench: Bench) -> None:
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
        await fleet.apply(cameras(a="ok&changed"))
        await until(lambda: len(bench.journal("camera")) == 2)
        first, second = bench.journal("camera")
        assert second["url"] == "fake:ok&changed"
        assert second["epoch"] == first["epoch"]
        assert bench.journal("stop") == []


async def test_a_removed_camera_stops_and_the_others_go_on(bench: Bench) -> None:
    async with bench.running(cameras(a="ok", b="ok")) as fleet:
        await until_running(fleet, "a", "b")
        await fleet.apply(cameras(b="ok"))
        await until(lambda: status_of(fleet, "a").state is CameraState.STOPPED)
        assert [entry["camera"] for entry in bench.journal("stop")] == ["a"]
        await until_running(fleet, "b")


async def test_a_worker_without_cameras_ends_after_a_while(bench: Bench) -> None:
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
        await fleet.apply({})
        await until(lambda: fleet.workers() == ())


async def test_restart_starts_the_camera_again_under_a_greater_epoch(bench: Bench) -> None:
    async with bench.running(cameras(a="ok", b="ok")) as fleet:
        await until_running(fleet, "a", "b")
        await fleet.restart("a")
        await until(lambda: [entry["camera"] for entry in bench.journal("camera")].count("a") == 2)
        first, second = (entry for entry in bench.journal("camera") if entry["camera"] == "a")
        assert second["epoch"] > first["epoch"]
        assert [entry["camera"] for entry in bench.journal("stop")] == ["a"]
        await until_running(fleet, "a", "b")


async def test_restart_of_an_unwanted_camera_is_refused(bench: Bench) -> None:
    async with bench.running({}) as fleet:
        with pytest.raises(CameraNotRunningError):
            await fleet.restart("nobody")


async def test_snapshot_comes_from_the_worker(bench: Bench) -> None:
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
        assert (await fleet.snapshot("a", 320)).jpeg.startswith(b"\xff\xd8")


async def test_snapshot_carries_the_worker_s_own_refusal(bench: Bench) -> None:
    async with bench.running(cameras(a="no-frame")) as fleet:
        await until_running(fleet, "a")
        with pytest.raises(CameraNoFrameError):
            await fleet.snapshot("a")


async def test_snapshot_of_an_unwanted_camera_is_refused(bench: Bench) -> None:
    async with bench.running({}) as fleet:
        with pytest.raises(CameraNotRunningError):
            await fleet.snapshot("nobody")


async def test_snapshot_without_a_worker_says_so(bench: Bench) -> None:
    async with bench.running(cameras(a="ok"), "--start=slow:2") as fleet:
        with pytest.raises(WorkerUnavailableError):
            await fleet.snapshot("a")


async def test_a_refused_camera_fails_by_name_and_is_asked_again(bench: Bench) -> None:
    async with bench.running(cameras(a="refuse", b="ok")) as fleet:
        await until(lambda: status_of(fleet, "a").state is CameraState.FAILED)
        await until(lambda: any(fault.count >= 2 for fault in status_of(fleet, "a").faults))
        assert codes(fleet, "a") == ["worker.command_refused"]
        await fleet.apply(cameras(a="ok", b="ok"))
        await until_running(fleet, "a", "b")
        await until(lambda: codes(fleet, "a") == [])  # its first report may come before the answer to the command


async def test_a_refused_change_is_shown_while_the_old_camera_goes_on(bench: Bench) -> None:
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
        await fleet.apply(cameras(a="refuse"))
        await until(lambda: codes(fleet, "a") == ["worker.command_refused"])
        assert status_of(fleet, "a").state is CameraState.RUNNING


async def test_events_and_states_reach_their_listeners(bench: Bench) -> None:
    events: list[Event] = []
    states: list[CameraStatus] = []
    async with bench.running() as fleet:
        fleet.on_event(events.append)
        fleet.on_status(states.append)
        await fleet.apply(cameras(a="event"))
        await until(lambda: len(events) >= 2)
        assert {event.camera_id for event in events} == {"a"}
        assert [status.state for status in states][:2] == [CameraState.STARTING, CameraState.RUNNING]


async def test_a_listener_that_fails_does_not_stop_the_others(bench: Bench) -> None:
    states: list[CameraStatus] = []

    def fails(_: CameraStatus) -> None:
        raise ValueError("a defect of the listener")

    async with bench.running() as fleet:
        fleet.on_status(fails)
        fleet.on_status(states.append)
        await fleet.apply(cameras(a="ok"))
        await until_running(fleet, "a")
        assert states


async def test_worker_of_names_the_process_that_runs_the_camera(bench: Bench) -> None:
    async with bench.running(cameras(a="ok")) as fleet:
        await until(lambda: fleet.worker_of("a"))
        worker = fleet.worker_of("a")
        assert worker is not None
        assert worker.pid == bench.started_pids()[0]
        assert fleet.worker_of("nobody") is None


async def test_stop_finishes_recordings_and_ends_all_workers(bench: Bench) -> None:
    bench.workers = WorkersSpec(count=2)
    async with bench.running(cameras(a="ok", b="ok")) as fleet:
        await until_running(fleet, "a", "b")
        pids = bench.started_pids()
    assert sorted(entry["camera"] for entry in bench.journal("finished")) == ["a", "b"]
    assert not [pid for pid in pids if psutil.pid_exists(pid)]
    assert {status.state for status in fleet.statuses().values()} == {CameraState.STOPPED}


async def test_stop_while_workers_start_leaves_nothing_behind(bench: Bench) -> None:
    for delay_s in (0.0, 0.01, 0.05, 0.15):
        async with bench.running(cameras(a="ok", b="ok")):
            await asyncio.sleep(delay_s)
    assert not [pid for pid in bench.started_pids() if psutil.pid_exists(pid)]
    assert [path.name for path in (bench.folder / "run").iterdir()] == ["fleet.lock"]


async def test_stop_twice_and_start_again(bench: Bench) -> None:
    fleet = bench.fleet()
    await fleet.start()
    await fleet.stop()
    await fleet.stop()
    await fleet.start()
    await fleet.apply(cameras(a="ok"))
    await until_running(fleet, "a")
    await fleet.stop()


async def test_two_servers_can_t_share_a_runtime_folder(bench: Bench) -> None:
    async with bench.running({}):
        with pytest.raises(FleetInUseError):
            await bench.fleet().start()


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
async def test_sockets_and_records_are_private(bench: Bench) -> None:
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
        run = bench.folder / "run"
        assert run.stat().st_mode & 0o777 == 0o700
        (record,) = run.glob("worker-*.json")
        assert record.stat().st_mode & 0o777 == 0o600


async def test_nothing_secret_is_in_a_worker_s_arguments_or_environment(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POPCAM_CAMERAS__DOOR__SOURCE__PASSWORD", "s3cret")
    async with bench.running({"a": camera("a", "ok&password=s3cret")}) as fleet:
        await until_running(fleet, "a")
        process = psutil.Process(bench.started_pids()[0])
        assert "s3cret" not in " ".join((*process.cmdline(), *process.environ().values()))


def test_a_worker_s_environment_keeps_what_is_no_setting_of_ours() -> None:
    assert worker_environment({"PATH": "/bin", "POPCAM_SERVER__PORT": "1", "popcam_x": "2"}) == {"PATH": "/bin"}


async def test_encrypted_tcp_works_where_there_are_no_socket_files(bench: Bench) -> None:
    async with bench.running(cameras(a="ok"), transport="tcp") as fleet:
        await until_running(fleet, "a")
        async with fleet.watch("a", "preview.jpeg") as pictures:
            assert (await asyncio.wait_for(anext(pictures), 60)).payload == b"picture"


async def test_a_long_runtime_folder_still_gets_short_sockets(bench: Bench, tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 30)
    (deep / "data").mkdir(parents=True)
    bench.folder = deep
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")


async def test_worker_output_goes_to_a_log_of_its_own(bench: Bench) -> None:
    async with bench.running(cameras(a="ok"), "--start=crash"):
        log = bench.folder / "log" / "workers" / "w1.log"
        await until(lambda: log.exists() and "told to crash" in log.read_text())


async def test_a_worker_runs_in_a_session_of_its_own(bench: Bench) -> None:
    async with bench.running(cameras(a="ok")) as fleet:
        await until_running(fleet, "a")
        pid = bench.started_pids()[0]
        assert os.getsid(pid) == pid != os.getsid(0)


@pytest.mark.skipif(sys.platform == "win32", reason="uvloop and SIGKILL")
def test_it_works_on_the_server_s_own_loop_too(bench: Bench) -> None:
    uvloop = pytest.importorskip("uvloop")

    async def day() -> None:
        async with bench.running(cameras(a="ok")) as fleet, fleet.watch("a", "preview.jpeg") as pictures:
            await asyncio.wait_for(anext(pictures), 60)
            os.kill(bench.started_pids()[-1], signal.SIGKILL)
            await until_restarted(fleet, "a", 1)
            await until_running(fleet, "a")
            for _ in range(3):
                await asyncio.wait_for(anext(pictures), 60)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(day())
    assert not [pid for pid in bench.started_pids() if psutil.pid_exists(pid)]

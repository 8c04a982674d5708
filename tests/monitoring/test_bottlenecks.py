"""What limits, in which order, and what is said about it."""

import math
from typing import Any

import pytest

from popcam.core.facts import STAGES, CameraState, CameraStatus, StageTime
from popcam.monitoring.bottlenecks import MAX_MERELY_BUSY, is_limited, lost_share, of_camera, ranked, stage_shares
from popcam.monitoring.database_figures import DatabaseState
from popcam.monitoring.distribution import Summary
from popcam.monitoring.http_figures import RouteFigures
from popcam.monitoring.limits import Machine, Server, of_machine, of_server
from popcam.monitoring.stage_words import HELP, NAMES

NOTHING = Summary(0, math.nan, math.nan, math.nan, math.nan, math.nan)
IDLE = DatabaseState(in_use=0, waiting=0, wait=NOTHING, statements=NOTHING, slowest=())


def took(p95_s: float, count: int = 100) -> Summary:
    return Summary(count, p95_s, p95_s, p95_s, p95_s, p95_s)


def stage(name: str, mean_ms: float, frames: int = 10) -> StageTime:
    return StageTime(stage=name, frames=frames, mean_ms=mean_ms, p95_ms=mean_ms, max_ms=mean_ms)


def camera(camera_id: str = "door", **facts: Any) -> CameraStatus:
    given: dict[str, Any] = {
        "state": CameraState.RUNNING,
        "fps": 15.0,
        "received_fps": 15.0,
        "every_frame": True,
        "stages": (stage("decode", 20.0), stage("detect", 62.0), stage("encode", 18.0)),
        **facts,
    }
    return CameraStatus(camera_id=camera_id, since_unix_s=1.0, at_unix_s=2.0, **given)


def test_the_stage_that_takes_the_most_is_named_with_its_share() -> None:
    (found,) = of_camera(camera())
    assert (found.kind, found.stage, found.camera_id, found.severity) == ("camera_stage", "detect", "door", "info")
    assert found.share == pytest.approx(0.62)
    assert found.cause.en == "Detection takes 62% of the frame time of camera door"
    assert "62%" in found.cause.zh
    assert found.remedy == HELP["detect"]


def test_stages_that_work_seldom_count_by_how_often_they_work() -> None:
    shares = stage_shares(camera(stages=(stage("decode", 10.0, frames=30), stage("detect", 100.0, frames=1))))
    assert shares == {"decode": pytest.approx(0.75), "detect": pytest.approx(0.25)}


@pytest.mark.parametrize(
    ("facts", "severity"),
    [
        ({"fps": 14.0}, "info"),
        ({"fps": 9.0}, "warning"),
        ({"fps": 5.0}, "critical"),
        ({"load_level": 1}, "warning"),
        ({"fps": 5.0, "every_frame": False}, "info"),
        ({"fps": 5.0, "received_fps": None}, "info"),
    ],
)
def test_a_camera_that_loses_wanted_pictures_is_limited(facts: dict[str, Any], severity: str) -> None:
    assert of_camera(camera(**facts))[0].severity == severity


def test_pictures_that_are_left_out_are_told() -> None:
    (found,) = of_camera(camera(fps=6.0))
    assert found.cause.en.endswith("and 60% of the pictures are left out")
    assert lost_share(camera(fps=6.0)) == pytest.approx(0.6)


def test_the_stage_that_the_worker_names_counts() -> None:
    assert of_camera(camera(bottleneck="decode"))[0].stage == "decode"


@pytest.mark.parametrize("facts", [{"state": CameraState.RECONNECTING}, {"stages": ()}])
def test_of_a_camera_that_does_nothing_nothing_is_said(facts: dict[str, Any]) -> None:
    assert of_camera(camera(**facts)) == []


def test_late_pictures_and_a_bad_network_are_named() -> None:
    found = of_camera(camera(latency_ms=2500.0, jitter_s=0.3, rtt_s=0.2))
    assert [one.kind for one in found] == ["camera_stage", "camera_latency", "camera_network"]
    assert "2.5 s" in found[1].cause.en
    assert "300 ms" in found[2].cause.en


def test_every_stage_has_words_and_help_in_both_languages() -> None:
    assert set(NAMES) == set(STAGES)
    assert set(HELP) == {*STAGES, ""}
    assert all(text.en and text.zh for text in (*NAMES.values(), *HELP.values()))


def test_what_costs_most_comes_first_and_what_is_merely_busy_last() -> None:
    cameras = [camera(f"camera-{number}") for number in range(20)]
    found = ranked([*cameras, camera("slow", fps=5.0), camera("slower", fps=3.0)], [])
    assert [one.subject for one in found[:2]] == ["slower", "slow"]
    assert [one.severity for one in found[2:]] == ["info"] * MAX_MERELY_BUSY


@pytest.mark.parametrize(
    "facts", [{"fps": 9.0}, {"load_level": 2}, {"latency_ms": 1500.0}, {"jitter_s": 0.2}, {"rtt_s": 0.2}, {}]
)
def test_a_camera_counts_as_limited_when_something_is_said_of_it(facts: dict[str, Any]) -> None:
    status = camera(**facts)
    assert is_limited(status) is any(one.severity != "info" for one in of_camera(status))
    assert not is_limited(camera(state=CameraState.RECONNECTING, **facts))


def test_the_machine_and_the_server_are_ranked_among_cameras() -> None:
    others = of_machine(Machine(cpu_ratio=0.99))
    kinds = [one.kind for one in ranked([camera(fps=12.0), camera("b")], others)]
    assert kinds == ["machine_cpu", "camera_stage", "camera_stage"]


@pytest.mark.parametrize(
    ("machine", "kinds", "severity"),
    [
        (Machine(), [], ""),
        (Machine(cpu_ratio=0.5, memory_available_ratio=0.5, gpu_use={"0": 0.5}, worker_cpu={"w": 0.5}), [], ""),
        (Machine(cpu_ratio=0.9), ["machine_cpu"], "warning"),
        (Machine(cpu_ratio=0.98), ["machine_cpu"], "critical"),
        (Machine(memory_available_ratio=0.08), ["machine_memory"], "warning"),
        (Machine(memory_available_ratio=0.02), ["machine_memory"], "critical"),
        (Machine(gpu_use={"0": 0.97, "1": 0.1}), ["gpu"], "warning"),
        (Machine(cores=2, worker_cpu={"w1": 1.9, "w2": 1.0}), ["worker_cpu"], "warning"),
    ],
)
def test_what_of_the_machine_is_used_up_is_named(machine: Machine, kinds: list[str], severity: str) -> None:
    found = of_machine(machine)
    assert [one.kind for one in found] == kinds
    assert all(one.severity == severity for one in found)
    assert all(one.cause.zh and one.remedy.zh for one in found)


def route(p95_s: float, count: int = 100) -> RouteFigures:
    return RouteFigures(
        route="/api/v1/events", requests=count, codes={}, recent=count, per_s=1.0, errors_ratio=0.0,
        seconds=took(p95_s, count),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("server", "kinds"),
    [
        (Server(loop=NOTHING, database=IDLE), []),
        (Server(loop=took(0.01), database=IDLE, routes=(route(0.1),)), []),
        (Server(loop=took(0.2), database=IDLE), ["server_loop"]),
        (Server(loop=NOTHING, database=DatabaseState(0, 3, took(0.3), NOTHING, ())), ["database"]),
        (Server(loop=NOTHING, database=DatabaseState(1, 0, took(0.001), took(0.5), ())), ["database"]),
        (Server(loop=NOTHING, database=IDLE, routes=(route(0.9),)), ["route"]),
        (Server(loop=NOTHING, database=IDLE, routes=(route(0.9, count=3),)), []),
    ],
)
def test_what_keeps_people_waiting_is_named(server: Server, kinds: list[str]) -> None:
    found = of_server(server)
    assert [one.kind for one in found] == kinds
    assert all(one.cause.zh and one.remedy.en for one in found)

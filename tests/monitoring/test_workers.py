"""Figures of popcam's own processes: real ones are looked at, and forgotten when they end."""

import os
import subprocess
import sys

import pytest
from tests.fakes.hand_clock import HandClock

from popcam.core.clock import SystemClock
from popcam.core.facts import WorkerSlot, WorkerStatus
from popcam.monitoring.registry import Registry
from popcam.monitoring.workers import SERVER, OwnProcesses, WorkerFigures


def worker(worker_id: str = "w1") -> WorkerStatus:
    return WorkerStatus(
        worker_id=worker_id,
        pid=1,
        at_unix_s=1.0,
        uptime_s=60.0,
        cpu_percent=150.0,
        rss_bytes=10**8,
        threads=9,
        open_files=33,
    )


def test_workers_tell_what_they_take() -> None:
    registry = Registry()
    WorkerFigures(registry, lambda: [worker()], list, lambda: 0).sample()
    assert registry.family("popcam_process_cpu_ratio").latest() == {("w1",): 1.5}
    assert registry.family("popcam_process_rss_bytes").latest() == {("w1",): 1e8}
    assert registry.family("popcam_process_open_files").latest() == {("w1",): 33.0}


def test_a_worker_that_is_gone_is_down_and_takes_nothing() -> None:
    registry, living = Registry(), [worker()]
    figures = WorkerFigures(
        registry,
        lambda: living,
        lambda: [WorkerSlot(worker_id="w1", up=bool(living), restarts=4 - len(living))],
        lambda: 7,
    )
    figures.sample()
    assert registry.family("popcam_worker_up").latest() == {("w1",): 1.0}
    living.clear()
    figures.sample()
    assert registry.family("popcam_worker_up").latest() == {("w1",): 0.0}
    assert registry.family("popcam_worker_restarts_total").latest() == {("w1",): 4.0}
    assert registry.family("popcam_workers_lost_total").latest() == {(): 7.0}  # with those of places that are gone
    assert registry.family("popcam_process_rss_bytes").rows() == {}


def test_the_server_looks_at_itself() -> None:
    registry, clock = Registry(), SystemClock()
    own = OwnProcesses(registry, clock)
    own.sample()
    assert registry.family("popcam_process_rss_bytes").latest()[(SERVER,)] > 1_000_000
    assert registry.family("popcam_process_threads").latest()[(SERVER,)] >= 1
    assert registry.family("popcam_process_open_files").latest()[(SERVER,)] >= 3
    assert registry.family("popcam_process_cpu_ratio").latest() == {}  # nothing to compare with


def test_processor_use_is_over_the_time_that_passed() -> None:
    registry, clock = Registry(), HandClock()
    own = OwnProcesses(registry, clock)
    own.sample()
    before_s = sum(os.times()[:2])
    while sum(os.times()[:2]) - before_s < 0.1:
        pass
    clock.pass_s(1.0)
    own.sample()
    assert registry.family("popcam_process_cpu_ratio").latest()[(SERVER,)] == pytest.approx(0.11, abs=0.05)


def test_processes_of_jobs_come_and_go() -> None:
    registry = Registry()
    own = OwnProcesses(registry, SystemClock())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as job:
        own.job_pids = (job.pid,)
        own.sample()
        assert set(registry.family("popcam_process_rss_bytes").latest()) == {(SERVER,), ("job-1",)}
        job.communicate(b"\n")
    own.sample()
    assert set(registry.family("popcam_process_rss_bytes").latest()) == {(SERVER,)}
    own.job_pids = ()
    own.sample()
    assert set(registry.family("popcam_process_rss_bytes").latest()) == {(SERVER,)}


def test_a_job_that_ended_makes_place_for_the_next() -> None:
    registry = Registry()
    own = OwnProcesses(registry, SystemClock())
    commands = [subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) for _ in range(3)]
    try:
        own.job_pids = (commands[0].pid, commands[1].pid)
        own.sample()
        own.job_pids = (commands[1].pid, commands[2].pid)
        own.sample()
        names = {labels[0] for labels in registry.family("popcam_process_threads").latest()}
        assert names == {SERVER, "job-1", "job-2"}
    finally:
        for command in commands:
            command.communicate(b"\n")

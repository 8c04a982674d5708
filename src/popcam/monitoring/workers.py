"""Figures of popcam's own processes: the server, the workers, those that carry out jobs."""

import math
import os
import sys
from collections.abc import Callable, Iterable, Sequence

import psutil

from popcam.core.clock import Clock
from popcam.core.facts import WorkerSlot, WorkerStatus
from popcam.monitoring import catalogue as c
from popcam.monitoring.registry import Registry
from popcam.monitoring.used import UsedShare

SERVER = "server"
MAX_PROCESSES = 1024
CLOSER_EVERY_S = 4.9
"""Memory, files and threads change slowly, and take most of a look; a little early is in time."""


class ProcessFigures:
    """What processes take. Names that are told no more are over."""

    def __init__(self, registry: Registry) -> None:
        self._cpu = registry.declare(c.PROCESS_CPU, MAX_PROCESSES)
        self._rss = registry.declare(c.PROCESS_RSS, MAX_PROCESSES)
        self._files = registry.declare(c.PROCESS_FILES, MAX_PROCESSES)
        self._threads = registry.declare(c.PROCESS_THREADS, MAX_PROCESSES)
        self._uptime = registry.declare(c.PROCESS_UPTIME, MAX_PROCESSES)

    def tell(
        self, process: str, *, cpu_ratio: float, rss_bytes: int, open_files: int, threads: int, uptime_s: float
    ) -> None:
        """What one process takes now."""
        labels = (process,)
        self._cpu.set(labels, cpu_ratio)
        self._rss.set(labels, rss_bytes)
        self._files.set(labels, open_files if open_files >= 0 else math.nan)
        self._threads.set(labels, threads)
        self._uptime.set(labels, uptime_s)

    def end(self, processes: Iterable[str]) -> None:
        """These are over."""
        for process in processes:
            for family in (self._cpu, self._rss, self._files, self._threads, self._uptime):
                family.remove((process,))


class WorkerFigures:
    """The workers that run cameras, from their heartbeats. For the loop's thread."""

    def __init__(
        self,
        registry: Registry,
        workers: Callable[[], Sequence[WorkerStatus]],
        slots: Callable[[], Sequence[WorkerSlot]],
        lost: Callable[[], int],
    ) -> None:
        self._processes = ProcessFigures(registry)
        self._workers = workers
        self._slots = slots
        self._lost = lost
        self._up = registry.declare(c.WORKER_UP, MAX_PROCESSES)
        self._restarts = registry.declare(c.WORKER_RESTARTS, MAX_PROCESSES)
        self._lost_total = registry.declare(c.WORKERS_LOST)
        self._told: set[str] = set()

    def sample(self) -> None:
        """Take the newest heartbeats."""
        there = {worker.worker_id: worker for worker in self._workers()}
        self._processes.end(self._told - there.keys())
        self._told = set(there)
        for worker in there.values():
            self._processes.tell(
                worker.worker_id,
                cpu_ratio=worker.cpu_percent / 100.0,
                rss_bytes=worker.rss_bytes,
                open_files=worker.open_files,
                threads=worker.threads,
                uptime_s=worker.uptime_s,
            )
        slots = self._slots()
        self._up.replace({(slot.worker_id,): float(slot.up) for slot in slots})
        self._restarts.replace({(slot.worker_id,): float(slot.restarts) for slot in slots})
        # Beside that of each worker: who keeps crashing is put apart, and its worker's own count goes with its place.
        self._lost_total.set((), float(self._lost()))


class OwnProcesses:
    """The server itself and the processes of jobs, looked up where the system tells. For a sampler's thread.

    Args:
        registry: where figures are put.
        clock: the wall clock that processes' starts are told in.
    """

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self.job_pids: Sequence[int] = ()
        """Ids of the processes that carry out jobs."""
        self._processes = ProcessFigures(registry)
        self._clock = clock
        self._looked: dict[str, Looked] = {SERVER: Looked(os.getpid())}

    def sample(self) -> None:
        """Look at all of them now."""
        self._follow(self.job_pids)
        for name, looked in list(self._looked.items()):
            try:
                self._tell(name, looked)
            except psutil.NoSuchProcess:
                self._end(name)

    def _tell(self, name: str, looked: "Looked") -> None:
        now_s = self._clock.monotonic_s()
        if now_s >= looked.closer_due_s:
            looked.look_closer()
            looked.closer_due_s = now_s + CLOSER_EVERY_S
        self._processes.tell(
            name,
            cpu_ratio=looked.cpu_ratio(now_s),
            rss_bytes=looked.rss_bytes,
            open_files=looked.open_files,
            threads=looked.threads,
            uptime_s=self._clock.unix_s() - looked.process.create_time(),
        )

    def _follow(self, pids: Sequence[int]) -> None:
        known = {looked.process.pid: name for name, looked in self._looked.items()}
        for pid in known.keys() - {*pids, os.getpid()}:
            self._end(known[pid])
        for pid in sorted(set(pids) - known.keys()):
            place = next(number for number in range(1, MAX_PROCESSES) if f"job-{number}" not in self._looked)
            try:
                self._looked[f"job-{place}"] = Looked(pid)
            except psutil.NoSuchProcess:
                continue  # it ended meanwhile

    def _end(self, name: str) -> None:
        self._looked.pop(name, None)
        self._processes.end((name,))


class Looked:
    """One process, and what it used lately."""

    def __init__(self, pid: int) -> None:
        self.process = psutil.Process(pid)
        self.rss_bytes = self.open_files = self.threads = 0
        self.closer_due_s = -math.inf
        self._share = UsedShare()

    def look_closer(self) -> None:
        """Take its memory, files and threads."""
        with self.process.oneshot():
            self.rss_bytes = self.process.memory_info().rss
            self.open_files = _open_files(self.process)
            self.threads = self.process.num_threads()

    def cpu_ratio(self, now_s: float) -> float:
        """Cores that it used over the last second; NaN the first time."""
        times = self.process.cpu_times()
        return self._share.take(times.user + times.system, now_s)


def _open_files(process: psutil.Process) -> int:
    """Files and sockets, or handles where those are counted; -1 where nobody tells."""
    try:
        if sys.platform == "win32":
            return process.num_handles()
        return process.num_fds()
    except psutil.AccessDenied:
        return -1

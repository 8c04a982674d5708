"""Other programs take the processor."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.lib.faults import TOLD, TOLD_WITHIN_S, Bench, House, Times, alerts_to, wait_until
from tests.fakes.hook_server import HookServer
from tests.fakes.popcam_site import running_site

PER_CORE = 24
LONGEST_S = 60
"""They end by themselves after this time, whatever happens to the benchmark."""
BACK = 0.9
"""Share of the usual rate at which a camera is back."""
BUSY = """
import ctypes, os, signal, sys, time
def end_with(parent):
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
end_with(int(sys.argv[1]))
os.setpriority(os.PRIO_PROCESS, 0, 0)
me, end = os.getpid(), time.monotonic() + float(sys.argv[3])
for _ in range(int(sys.argv[2]) - 1):
    if os.fork() == 0:
        end_with(me)
        break
while time.monotonic() < end:
    pass
"""
"""Processes that do nothing, as busily as they can; all end with the first, and that with the benchmark."""
RULE, WORDS = "processor-busy", "Processor busy"
SETTINGS: dict[str, Any] = {
    "name": WORDS,
    "condition": {
        "metric": "popcam_host_cpu_ratio",
        "aggregate": "mean",
        "window_s": 5,
        "compare": ">",
        "threshold": 0.95,
        "clear_threshold": 0.9,
    },
    "channels": ["hook"],
}
CAMERA = {"source": "synthetic:?width=1280&height=720&fps=25", "gate": {"enabled": False}}


def starved_processor(bench: Bench) -> Times:
    """Let two dozen busy processes compete for each core with a camera whose pictures are all looked at.

    Noticed: the processor is named as what limits. No built-in rule is about it: the alert is one of five lines.
    """
    if sys.platform != "linux":
        raise SystemExit("`cpu` ends its processes with the benchmark as only Linux can")
    times = Times({TOLD: TOLD_WITHIN_S})
    folder = bench.folder / "cpu-site"
    folder.mkdir()
    with HookServer() as hook:
        settings: dict[str, Any] = {"alerts": alerts_to(hook, [(RULE, SETTINGS)]), "workers": {"count": 1}}
        with running_site(folder, {"cam": CAMERA}, **settings) as site:
            house = House(site, hook)
            site.wait_frames("cam")
            bench.pause(10.0, 11.0)
            with _first_in_line():
                for _ in range(bench.runs):
                    wait_until(lambda: not _named(house) and house.fired_unix_s(RULE) is None)
                    bench.pause(2.0, 3.0)
                    _starve(times, house)
    return times


def _starve(times: Times, house: House) -> None:
    usual_fps = _fps(house)
    began_unix_s = time.time()
    with _busy():
        times.add("noticed after", wait_until(lambda: _named(house)))
        house.await_alert(times, RULE, WORDS, began_unix_s)
        times.shares.setdefault("camera's rate meanwhile / usual one", []).append(_fps(house) / usual_fps)
    times.add("well again after", wait_until(lambda: _fps(house) >= BACK * usual_fps and not _named(house)))


def _named(house: House) -> bool:
    items = house.site.get("/api/performance/bottlenecks")["items"]
    return any(one["kind"] == "machine_cpu" for one in items)


def _fps(house: House) -> float:
    return float(house.site.status("cam")["fps"])


@contextmanager
def _busy() -> Iterator[None]:
    count = PER_CORE * (os.cpu_count() or 1)
    arguments = [str(os.getpid()), str(count), str(LONGEST_S)]
    first = subprocess.Popen([sys.executable, "-c", BUSY, *arguments], process_group=0)
    try:
        yield
    finally:
        first.kill()
        first.wait()


@contextmanager
def _first_in_line() -> Iterator[None]:
    """Who measures, and takes what the webhook hears, waits for nobody."""
    before = os.getpriority(os.PRIO_PROCESS, 0)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, before - 10)
    except PermissionError:
        print("not root: the benchmark itself waits for the processor, too", file=sys.stderr)
    try:
        yield
    finally:
        if os.getpriority(os.PRIO_PROCESS, 0) != before:
            os.setpriority(os.PRIO_PROCESS, 0, before)

"""A disk gets full on which the database and the recordings of a server lie."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.lib.faults import TOLD, TOLD_WITHIN_S, Bench, House, Times, alerts_to, wait_until
from tests.fakes.hook_server import HookServer
from tests.fakes.popcam_site import running_site
from tests.fakes.small_disk import fill

from popcam.alerts.builtin import builtin_rules
from popcam.alerts.rules import document_of

SIZE = "96m"
RULE, WORDS = "disk-nearly-full", "Disk nearly full"
CAMERA = {
    "source": "synthetic:?width=320&height=180&fps=5",
    "act": {"kind": "pass"},
    "detect": {"faces": "off"},
    "record": {"mode": "continuous"},
}


def full_disk(bench: Bench) -> Times:
    """Fill a real file system in memory at once, to the last byte, and free it again.

    The disk holds the database: what is told of it can't be written first. The rule is the built-in one; only that it
    goes on firing for a while is left out, so that runs may follow one another.
    """
    times = Times({TOLD: TOLD_WITHIN_S})
    rule = document_of(replace(builtin_rules()[RULE], keep_firing_for_s=1.0))
    folder = bench.folder / "disk-site"
    folder.mkdir()
    with _disk(bench.folder / "disk") as disk, HookServer() as hook:
        settings: dict[str, Any] = {"data_dir": str(disk / "data"), "alerts": alerts_to(hook, [(RULE, rule)])}
        with running_site(folder, {"cam": CAMERA}, workers={"count": 1}, **settings) as site:
            house = House(site, hook)
            space, recording = f"disk.space:{disk / 'data'}", "camera.recording:cam"
            wait_until(lambda: house.state(space) == "ok" and _recorded(house))
            bench.pause(10.0, 12.0)
            for _ in range(bench.runs):
                bench.pause(2.0, 7.0)
                _fill_and_free(times, house, disk, space, recording)
    return times


def _fill_and_free(times: Times, house: House, disk: Path, space: str, recording: str) -> None:
    filler = disk / "filler"
    began_unix_s = time.time()
    fill(filler)
    times.add("noticed after", wait_until(lambda: house.state(space) == "failed"))
    house.await_alert(times, RULE, WORDS, began_unix_s)
    wait_until(lambda: house.state(recording) == "failed")
    filler.unlink()
    freed_s = time.monotonic()
    wait_until(lambda: _recorded(house))
    times.add("recording again after", time.monotonic() - freed_s)
    wait_until(lambda: house.state(space) == "ok")
    times.add("well again after", time.monotonic() - freed_s)
    house.await_quiet(RULE)


def _recorded(house: House) -> bool:
    pipeline = house.site.camera("cam")["pipeline"]
    return bool(pipeline and pipeline["recording"])


@contextmanager
def _disk(disk: Path) -> Iterator[Path]:
    """A file system of its own, in memory."""
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(disk)], check=False)
    if made.returncode:
        raise SystemExit("a small disk can't be mounted here: `disk` needs the rights to mount one")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)

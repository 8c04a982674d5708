"""The wall with 200 cameras in headless Chromium: how smooth it is, what its first load weighs, how soon it shows.

The real page, the real API server, and synthetic workers: each camera reports its state once a second with everything
that a real one reports, and delivers 640x360 at 15 fps, as JPEG and H.264, to whoever watches. Frame times are those
between animation frames while the page stands, scrolls, and is stormed with states. Server and browser share the
machine, and Chromium draws in software: a screen with a GPU does better. An empty page is measured beside it: frames
that are late there too are late because other programs run.
"""

import argparse
import asyncio
import contextlib
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from benchmarks.batch_status import STAGES
from benchmarks.lib import clips
from benchmarks.lib.server import cpu_s
from benchmarks.lib.table import Figure, percentile, show
from playwright.sync_api import Browser, Page
from tests.e2e.browsing import Reader, chromium, reader
from tests.e2e.loading import Load, first_load
from tests.e2e.picture_show import PictureShow, Reel, reel

from popcam.core.facts import CameraState
from popcam.core.spec import ActSpec, CameraSpec, SourceSpec

CONSOLE = Path(__file__).parents[1] / "src" / "popcam" / "server" / "console"
FPS = 15
CALM_PER_S = 1.0
"""States of each camera, as real workers tell them."""
STORM_PER_S = 5.0
"""States of each camera when everything happens at once."""
WANTED = {"standing", "scrolling"}
"""Situations with a wanted frame time."""
WHEEL_PX, WHEEL_EVERY_MS = 100, 60

FRAMES = """seconds => new Promise(done => {
  const frames = [];
  let last = performance.now();
  const end = last + 1000 * seconds;
  const frame = now => {
    frames.push(now - last);
    last = now;
    if (now < end) requestAnimationFrame(frame);
    else done(frames.slice(1));
  };
  requestAnimationFrame(frame);
})"""


def wall_reel() -> Reel:
    """Two faces before a textured wall, with sensor noise: no easier to decode than a real camera."""
    pictures = clips.pictures("active", 640, 360, FPS, 4)
    return reel([np.ascontiguousarray(picture[..., ::-1]) for picture in pictures], FPS)


def wall_cameras(count: int) -> dict[str, CameraSpec]:
    """Cameras with names, groups and boxes."""
    return {
        f"camera-{number}": CameraSpec(
            id=f"camera-{number}",
            name=f"Camera {number}",
            groups=(f"Floor {number % 8}",),
            source=SourceSpec(url="demo:"),
            act=ActSpec(kind="boxes" if number % 2 else "hide"),
        )
        for number in range(count)
    }


class Reporter:
    """Lets all cameras report, spread over the second as those of real workers are."""

    def __init__(self, stage: PictureShow) -> None:
        self._stage = stage
        self.per_s = CALM_PER_S

    async def run(self) -> None:
        ids = list(self._stage.cameras)
        number, due_s = 0, time.monotonic()
        while True:
            due_s = max(due_s + 1 / (self.per_s * len(ids)), time.monotonic() - 0.1)
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            self._stage.fleet.report(
                ids[number % len(ids)],
                CameraState.RUNNING if number // len(ids) % 2 else CameraState.IDLE,
                fps=float(FPS - number % 3),
                source_fps=float(FPS),
                latency_ms=38.2 + number % 10,
                codec="h264",
                width_px=1280,
                height_px=720,
                frames=number,
                stages=STAGES,
                drops={"late": 3},
            )
            number += 1


@contextmanager
def scrolling(page: Page) -> Iterator[None]:
    """The wheel turns while the block waits; the page itself turns it, so that no other process is in the way."""
    turn = """([px, everyMs]) => {
      let by = px;
      window.turning = setInterval(() => {
        if (scrollY + innerHeight >= document.documentElement.scrollHeight - 2) by = -px;
        if (scrollY === 0) by = px;
        scrollBy({ top: by, behavior: "instant" });
      }, everyMs);
    }"""
    page.evaluate(turn, [WHEEL_PX, WHEEL_EVERY_MS])
    try:
        yield
    finally:
        page.evaluate("clearInterval(window.turning)")


def frames_ms(page: Page, seconds: float) -> list[float]:
    """Times between animation frames."""
    frames: list[float] = page.evaluate(FRAMES, seconds)
    return frames


@dataclass
class Situation:
    """What was measured in one situation, a value per run."""

    frames: list[list[float]] = field(default_factory=list)
    cpu_percent: list[float] = field(default_factory=list)

    def run(self, page: Page, seconds: float) -> None:
        """Watch the frames go by for a while."""
        before_s = renderer_cpu_s()
        self.frames.append(frames_ms(page, seconds))
        self.cpu_percent.append((renderer_cpu_s() - before_s) / seconds * 100)


def renderer_cpu_s() -> float:
    """Processor time of the browser's pages so far: unlike frame times, other programs hardly change it."""
    total = 0.0
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if any("--type=renderer" in word for word in process.cmdline()):
                total += cpu_s(process)
    return total


def rounds(someone: Reader, reporter: Reporter, runs: int, seconds: float) -> dict[str, Situation]:
    """Each situation several times in turn."""
    page = someone.page
    standing, scrolled, storm = Situation(), Situation(), Situation()
    for _ in range(runs):
        standing.run(page, seconds)
        with scrolling(page):
            scrolled.run(page, seconds)
        reporter.per_s = STORM_PER_S
        storm.run(page, seconds)
        reporter.per_s = CALM_PER_S
        page.wait_for_timeout(1000)
    return {"standing": standing, "scrolling": scrolled, "storm of states": storm}


def empty_page(browser: Browser, runs: int, seconds: float) -> Situation:
    """Frame times of a page with nothing on it: what other programs on this machine do to any page."""
    empty = Situation()
    with reader(browser, viewport={"width": 1440, "height": 900}) as someone:
        for _ in range(runs):
            empty.run(someone.page, seconds)
    return empty


def loads(browser: Browser, url: str, runs: int) -> list[Load]:
    """First loads, each with an empty cache."""
    found = []
    for _ in range(runs):
        with reader(browser, viewport={"width": 1440, "height": 900}) as someone:
            found.append(first_load(someone, url))
    return found


def figures(situations: dict[str, Situation], found: list[Load], wall: dict[str, Any]) -> list[Figure]:
    """What is printed."""
    shown = []
    for name, situation in situations.items():
        for words, share, limit in (("P50", 0.5, ""), ("P95", 0.95, "< 33"), ("longest", 1.0, "")):
            values = tuple(percentile(run, share) for run in situation.frames)
            shown.append(Figure(f"frame time, {name}, {words}", "ms", values, limit if name in WANTED else ""))
        shown.append(Figure(f"the page's processor time, {name}", "% of a core", tuple(situation.cpu_percent)))
    shown.append(Figure("first load, compressed", "KiB", tuple(load.size_bytes / 1024 for load in found), "< 300"))
    shown.append(Figure("states pushed until the first picture", "KiB", tuple(x.state_bytes / 1024 for x in found)))
    shown.append(Figure("requests until the first picture", "", tuple(float(load.requests) for load in found)))
    shown.append(Figure("address opened to first picture", "ms", tuple(load.first_picture_ms for load in found)))
    shown += [Figure(name, "", (float(value),)) for name, value in wall.items()]
    return shown


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cameras", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--console", type=Path, default=CONSOLE, help="another build of the console")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        stage = PictureShow(Path(folder), chosen.console, cameras=wall_cameras(chosen.cameras), shown=wall_reel())
        reporter = Reporter(stage)
        stage.start()
        try:
            stage.begin(reporter.run())
            empty = empty_page(browser, chosen.runs, chosen.seconds)
            found = loads(browser, stage.url, chosen.runs)
            with reader(browser, viewport={"width": 1440, "height": 900}) as someone:
                someone.open(stage.url)
                someone.wait_playing(".live")
                someone.page.wait_for_timeout(3000)
                times = rounds(someone, reporter, chosen.runs, chosen.seconds)
                wall = {
                    "streams at once, at the end": someone.page.locator("[data-mode=stream]").count(),
                    "stills at once, at the end": someone.page.locator("[data-mode=still]").count(),
                }
        finally:
            stage.stop()
    situations = {"empty page": empty, **times}
    show(f"The wall with {chosen.cameras} cameras, headless Chromium", figures(situations, found, wall))


if __name__ == "__main__":
    main()

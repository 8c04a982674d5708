"""How old a picture is when the browser shows it, for each transport, by the clock that is burnt into the picture.

A real `popcam serve` runs a synthetic camera that stamps each frame with its number and the time of its making. The
real page plays it in headless Chromium; a script in the page reads the stamp from the newest picture at each animation
frame and compares it with the browser's clock, which is the same machine's. Encode and decode times for the bound
are those of the camera's own stages. Wanted: P50 at most one frame interval plus encode and decode time.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.lib.table import Figure, percentile, show
from playwright.sync_api import Page
from tests.e2e.browsing import chromium, reader
from tests.fakes.popcam_site import running_site

FPS = 25
TRANSPORTS = ("ws-jpeg", "ws-h264", "whep", "mjpeg")

# The layout is described in popcam/media/sources/stamp.py.
WATCH = """async ([selector, seconds]) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const [cellW, cellH] = [640 / 64, 360 / 36];
  const read = () => {
    const source = document.querySelector(selector);
    if (!source) return null;
    context.drawImage(source, 0, 0, 640, 360);
    const width = 17 * cellW, height = 9 * cellH;
    const { data } = context.getImageData(0, 0, width, height);
    const cell = bit => {
      const x0 = Math.ceil((1 + (bit % 16) + 0.3) * cellW - 0.5), x1 = Math.floor((1 + (bit % 16) + 0.7) * cellW - 0.5);
      const row = 1 + Math.floor(bit / 16);
      const y0 = Math.ceil((row + 0.3) * cellH - 0.5), y1 = Math.floor((row + 0.7) * cellH - 0.5);
      let sum = 0, count = 0;
      for (let y = y0; y <= y1; y++) for (let x = x0; x <= x1; x++) { sum += data[4 * (y * width + x) + 1]; count++; }
      return sum / count;
    };
    const means = Array.from({ length: 128 }, (_, bit) => cell(bit));
    const limit = means.slice(0, 16).reduce((a, b) => a + b) / 16;
    const bits = means.map(mean => (mean > limit ? 1 : 0));
    const bytes = Array.from({ length: 16 }, (_, n) => bits.slice(8 * n, 8 * n + 8).reduce((a, b) => 2 * a + b, 0));
    if (bytes[0] !== 0xa5 || bytes[1] !== 0xc3) return null;
    let crc = 0xffff;
    for (const byte of bytes.slice(2, 14)) {
      crc ^= byte << 8;
      for (let n = 0; n < 8; n++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
    }
    if (crc !== bytes[14] * 256 + bytes[15]) return null;
    const number = list => list.reduce((a, b) => a * 256 + b, 0);
    return { seq: number(bytes.slice(3, 7)), ms: number(bytes.slice(7, 14)) / 1000 };
  };
  const ages = [];
  let last = -1;
  const end = performance.now() + 1000 * seconds;
  while (performance.now() < end) {
    await new Promise(requestAnimationFrame);
    const stamp = read();
    if (!stamp || stamp.seq === last) continue;
    last = stamp.seq;
    ages.push(performance.timeOrigin + performance.now() - stamp.ms);
  }
  return ages;
}"""


def ages_ms(page: Page, selector: str, seconds: float) -> list[float]:
    """Age of each picture when it was first seen on the page."""
    ages: list[float] = page.evaluate(WATCH, [f"{selector} [data-live-picture][data-shown]", seconds])
    return ages


def stage_ms(pipeline: dict[str, Any], *names: str) -> float:
    """Mean time of these stages together, by the camera's own figures."""
    return float(sum(stage["mean_ms"] for stage in pipeline["stages"] if stage["stage"] in names))


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=8.0)
    arguments.add_argument("--runs", type=int, default=3)
    chosen = arguments.parse_args()
    camera = {"source": f"synthetic:?width=640&height=360&fps={FPS}", "act": {"kind": "pass"}}
    figures: list[Figure] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        running_site(Path(folder), {"clock": camera}) as site,
        chromium() as browser,
        reader(browser, viewport={"width": 1280, "height": 800}) as someone,
    ):
        site.wait_frames("clock")
        someone.open(site.url)
        live = someone.live("clock")
        for transport in TRANSPORTS:
            someone.page.wait_for_selector("[data-test=transport]")
            someone.page.select_option("[data-test=transport]", transport)
            someone.wait_playing(live, transport, timeout_s=30)
            someone.page.wait_for_timeout(2000)
            runs = [ages_ms(someone.page, live, chosen.seconds) for _ in range(chosen.runs)]
            encode = stage_ms(site.camera("clock")["pipeline"], "encode")
            limit = f"P50 <= {1000 / FPS + encode:.0f} + decode"
            figures.append(Figure(f"{transport} P50", "ms", tuple(percentile(run, 0.5) for run in runs), limit))
            figures.append(Figure(f"{transport} P95", "ms", tuple(percentile(run, 0.95) for run in runs)))
            figures.append(
                Figure(f"{transport} pictures seen", "1/s", tuple(len(run) / chosen.seconds for run in runs))
            )
    show(f"Capture to browser, 640x360@{FPS}, burnt-in clock", figures)


if __name__ == "__main__":
    main()

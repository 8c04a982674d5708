"""Makes the pictures of the README from the running demo: docs/screenshot.png and docs/screenshot.zh-CN.png.

    python scripts/make_screenshot.py

Needs a built console, Playwright, and a Chromium (`apt-get install chromium fonts-noto-cjk`).
"""

import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser  # noqa: E402 - the tests' own tools are found only now
from tests.e2e.browsing import Reader, chromium, reader  # noqa: E402
from tests.e2e.serving import Serving, demo  # noqa: E402

CAMERAS = ("demo", "demo-boxes")
WINDOW = {"width": 1360, "height": 520}
PICTURES = (("docs/screenshot.png", "en-US", "light"), ("docs/screenshot.zh-CN.png", "zh-CN", "dark"))
SETTLE_S = 6.0
"""Until rates and latencies are those of a running camera, not of one that starts."""


def main() -> None:
    """Start the demo, wait until it plays, take one picture per language."""
    with tempfile.TemporaryDirectory() as folder, demo(Path(folder)) as serving:
        for camera_id in CAMERAS:
            serving.wait_delivering(camera_id)
        with chromium() as browser:
            for name, locale, theme in PICTURES:
                take(browser, serving, ROOT / name, locale, theme)
                print(name)


def take(browser: Browser, serving: Serving, path: Path, locale: str, theme: str) -> None:
    """One picture of the overview, with a face boxed in it."""
    with reader(browser, viewport=WINDOW, locale=locale, color_scheme=theme) as someone:
        someone.open(serving.url)
        for camera_id in CAMERAS:
            someone.wait_playing(someone.live(camera_id), timeout_s=30)
        time.sleep(SETTLE_S)
        wait_boxed(someone)
        path.parent.mkdir(parents=True, exist_ok=True)
        someone.page.screenshot(path=path)


def wait_boxed(someone: Reader) -> None:
    """The demo's face leaves the picture from time to time; wait until both cameras have it whole."""
    someone.page.wait_for_function(
        """([boxed, hidden]) => {
          if (document.querySelector(hidden).dataset.cover !== "regions") return false;
          const overlay = document.querySelector(boxed);
          const { width, height } = overlay;
          const { data } = overlay.getContext("2d").getImageData(0, 0, width, height);
          let left = width, right = 0, top = height, bottom = 0;
          for (let at = 3; at < data.length; at += 4) {
            if (data[at] === 0) continue;
            const x = (at >> 2) % width, y = Math.floor((at >> 2) / width);
            [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
          }
          const inside = left > 0.15 * width && right < 0.85 * width && top > 0.05 * height && bottom < 0.95 * height;
          return inside && (bottom - top) > 0.3 * height;
        }""",
        arg=[f"{someone.live('demo-boxes')} .overlay", someone.live("demo")],
        timeout=120_000,
    )


if __name__ == "__main__":
    main()

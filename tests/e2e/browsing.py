"""Chromium for tests, and what tests want to know of a page."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, sync_playwright
from playwright.sync_api import Error as BrowserError

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

WAIT_MS = 45_000
"""How long a test waits for what will come; on a busy machine a page takes its time."""

UNWATCHED = ("/api/v1/alerts", "/api/v1/recovery")
"""What the page asks of what watches over popcam. Nothing watches over the servers of some tests."""

PIXELS = """selector => {
  const element = document.querySelector(selector);
  if (!element) return null;
  const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 36 });
  const context = canvas.getContext("2d");
  context.drawImage(element, 0, 0, 64, 36);
  return [...context.getImageData(0, 0, 64, 36).data];
}"""


def launch(playwright: Playwright, *flags: str) -> Browser:
    """The machine's own Chromium; the test is skipped, with the reason, where there is none."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium here: install the package `chromium`")
    return playwright.chromium.launch(executable_path=program, args=[*FLAGS, *flags])


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """A Chromium of one's own."""
    with sync_playwright() as playwright:
        browser = launch(playwright, *flags)
        try:
            yield browser
        finally:
            browser.close()


class SharedChromium:
    """One Chromium for many tests. It is killed when it answers no more, and there is a new one for the next test.

    Many of Playwright's calls wait without end for a page that hangs, and a signal that interrupts them leaves the page
    running: only the end of the browser ends the wait, the load, and the test, with an error that names the call.
    """

    def __init__(self, playwright: Playwright) -> None:
        self._playwright = playwright
        self._browser: Browser | None = None

    def browser(self) -> Browser:
        """The running browser, or a new one."""
        if self._browser is None or not self._browser.is_connected():
            self._browser = launch(self._playwright)
        return self._browser

    def close(self) -> None:
        if self._browser is not None and self._browser.is_connected():
            self._browser.close()

    @contextmanager
    def bounded(self, limit_s: float) -> Iterator[None]:
        """Kill the browser when what is done here takes longer."""
        timer = threading.Timer(limit_s, kill_chromium)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def kill_chromium() -> None:
    """End every Chromium that this process has started."""
    for process in psutil.Process().children(recursive=True):
        try:
            if "chrom" in process.name():
                process.kill()
        except psutil.NoSuchProcess:
            pass


@dataclass
class Reader:
    """Someone who looks at the page. What the browser complains about is kept."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        """Keep what the browser calls an error, and where it came from. A show of made pictures has no alerts, and a
        WebRTC session that did not come about in time on a busy machine has ended before the page ends it."""
        url = message.location["url"].partition("?")[0]
        gone = "status of 404" in message.text and (url.endswith(UNWATCHED) or "/whep/" in url)
        if message.type == "error" and not gone:
            self.complaints.append(f"{message.text} {message.location['url']}")

    def open(self, url: str) -> None:
        """Open the console; live pictures never end, so the page never counts as loaded."""
        self.page.goto(url, wait_until="commit")

    def live(self, camera_id: str) -> str:
        """Selector of a tile's live picture."""
        return f'[data-camera="{camera_id}"] .live'

    def wait_playing(self, selector: str, transport: str = "", timeout_s: float = 40) -> None:
        """Wait until pictures come, by this transport."""
        by = f'[data-transport="{transport}"]' if transport else ""
        self.page.wait_for_selector(f'{selector}[data-state="playing"]{by}', timeout=timeout_s * 1000)

    def frames(self, selector: str) -> int:
        """Pictures shown so far."""
        return int(self.page.get_attribute(selector, "data-frames") or 0)

    def pixels(self, selector: str) -> list[int]:
        """The picture that is on the screen now, as 64x36 RGBA values."""
        pixels: list[int] | None = self.page.evaluate(PIXELS, f"{selector} [data-live-picture][data-shown]")
        assert pixels is not None, "no picture is shown"
        return pixels

    def wait_changed(self, selector: str, before: list[int], timeout_s: float = 60) -> None:
        """Wait until the picture differs clearly from an earlier one."""
        for _ in range(int(timeout_s * 10)):
            now = self.pixels(selector)
            if sum(abs(a - b) for a, b in zip(now, before, strict=True)) / len(now) > 1:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError("the picture does not change")


def until(condition: Callable[[], bool], what: str, timeout_s: float = 60) -> None:
    """Wait until something outside the page holds."""
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, f"not in time: {what}"
        time.sleep(0.05)


@contextmanager
def reader(browser: Browser, **options: Any) -> Iterator[Reader]:
    """A fresh window. Options are those of Playwright's `new_context`."""
    context: BrowserContext = browser.new_context(**{"locale": "en-US", "color_scheme": "light", **options})
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    someone = Reader(page)
    page.on("console", someone.hear)
    page.on("pageerror", lambda error: someone.complaints.append(str(error)))
    try:
        yield someone
    finally:
        with suppress(BrowserError):  # a browser that is gone has none
            page.unroute_all(behavior="ignoreErrors")  # one still at work would fail the test after this one
        context.close()

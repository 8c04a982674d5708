"""One Chromium for all browser tests, one window for each; it can't hang the suite."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from tests.e2e.browsing import WAIT_MS, Reader, SharedChromium, reader
from tests.e2e.picture_show import PictureShow

BUILT = Path(__file__).resolve().parents[2] / "src" / "popcam" / "server" / "console"
CONSOLE = Path(os.environ.get("CONSOLE_UNDER_TEST") or BUILT)
"""Another build may be looked at while the console is worked on."""


@pytest.fixture(scope="session")
def console_dir() -> Path:
    """The built console. Setting up the environment builds it; without it these tests have nothing to look at."""
    assert (CONSOLE / "index.html").is_file(), "build the console first: python hatch_build.py"
    return CONSOLE


expect.set_options(timeout=WAIT_MS)

LONGEST_TEST_S = 200.0
"""Less than the suite's time limit for a test, so that a page that hangs ends its own test alone."""


@pytest.fixture(scope="session")
def shared_chromium() -> Iterator[SharedChromium]:
    with sync_playwright() as playwright:
        shared = SharedChromium(playwright)
        yield shared
        shared.close()


@pytest.fixture
def browser(shared_chromium: SharedChromium) -> Iterator[Browser]:
    """One Chromium for all tests."""
    with shared_chromium.bounded(LONGEST_TEST_S):
        yield shared_chromium.browser()


@pytest.fixture(scope="module")
def show(console_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PictureShow]:
    """Three cameras: one with boxes, one with hidden faces, one that can't be reached."""
    show = PictureShow(tmp_path_factory.mktemp("show"), console_dir).start()
    yield show
    show.stop()


@pytest.fixture
def someone(browser: Browser) -> Iterator[Reader]:
    """A reader with an English browser on a large light screen."""
    with reader(browser, viewport={"width": 1440, "height": 900}) as someone:
        yield someone

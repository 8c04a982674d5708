"""A page that hangs ends its own test, and no other."""

import time

import psutil
import pytest
from playwright.sync_api import Error
from tests.e2e.browsing import SharedChromium, reader

pytestmark = pytest.mark.browser

HANGS = "() => { for (;;); }"


def test_a_page_that_hangs_is_ended_and_the_next_test_has_a_browser(shared_chromium: SharedChromium) -> None:
    begin_s = time.monotonic()
    with (
        pytest.raises(Error, match="closed"),
        reader(shared_chromium.browser()) as someone,
        shared_chromium.bounded(0.5),
    ):
        someone.page.evaluate(HANGS)
    assert time.monotonic() - begin_s < 60.0

    with reader(shared_chromium.browser()) as someone:
        assert someone.page.evaluate("() => 1 + 1") == 2


def test_nothing_is_left_of_the_one_that_was_killed(shared_chromium: SharedChromium) -> None:
    with (
        pytest.raises(Error, match="closed"),
        reader(shared_chromium.browser()) as someone,
        shared_chromium.bounded(0.5),
    ):
        someone.page.evaluate(HANGS)
    running = [one.pid for one in psutil.Process().children(recursive=True) if "chrom" in one.name()]
    assert not [pid for pid in running if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE]

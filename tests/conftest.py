"""What holds for all tests."""

import logging
import os
import signal
from collections.abc import Iterator

import hypothesis
import pytest
import structlog

from popcam.core.log_keeping import keep_logs, log_keeping

# A machine that is busy with something else makes no property false.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")


def pytest_configure() -> None:
    """A suite that was started in the background inherits "ignore Ctrl-C", and so would every program that a test
    starts and then ends by it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: while Playwright's synchronous interface is open its event loop counts as running in
    the main thread, and no asynchronous test could start one. Files with slow tests come first among the others: where
    files run side by side, no long one is left for the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.get_closest_marker("browser") is not None, item.path not in slow))


@pytest.fixture(autouse=True)
def ordinary_priority() -> Iterator[None]:
    """No test leaves the suite with real-time priority, as some encoders give it to who calls them: every program that
    is started afterwards would inherit it and starve the machine."""
    yield
    if hasattr(os, "sched_getscheduler") and os.sched_getscheduler(0) != os.SCHED_OTHER:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        pytest.fail("this test gave its thread real-time priority")


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """A command or server that a test runs in this process sets where its log goes, often to what is closed when the
    test ends. The next test has its own again."""
    before, keeping = structlog.get_config(), log_keeping()
    handlers, level, disabled = logging.root.handlers[:], logging.root.level, logging.root.manager.disable
    yield
    structlog.configure(**before)
    keep_logs(keeping)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    logging.disable(disabled)

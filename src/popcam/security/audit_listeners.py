"""Who wants to hear of something, each called in its own loop where it has one."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog

log = structlog.get_logger(__name__)

Value = TypeVar("Value")


class Listeners(Generic[Value]):
    """Called from any thread."""

    def __init__(self) -> None:
        self._calls: list[Callable[[Value], object]] = []

    def add(self, listener: Callable[[Value], object]) -> Callable[[], None]:
        """Call it from now on: in the loop in which this is said, else in the thread of who tells. Gives what ends the
        calls."""
        call = _in_own_loop(listener)
        self._calls.append(call)

        def end() -> None:
            with contextlib.suppress(ValueError):
                self._calls.remove(call)

        return end

    def tell(self, value: Value) -> None:
        """Call them all; one that breaks is logged and keeps nobody from hearing."""
        for call in tuple(self._calls):
            try:
                call(value)
            except Exception:
                log.exception("audit.listener_broke")


def _in_own_loop(listener: Callable[[Value], object]) -> Callable[[Value], object]:
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return listener

    def call(value: Value) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(listener, value)

    return call

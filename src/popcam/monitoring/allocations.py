"""Recording allocations of the server process, which ends by itself (core/allocations.py)."""

import asyncio
from collections.abc import Callable

from popcam.core.allocations import MAX_S, AllocationRecorder, Recording


class Allocations:
    """Records allocations of this process on demand; whatever stops the process for a while is done in a thread.

    Args:
        unix_s: the time.
    """

    def __init__(self, unix_s: Callable[[], float]) -> None:
        self._recorder = AllocationRecorder(unix_s)
        self._timer: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """It is recorded now."""
        return self._recorder.running

    async def begin(self, for_s: float) -> Recording:
        """Record from now on, for so many seconds at most.

        Raises:
            SnapshotBusyError: it is done already.
        """
        begun = await asyncio.to_thread(self._recorder.begin, for_s)
        self._timer = asyncio.create_task(self._end_after(min(for_s, MAX_S)), name="allocations")
        return begun

    async def look(self) -> Recording:
        """What has grown since it began, or what was found by the recording before."""
        return await asyncio.to_thread(self._recorder.look)

    async def end(self) -> Recording:
        """Look once more, and record no longer. Nothing happens when nothing is recorded."""
        if self._timer is not None:
            timer, self._timer = self._timer, None
            if timer is not asyncio.current_task():
                timer.cancel()
        return await asyncio.to_thread(self._recorder.end)

    async def _end_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.end()

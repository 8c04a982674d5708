"""`python -m popcam.worker`: settings as JSON on standard input, then serves until it is told to end."""

import gc

if __name__ == "__main__":
    gc.disable()  # until all that stays is imported, see `quiet_import_ends`

import ctypes
import signal
import sys
from types import FrameType

import cv2
import msgspec

from popcam.core.addresses import allow_loopback
from popcam.core.collecting import quiet_import_ends
from popcam.core.crashes import clean_crashes
from popcam.core.plain_openvino import leave_out_openvino_tools
from popcam.core.plain_structlog import import_structlog
from popcam.core.worker_settings import WorkerSettings

import_structlog()
leave_out_openvino_tools()

from popcam.worker.output import write_to  # noqa: E402
from popcam.worker.process import WorkerProcess  # noqa: E402 - it imports structlog too

M_ARENA_MAX = -8
"""glibc's number of the setting: most malloc arenas. Each thread would get one of its own and keep its garbage."""


def main() -> None:
    """Read the settings, serve, end. They may come much later: a worker is started in advance, for the next failure."""
    clean_crashes()
    quiet_import_ends()
    given = sys.stdin.buffer.read()
    if not given:
        return  # whoever started it needs it no more, or is gone
    settings = msgspec.json.decode(given, type=WorkerSettings)
    if settings.output_path:
        write_to(settings.output_path)
    allow_loopback(allowed=settings.allow_loopback)
    _tune_process()
    worker = WorkerProcess(settings)

    def end(_signal: int, _frame: FrameType | None) -> None:
        worker.end()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    worker.run()


def _tune_process() -> None:
    """One thread per OpenCV call (cameras run side by side already) and few malloc arenas."""
    cv2.setNumThreads(1)
    if sys.platform == "linux":
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 2)


if __name__ == "__main__":
    main()

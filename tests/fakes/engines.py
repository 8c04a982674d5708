"""Engines that do as they are told: find a list, be slow, raise."""

import threading
import time
from collections.abc import Sequence

from popcam.core.errors import InferenceError
from popcam.core.facts import BoxNorm, Detection
from popcam.core.frame import Frame


def face_at(x: float, y: float = 0.5, *, size: float = 0.2, score: float = 0.9) -> Detection:
    """A face whose middle is at x, y."""
    box: BoxNorm = (x - size / 2, y - size / 2, x + size / 2, y + size / 2)
    return Detection(label="face", score=score, box=box)


class ScriptedEngine:
    """Finds `found` in each frame, after `delay_s`, unless `error` is set. `release` lets a blocked engine go on."""

    name = "scripted"
    labels = ("face",)
    provider = "scripted"
    provider_fallback = ""

    def __init__(self, found: Sequence[Detection] = ()) -> None:
        self.found = tuple(found)
        self.delay_s = 0.0
        self.error: Exception | None = None
        self.calls = 0
        self.closed = False
        self.blocked: threading.Event | None = None

    def infer(self, frame: Frame) -> tuple[Detection, ...]:
        self.calls += 1
        if self.delay_s:
            time.sleep(self.delay_s)
        if self.blocked is not None:
            self.blocked.wait(10)
        if self.error is not None:
            raise self.error
        return self.found

    def fail(self, detail: str = "told to fail") -> None:
        self.error = InferenceError(detail)

    def close(self) -> None:
        self.closed = True

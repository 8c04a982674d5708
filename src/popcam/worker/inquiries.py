"""Questions that concern no camera, answered beside everything else the worker does."""

import threading
import time
from collections.abc import Callable, Iterator

from structlog.typing import FilteringBoundLogger

from popcam.core import protocol
from popcam.core.errors import PopcamError, WorkerUnavailableError
from popcam.core.known_secrets import KNOWN, secrets_of_address, secrets_of_camera, secrets_of_source
from popcam.core.worker_settings import InferenceSpec
from popcam.pipeline import inquiry

SIDE_BY_SIDE = 4
"""More wait: each may decode a stream."""
PATIENCE_S = 20.0
"""Whoever asked is gone by then."""
REMEMBERED = 64
"""The secrets of so many questions are masked in what this process says."""


class Inquiries:
    """Answers each question in a thread of its own, a few at a time.

    The threads are daemons: a worker that ends does not wait for a camera that never answers.
    """

    def __init__(self, inference: InferenceSpec, log: FilteringBoundLogger) -> None:
        self._inference = inference
        self._log = log
        self._asked = 0
        self._slots = threading.BoundedSemaphore(SIDE_BY_SIDE)

    def take(self, question: protocol.Question, reply: Callable[[protocol.Reply], None]) -> None:
        """Answer later, from another thread."""
        self._asked += 1
        KNOWN.keep(f"question:{self._asked % REMEMBERED}", _secrets_of(question))
        threading.Thread(target=self._answer, args=(question, reply), name="inquiry", daemon=True).start()

    def _answer(self, question: protocol.Question, reply: Callable[[protocol.Reply], None]) -> None:
        if not self._slots.acquire(timeout=PATIENCE_S):
            reply(protocol.refusal(WorkerUnavailableError("too many questions at once")))
            return
        began_s = time.monotonic()
        try:
            answered = inquiry.answer(question, self._inference)
        except PopcamError as error:
            self._log.info("question.failed", question=type(question).__name__, code=error.code)
            answered = protocol.refusal(error)
        except Exception as error:  # noqa: BLE001 - the edge of a question's work
            self._log.error("question.broke", question=type(question).__name__, exc_info=error)
            answered = protocol.refusal(PopcamError(type(error).__name__))
        finally:
            self._slots.release()
        self._log.info("question.answered", question=type(question).__name__, s=round(time.monotonic() - began_s, 3))
        reply(answered)


def _secrets_of(question: protocol.Question) -> Iterator[str]:
    match question:
        case protocol.TestSource():
            yield from secrets_of_source(question.source)
        case protocol.ProfileCamera():
            yield from secrets_of_camera(question.spec)
        case protocol.FindOnvif():
            for address in ("", *question.addresses):
                yield from secrets_of_address(address, question.username, question.password)
        case protocol.RebootOnvif():
            yield from secrets_of_address(question.address, question.username, question.password)
        case protocol.FindDevices() | protocol.CutClip():
            return

"""Runs a camera's engines on a picture, within a time limit, and says when a picture needs it."""

import time
from collections.abc import Sequence
from concurrent.futures import Executor, Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Literal

import msgspec

from popcam.core.errors import InferenceError, PopcamError
from popcam.core.facts import Detection, Track
from popcam.core.frame import Frame
from popcam.core.interfaces import Engine

INLINE_SHARE = 0.25
"""Engines whose usual time is at most this share of the longest wait run in the caller's thread."""
STILL_RECHECK_S = 0.5
"""Hidden faces in a still, shown picture are looked for again after this time, should the gate have missed a change."""
UNSEEN_RECHECK_S = 30.0
"""A still picture that nobody sees is looked at again after this time."""
FOLLOW_RECHECK_S = 1.0
"""Followed things in a still, watched picture are confirmed again after this time."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one look.

    `detections` is None when there is no new result; `pts_s` is the time of the picture that a result belongs to,
    which after a late one is an earlier picture.
    """

    detections: tuple[Detection, ...] | None = None
    pts_s: float = 0.0
    late: bool = False
    error: PopcamError | None = None


class DetectStage:
    """One camera's turn at the shared engines: at most one picture at a time is in work.

    Engines that have been fast run in the caller's thread, where the picture is still in the processor's cache; handing
    it to another thread costs a fifth of the fast detector's time. Engines that are slow, or not known yet, run in the
    pool, so that the caller can give up waiting. An engine that suddenly takes long keeps its caller once: that
    picture comes late, with its own result, and the next ones go to the pool.

    Args:
        engines: run one after the other on the same picture.
        pool: the worker's inference threads.
    """

    def __init__(self, engines: Sequence[Engine], pool: Executor) -> None:
        self.engines = tuple(engines)
        self._pool = pool
        self._usual_s = float("inf")
        self._pending: Future[tuple[Detection, ...]] | None = None
        self._pending_pts_s = 0.0

    @property
    def in_work(self) -> bool:
        """Whether an engine may still look at a picture."""
        return self._pending is not None

    def look(self, frame: Frame, *, wait_s: float, max_age_s: float) -> Outcome:
        """Detect in this picture, waiting at most `wait_s`.

        While an earlier picture is still in work nothing is waited for. Its result, once there, is returned with its
        own time when it is at most `max_age_s` older than this picture; this picture is in work then.
        """
        if self._pending is not None:
            if not self._pending.done():
                return Outcome(late=True)
            outcome = self._collect(0.0)
            if outcome.error is not None:
                return outcome
            if frame.pts_s - outcome.pts_s <= max_age_s:
                self._submit(frame)
                return outcome
        if self._usual_s <= INLINE_SHARE * wait_s:
            return self._here(frame)
        self._submit(frame)
        return self._collect(wait_s)

    def _here(self, frame: Frame) -> Outcome:
        try:
            return Outcome(detections=self._infer(frame), pts_s=frame.pts_s)
        except Exception as error:  # noqa: BLE001 - the edge of an engine's work: whatever it raises is its failure
            return Outcome(pts_s=frame.pts_s, error=_named(error))

    def _infer(self, frame: Frame) -> tuple[Detection, ...]:
        begun_s = time.perf_counter()
        found: list[Detection] = []
        try:
            for engine in self.engines:
                found.extend(engine.infer(frame))
        finally:
            took_s = time.perf_counter() - begun_s
            known = self._usual_s < float("inf")
            # slow to trust, quick to distrust
            self._usual_s = max(took_s, 0.8 * self._usual_s + 0.2 * took_s) if known else took_s
        return tuple(found)

    def _submit(self, frame: Frame) -> None:
        self._pending_pts_s = frame.pts_s
        self._pending = self._pool.submit(self._infer, frame)

    def _collect(self, wait_s: float) -> Outcome:
        pending = self._pending
        if pending is None:
            return Outcome(late=True)
        try:
            detections = pending.result(timeout=wait_s)
        except FutureTimeoutError:
            return Outcome(late=True)
        except Exception as error:  # noqa: BLE001 - as in `_here`
            self._pending = None
            return Outcome(pts_s=self._pending_pts_s, error=_named(error))
        self._pending = None
        return Outcome(detections=detections, pts_s=self._pending_pts_s)


def _named(error: Exception) -> PopcamError:
    return error if isinstance(error, PopcamError) else InferenceError(f"{type(error).__name__}: {error}")


class LookNeed(msgspec.Struct, frozen=True, kw_only=True):
    """What decides whether a picture is looked at.

    Attributes:
        hides: faces are hidden in this camera's outputs.
        shown: an output takes this picture.
        moving: something moves, or moved within the cooldown.
        since_result_s: time since the newest result, in the stream's time; None before the first.
        max_interval_s: the camera's setting.
        least_interval_s: nothing that is not hidden is looked for sooner than this, because of the load.
        tracks: what was followed right after that result: one that it missed has been unseen for a while.
    """

    hides: bool
    shown: bool
    moving: bool
    since_result_s: float | None
    max_interval_s: float
    tracks: Sequence[Track]
    least_interval_s: float = 0.0


LookReason = Literal["first", "hides", "moving", "unsteady", "recheck"]


def look_reason(need: LookNeed) -> LookReason | None:
    """Say why this picture is looked at, or None to rely on what is known."""
    if need.since_result_s is None:
        return "first"
    if not need.moving:
        return "recheck" if need.since_result_s >= _recheck_s(need) else None
    if need.hides and need.shown:
        return "hides"
    if need.since_result_s < need.least_interval_s:
        return None
    if need.shown and any(not track.confirmed or track.unseen_s > 0.0 for track in need.tracks):
        return "unsteady"
    return "moving" if need.since_result_s >= need.max_interval_s else None


def _recheck_s(need: LookNeed) -> float:
    if not need.shown:
        return UNSEEN_RECHECK_S
    return STILL_RECHECK_S if need.hides else FOLLOW_RECHECK_S

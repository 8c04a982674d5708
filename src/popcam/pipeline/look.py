"""From a frame to followed things: gate, engines and tracker of one camera."""

from dataclasses import replace
from typing import NamedTuple

import msgspec
from structlog.typing import FilteringBoundLogger

from popcam.core.errors import PopcamError
from popcam.core.facts import Detection, FaultReport, Track
from popcam.core.frame import Frame
from popcam.core.interfaces import Engine
from popcam.core.spec import CameraSpec, GateSpec
from popcam.engines import engine_scores
from popcam.pipeline.detection import DetectStage, LookNeed, look_reason
from popcam.pipeline.host import PipelineHost
from popcam.pipeline.privacy import SCENE_CHANGE_RATIO
from popcam.pipeline.stage_times import StageTimes
from popcam.vision.motion import MotionGates
from popcam.vision.tracker import Tracker

FACE = "face"
ENGINE_RETRY_S = 10.0
"""An engine that could not be loaded is tried again after this time."""
LIVE_WAIT_SHARE = 0.9
"""Where nothing is hidden a picture waits for its detection at most this share of the frame interval."""
LATE_RESULT_S = 2.0
"""Where nothing is hidden a late result still corrects the tracks up to this age."""
STRICT_GATE = GateSpec(sensitivity=1.0, cooldown_s=1.0)
"""Judges stillness where faces are hidden: no masks, and no wish to be left in peace, may make a face look still."""
MOVING_CHECK_S = 0.4
"""While something moves, whether it still does is asked this often. In between the answer is taken to be yes. A
comparison costs twice as much as covering a face."""
REASSERT_S = 0.5
"""In a still scene the last result is given to the tracker again at this pace, so that nobody is lost by standing."""


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one frame after looking, or not looking, at it.

    Attributes:
        tracks: what is followed, with boxes predicted for this frame.
        moving: something moves, by the camera's gate.
        changed_ratio: share of the picture that differs from before, 0..1.
        result_age_s: age of the newest detection result in the stream's time, 0 for a result of this very frame; None
            when there never was one.
        still: nothing at all moved since that result.
        looked: this frame brought a new result.
        detections: of the new result, those that count by themselves, with or without a track.
        in_work: an engine may still look at this picture, or an earlier one.
    """

    tracks: tuple[Track, ...]
    moving: bool
    changed_ratio: float
    result_age_s: float | None
    still: bool
    looked: bool
    detections: tuple[Detection, ...] = ()
    in_work: bool = False


class _Motions(NamedTuple):
    """What the newest comparison said: something moves by the camera's gate, anything at all moved, and how much of the
    picture changed."""

    moving: bool
    moved: bool
    changed_ratio: float


class Looker:
    """Decides per frame whether to detect, and keeps the tracks. Used by the processing thread alone."""

    def __init__(self, spec: CameraSpec, host: PipelineHost, times: StageTimes, log: FilteringBoundLogger) -> None:
        self._spec = spec
        self._host = host
        self._times = times
        self._log = log
        gates = (spec.gate, STRICT_GATE) if spec.hides_faces else (spec.gate,)
        self._gates = MotionGates(*gates) if spec.gate.enabled else None
        self._names = self._wanted_names()
        self._begin_scores = {name: self._begin_score(name) for name in self._names}
        kept_s = max(spec.track.max_lost_s, spec.act.hold_s) if spec.hides_faces else spec.track.max_lost_s
        self._certain_scores = self._start_scores()
        self._tracker = Tracker(replace(spec.track, max_lost_s=kept_s), start_score=self._certain_scores)
        self._motion_now = _Motions(moving=True, moved=True, changed_ratio=0.0)
        self._compared_pts_s: float | None = None
        self._judging, self._asking = times.flow("gate"), times.flow("detect")
        self._tracking = times.flow("track")
        self._stage: DetectStage | None = None
        self._engine_retry_at_s = 0.0
        self._result_pts_s: float | None = None
        self._asserted_pts_s = 0.0
        self._moved_since_result = True
        self._detections: tuple[Detection, ...] = ()
        self._found_tracks: tuple[Track, ...] = ()
        self.fault: FaultReport | None = None
        self.interval_factor = 1
        """Under load detection is asked for so many times less often. Pictures with hidden faces are not looked at less
        often: fewer of them come."""

    @property
    def engines(self) -> tuple[Engine, ...]:
        return self._stage.engines if self._stage else ()

    @property
    def ready(self) -> bool:
        """Whether the engines this camera needs are loaded, or none is needed."""
        return self._stage is not None or not self._names

    def look(self, frame: Frame, *, shown: bool) -> Sight:
        """Judge one frame.

        Args:
            frame: read, never written.
            shown: an output takes this picture.
        """
        compared = self._compare_if_due(frame)
        motion = self._motion_now
        self._moved_since_result |= motion.moved
        looked = False
        needed = self._needed(frame, moving=motion.moved if shown else motion.moving, shown=shown)
        self._judging.passed(needed)
        if needed and self._load_engines():
            looked = self._detect(frame)
            self._asking.passed(looked)
        if not looked and not compared:
            self._compare(frame)  # what an older result is worth depends on how much changed since
        if not looked and not self._moved_since_result:
            self._reassert(frame)
        exact = looked and self._result_pts_s == frame.pts_s
        tracks = self._found_tracks if exact else self._tracker.predict(frame.pts_s)
        age_s = None if self._result_pts_s is None else max(0.0, frame.pts_s - self._result_pts_s)
        return Sight(
            tracks=tracks,
            moving=self._motion_now.moving,
            changed_ratio=self._motion_now.changed_ratio,
            result_age_s=age_s,
            still=not self._moved_since_result,
            looked=looked,
            detections=tuple(item for item in self._detections if self.certain(item)) if looked else (),
            in_work=self._stage is not None and self._stage.in_work,
        )

    def _compare_if_due(self, frame: Frame) -> bool:
        """Whether the frame was compared with the background: always, unless it is known to be moving."""
        before_s = self._compared_pts_s
        known = self._motion_now.moving and self._motion_now.moved
        if before_s is not None and known and 0.0 <= frame.pts_s - before_s < MOVING_CHECK_S:
            return False
        self._compare(frame)
        return True

    def _compare(self, frame: Frame) -> None:
        if self._gates is None:
            return
        self._compared_pts_s = frame.pts_s
        with self._times.measure("gate"):
            motion, *stricter = self._gates.update(frame, frame.pts_s)
        strict = stricter[0] if stricter else motion
        moved = strict.moving
        if stricter:
            moved |= not strict.settled or strict.changed_ratio >= SCENE_CHANGE_RATIO
        self._motion_now = _Motions(moving=motion.moving, moved=moved, changed_ratio=strict.changed_ratio)

    def _needed(self, frame: Frame, *, moving: bool, shown: bool) -> bool:
        if not self._names:
            return False
        need = LookNeed(
            hides=self._spec.hides_faces,
            shown=shown,
            moving=moving,
            since_result_s=None if self._result_pts_s is None else frame.pts_s - self._result_pts_s,
            max_interval_s=self._spec.detect.max_interval_s * self.interval_factor,
            least_interval_s=(self.interval_factor - 1) * frame.interval_s,
            tracks=self._found_tracks,
        )
        return look_reason(need) is not None

    def _detect(self, frame: Frame) -> bool:
        """Run the engines; True when this brought a result that the tracks rest on now."""
        stage = self._stage
        if stage is None:
            return False
        hides = self._spec.hides_faces
        wait_s = self._spec.act.max_stale_s if hides else LIVE_WAIT_SHARE * frame.interval_s
        with self._times.measure("detect"):
            outcome = stage.look(frame, wait_s=wait_s, max_age_s=0.0 if hides else LATE_RESULT_S)
        if outcome.error is not None:
            self._report(outcome.error)
        if outcome.detections is None:
            return False
        self._detections = tuple(item for item in outcome.detections if self._wants(item))
        self._tracking.passed()
        with self._times.measure("track"):
            self._found_tracks = self._tracker.update(self._detections, outcome.pts_s)
        self._result_pts_s = self._asserted_pts_s = outcome.pts_s
        # a late result says nothing about what moved after its picture
        self._moved_since_result = outcome.pts_s < frame.pts_s and self._moved_since_result
        self._recovered()
        return True

    def _reassert(self, frame: Frame) -> None:
        """Nothing moved since the last result, so it holds for this picture too."""
        if self._result_pts_s is not None and frame.pts_s - self._asserted_pts_s >= REASSERT_S:
            self._asserted_pts_s = frame.pts_s
            self._tracker.update(self._detections, frame.pts_s)

    def _wanted_names(self) -> tuple[str, ...]:
        if self._spec.act.kind == "pass":
            return ()
        wanted = (self._spec.detect.faces, self._spec.detect.objects)
        return tuple(name for name in wanted if name != "off")

    def _load_engines(self) -> bool:
        if self._stage is not None:
            return True
        now_s = self._host.clock.monotonic_s()
        if now_s < self._engine_retry_at_s:
            return False
        detect = self._spec.detect
        try:
            engines = [
                self._host.engine(name, input_width_px=detect.input_width_px, min_score=self._keep_score(name))
                for name in self._names
            ]
        except PopcamError as error:
            self._engine_retry_at_s = now_s + ENGINE_RETRY_S
            self._report(error)
            return False
        self._stage = DetectStage(engines, self._host.inference_pool)
        return True

    def _wants(self, detection: Detection) -> bool:
        return detection.label == FACE or detection.label in self._spec.detect.object_labels

    def _begin_score(self, name: str) -> float:
        """The score from which a detection begins a track. A detector that hides must rather find too much."""
        if self._spec.detect.min_score is not None:
            return self._spec.detect.min_score
        scores = engine_scores(name)
        return scores.hide if self._spec.hides_faces else scores.detect

    def _keep_score(self, name: str) -> float:
        """The score from which a detection continues a track."""
        return min(self._begin_scores[name], engine_scores(name).keep)

    def _start_scores(self) -> dict[str, float]:
        """Begin scores by label."""
        detect = self._spec.detect
        scores = {FACE: self._begin_scores.get(detect.faces, 1.0)}
        return scores | dict.fromkeys(detect.object_labels, self._begin_scores.get(detect.objects, 1.0))

    def certain(self, detection: Detection) -> bool:
        """Whether this detection counts by itself, with or without a track."""
        return detection.score >= self._certain_scores.get(detection.label, 1.0)

    def _report(self, error: PopcamError) -> None:
        if self.fault is None or self.fault.code != error.code:
            self._log.error("engine.failed", code=error.code, detail=error.detail)
        count = self.fault.count + 1 if self.fault and self.fault.code == error.code else 1
        self.fault = FaultReport(code=error.code, detail=error.detail, at_unix_s=self._host.clock.unix_s(), count=count)

    def _recovered(self) -> None:
        if self.fault is not None:
            self._log.info("engine.recovered", code=self.fault.code, failures=self.fault.count)
            self.fault = None

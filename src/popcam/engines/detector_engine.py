"""A detector as an engine: frame in, detections with boxes in 0..1 out."""

import math

from popcam.core.errors import EngineOutputError
from popcam.core.facts import Detection
from popcam.core.frame import Frame
from popcam.core.interfaces import Runtime
from popcam.engines.entry import EngineEntry
from popcam.vision.detectors import Found
from popcam.vision.preprocess import Preprocessor
from popcam.vision.runtimes import TakesPictures


class DetectorEngine:
    """Small picture, model, decoding: the same path for all detectors.

    Args:
        entry: the engine's row in the table.
        runtime: its loaded model; the engine closes it.
        input_width_px: longer side of the small picture.
        min_score: lowest score of a detection.
    """

    def __init__(self, entry: EngineEntry, runtime: Runtime, input_width_px: int, min_score: float) -> None:
        self.name = entry.name
        self.labels = entry.labels
        self.min_score = min_score
        self._entry = entry
        self._runtime = runtime
        self._pictures = runtime if isinstance(runtime, TakesPictures) else None
        self._preprocess = Preprocessor(input_width_px, entry.contract)

    @property
    def provider(self) -> str:
        return self._runtime.provider

    @property
    def provider_fallback(self) -> str:
        return self._runtime.fallback

    def infer(self, frame: Frame) -> tuple[Detection, ...]:
        if self._pictures is not None:
            input_wh, content_wh = self._preprocess.sizes(frame.planes)
            with self._pictures.turn(input_wh, self._entry.contract) as turn:
                turn.canvas.draw(frame.planes, content_wh, full_range=frame.full_range)
                found = self._entry.decode(turn.run(), input_wh, self.min_score)
        else:
            small = self._preprocess(frame.planes, full_range=frame.full_range)
            outputs = self._runtime.run({self._entry.input_name: small.tensor})
            content_wh = small.content_wh
            found = self._entry.decode(outputs, (small.tensor.shape[3], small.tensor.shape[2]), self.min_score)
        return self._detections(found, content_wh)

    def close(self) -> None:
        self._runtime.close()

    def _detections(self, found: Found, content_wh: tuple[int, int]) -> tuple[Detection, ...]:
        """Place boxes on the full picture. What lies wholly in the letterbox's border is dropped.

        Raises:
            EngineOutputError: a number is none.
        """
        rows = zip(
            found.boxes_px.tolist(),
            found.scores.tolist(),
            found.landmarks_px.tolist(),
            found.classes.tolist(),
            strict=True,
        )
        placed = (self._placed(box, score, points, kind, content_wh) for box, score, points, kind in rows)
        return tuple([detection for detection in placed if detection is not None])

    def _placed(
        self, box: list[float], score: float, points: list[list[float]], kind: int, content_wh: tuple[int, int]
    ) -> Detection | None:
        width, height = content_wh
        # Not after they are brought into 0..1: that would make a number of an infinity.
        if not math.isfinite(sum(box) + sum(x + y for x, y in points)):
            raise EngineOutputError("a box or landmark is no finite number")
        left, top = _in_picture(box[0] / width), _in_picture(box[1] / height)
        right, bottom = _in_picture(box[2] / width), _in_picture(box[3] / height)
        if left >= right or top >= bottom:
            return None
        return Detection(
            label=self.labels[kind],
            score=score,
            box=(left, top, right, bottom),
            landmarks=tuple([(_in_picture(x / width), _in_picture(y / height)) for x, y in points]),
        )


def _in_picture(share: float) -> float:
    return min(max(share, 0.0), 1.0)

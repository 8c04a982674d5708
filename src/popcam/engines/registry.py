"""The engines that exist, and how to load one."""

from typing import Final

from popcam.core.errors import ModelNotFoundError
from popcam.core.interfaces import Engine
from popcam.core.worker_settings import InferenceSpec
from popcam.engines.detector_engine import DetectorEngine
from popcam.engines.entry import EngineEntry, EngineScores
from popcam.engines.faces.centerface import CENTERFACE
from popcam.engines.faces.yunet import YUNET
from popcam.engines.objects.nanodet import NANODET
from popcam.vision.runtimes import DeviceBudget, load_runtime

ENGINES: Final[dict[str, EngineEntry]] = {entry.name: entry for entry in (YUNET, CENTERFACE, NANODET)}


def load_engine(
    name: str,
    *,
    input_width_px: int = 640,
    min_score: float | None = None,
    inference: InferenceSpec,
    budget: DeviceBudget | None = None,
) -> Engine:
    """Load an engine. One serves all cameras of a worker, from any thread.

    Args:
        name: a key of `ENGINES`.
        input_width_px: longer side of the small picture that the model sees; engines of a fixed size ignore it.
        min_score: lowest score that it returns; None takes the engine's measured one, `engine_scores(name).detect`.
            Give `.keep` where a tracker follows: weaker detections keep a track alive but never begin one.
        inference: what runs the model.
        budget: memory on a device that it shares with other engines.

    Raises:
        ModelNotFoundError: no engine or model has this name.
        ModelError: the model file can't be used.
        ProviderUnavailableError: no provider of the settings works here.
    """
    entry = _entry(name)
    lowest = entry.scores.detect if min_score is None else min_score
    return DetectorEngine(entry, load_runtime(entry.model, inference, budget), input_width_px, lowest)


def engine_scores(name: str) -> EngineScores:
    """Measured thresholds of an engine.

    Raises:
        ModelNotFoundError: no engine has this name.
    """
    return _entry(name).scores


def _entry(name: str) -> EngineEntry:
    if name not in ENGINES:
        raise ModelNotFoundError(f"engine {name}; there are: {', '.join(ENGINES)}")
    return ENGINES[name]

"""What the table of engines says of each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from popcam.core.frame import FloatArray
from popcam.vision.detectors import Found
from popcam.vision.preprocess import PictureContract

Decode = Callable[[Sequence[FloatArray], tuple[int, int], float], Found]
"""(outputs, (width, height) of the small picture, lowest score) to what was found."""


@dataclass(frozen=True, slots=True)
class EngineScores:
    """Scores measured for one engine; see docs of the model in `popcam_models`.

    Attributes:
        detect: few false alarms, for showing and for events.
        hide: few missed faces, for covering them: a false alarm costs a covered spot, a miss costs somebody's privacy.
        keep: enough to go on following what was found before.
    """

    detect: float
    hide: float
    keep: float


@dataclass(frozen=True, slots=True)
class EngineEntry:
    """One engine: its model, the picture that it wants, and what its outputs mean.

    Attributes:
        name: what settings call it.
        model: name in the manifest of models.
        input_name: name of the model's input.
        labels: what it finds; `Found.classes` are indexes into it.
    """

    name: str
    model: str
    input_name: str
    labels: tuple[str, ...]
    contract: PictureContract
    decode: Decode
    scores: EngineScores

"""YuNet: fast, the default."""

from typing import Final

from popcam.engines.entry import EngineEntry, EngineScores
from popcam.vision.detectors import decode_yunet
from popcam.vision.preprocess import PictureContract

YUNET: Final = EngineEntry(
    name="yunet",
    model="yunet",
    input_name="input",
    labels=("face",),
    contract=PictureContract(colour="BGR"),
    decode=decode_yunet,
    scores=EngineScores(detect=0.6, hide=0.5, keep=0.3),
)

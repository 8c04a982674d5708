"""NanoDet: persons and 79 more classes of COCO, on a picture of 416x416."""

from typing import Final

from popcam.engines.entry import EngineEntry, EngineScores
from popcam.vision.detectors import COCO_LABELS, decode_nanodet
from popcam.vision.detectors.nanodet import INPUT_PX
from popcam.vision.preprocess import PictureContract

NANODET: Final = EngineEntry(
    name="nanodet",
    model="nanodet",
    input_name="input_1:0",
    labels=COCO_LABELS,
    # What NanoDet was trained with: mean and deviation of ImageNet in the order BGR.
    contract=PictureContract(
        colour="BGR", mean=(103.53, 116.28, 123.675), deviation=(57.375, 57.12, 58.395), square_px=INPUT_PX
    ),
    decode=decode_nanodet,
    scores=EngineScores(detect=0.35, hide=0.35, keep=0.25),
)

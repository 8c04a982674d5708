"""What the detectors' outputs mean: arrays of numbers in, boxes, scores and landmarks out."""

from popcam.vision.detectors.centerface import decode_centerface
from popcam.vision.detectors.found import Found
from popcam.vision.detectors.nanodet import COCO_LABELS, decode_nanodet
from popcam.vision.detectors.yunet import decode_yunet

__all__ = ["COCO_LABELS", "Found", "decode_centerface", "decode_nanodet", "decode_yunet"]

"""Follow objects over frames: detections in, tracks with stable ids out."""

from popcam.vision.tracker.tracker import Tracker

__all__ = ["Tracker"]

"""Follow faces over a whole file, whose future is known: looks in, tracks and covered regions of every frame out."""

from popcam.vision.follow.associate import associate
from popcam.vision.follow.coverage import Coverage, cover_tracks
from popcam.vision.follow.looks import KnownScene, Looks, Scene
from popcam.vision.follow.paths import CoverTimes, FaceTrack, boxes_between
from popcam.vision.follow.scenes import is_cut, signature

__all__ = [
    "CoverTimes",
    "Coverage",
    "FaceTrack",
    "KnownScene",
    "Looks",
    "Scene",
    "associate",
    "boxes_between",
    "cover_tracks",
    "is_cut",
    "signature",
]

"""Cover faces or the whole picture, in the YUV planes themselves, so that nothing can be brought back."""

from popcam.vision.anonymiser.cover import cover_regions, cover_whole

__all__ = ["cover_regions", "cover_whole"]

"""Model files that popcam runs, each with its source, licence and checksum.

>>> from popcam_models import manifest, path
>>> path("yunet").name
'face_det_yunet_2023mar_dyn.onnx'
"""

from functools import cache
from pathlib import Path

from popcam_models.entries import Manifest, ManifestError, ModelEntry, ModelInput, parse_manifest, read_manifest

__all__ = [
    "Manifest",
    "ManifestError",
    "ModelEntry",
    "ModelInput",
    "manifest",
    "parse_manifest",
    "path",
    "read_manifest",
]

FOLDER = Path(__file__).parent
"""Where the files lie; names in the manifest are relative to it."""


@cache
def manifest() -> Manifest:
    """The models of this package. Checksums are not verified here: whoever loads a file does that."""
    return read_manifest(FOLDER)


def path(name: str) -> Path:
    """The file of one model.

    Raises:
        KeyError: no model of this package has that name.
    """
    return FOLDER / manifest()[name].file

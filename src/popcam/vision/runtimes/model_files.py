"""Find a model's file and make sure that it is the one that its manifest means."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import popcam_models
from popcam_models import Manifest, ManifestError, ModelEntry

from popcam.core.errors import ModelCorruptError, ModelError, ModelNotFoundError


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A verified model: exactly the bytes that were checked are the bytes that run."""

    entry: ModelEntry
    content: bytes


def read_model(name: str, model_dir: str = "") -> ModelFile:
    """Read and verify the file of a model.

    Args:
        name: name in a manifest.
        model_dir: a folder with further models; its names win over those of `popcam_models`. Empty: none.

    Raises:
        ModelNotFoundError: no manifest has the name, or the file that it names is missing.
        ModelCorruptError: the file's SHA-256 is not the manifest's.
        ModelError: a manifest or the file can't be read.
    """
    folder, entry = _find(name, model_dir)
    try:
        content = (folder / entry.file).read_bytes()
    except FileNotFoundError as exc:
        raise ModelNotFoundError(f"the file {entry.file} of model {name} is missing") from exc
    except OSError as exc:
        raise ModelError(f"the file {entry.file} of model {name} can't be read: {exc}") from exc
    if hashlib.sha256(content).hexdigest() != entry.sha256:
        raise ModelCorruptError(f"{entry.file} of model {name} has another SHA-256 than the manifest says")
    return ModelFile(entry, content)


def _find(name: str, model_dir: str) -> tuple[Path, ModelEntry]:
    for folder, manifest in _manifests(model_dir):
        if name in manifest:
            return folder, manifest[name]
    known = sorted({entry.name for _, manifest in _manifests(model_dir) for entry in manifest})
    raise ModelNotFoundError(f"{name}; installed: {', '.join(known)}")


def _manifests(model_dir: str) -> list[tuple[Path, Manifest]]:
    try:
        own = [(Path(model_dir), popcam_models.read_manifest(Path(model_dir)))] if model_dir else []
        return [*own, (popcam_models.FOLDER, popcam_models.manifest())]
    except ManifestError as exc:
        raise ModelError(f"{model_dir or 'popcam_models'}: {exc}") from exc

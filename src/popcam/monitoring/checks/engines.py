"""Checks of what detects faces: the runtime's version, the model files by their checksums, and the provider in use."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from popcam.core.errors import DependencyMissingError, ModelCorruptError, ModelError, ModelNotFoundError
from popcam.core.facts import CameraStatus
from popcam.core.language import Text
from popcam.core.monitoring import Check, CheckGroup, Outcome
from popcam.core.worker_settings import InferenceSpec
from popcam.monitoring.checks.packages import version_of
from popcam.monitoring.health_runner import Glance, InThread

RUNTIMES = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino", "onnxruntime-directml")
"""They install into one folder: exactly one of them must be there."""
BLOCK_BYTES = 1 << 20


def engine_checks(inference: InferenceSpec) -> Iterator[Check]:
    """What can be told without a worker."""
    yield Check(
        name="engines.models",
        group=CheckGroup.ENGINES,
        title=Text("Model files", "模型文件"),
        about=Text(
            "Whether each model file is there, with the checksum that its manifest tells.",
            "每个模型文件是否存在，且校验和与清单一致。",
        ),
        remedy=ModelCorruptError.hint,
        look=InThread(partial(models, inference.model_dir)),
        every_s=3600.0,
        timeout_s=60.0,
        severity="critical",
    )
    yield Check(
        name="engines.runtime",
        group=CheckGroup.ENGINES,
        title=Text("Model runtime", "模型运行库"),
        about=Text("Which library runs the models, and its version.", "运行模型的库及其版本。"),
        remedy=Text(
            "Install exactly one of them, for example `pip install --force-reinstall onnxruntime`.",
            "请只安装其中一个，例如 `pip install --force-reinstall onnxruntime`。",
        ),
        look=InThread(runtime),
        every_s=3600.0,
        severity="critical",
    )


def provider_check(statuses: Callable[[], Iterable[CameraStatus]]) -> Check:
    """Whether models run on what the settings prefer; told by the workers that run them."""
    return Check(
        name="engines.provider",
        group=CheckGroup.ENGINES,
        title=Text("What runs the models", "模型运行方式"),
        about=Text(
            "Whether a worker had to fall back to a slower provider or decoder.",
            "工作进程是否退回到较慢的推理或解码方式。",
        ),
        remedy=Text(
            "The reason is named. Without the missing driver or library all goes on, only slower.",
            "原因已说明。缺少该驱动或库时仍可运行，只是较慢。",
        ),
        look=Glance(lambda: provider(statuses())),
        every_s=10.0,
        severity="warning",
    )


def models(model_dir: str = "") -> Outcome:
    """Read every model file and compare its checksum.

    Raises:
        DependencyMissingError, ModelNotFoundError, ModelCorruptError, ModelError.
    """
    try:
        import popcam_models
    except ModuleNotFoundError as error:
        raise DependencyMissingError("popcam-models") from error
    sizes: list[int] = []
    try:
        places = [(popcam_models.FOLDER, popcam_models.manifest())]
        if model_dir:
            places.append((Path(model_dir), popcam_models.read_manifest(Path(model_dir))))
    except popcam_models.ManifestError as error:
        raise ModelError(str(error)) from error
    for folder, manifest in places:
        sizes += [_verify(folder / entry.file, entry.name, entry.sha256) for entry in manifest]
    told = Text(f"{len(sizes)} files, {sum(sizes) / 1e6:.0f} MB", f"{len(sizes)} 个文件，共 {sum(sizes) / 1e6:.0f} MB")
    return Outcome("ok", told, figure=float(len(sizes)))


def _verify(file: Path, name: str, sha256: str) -> int:
    digest, size_bytes = hashlib.sha256(), 0
    try:
        with file.open("rb") as handle:
            while block := handle.read(BLOCK_BYTES):
                digest.update(block)
                size_bytes += len(block)
    except FileNotFoundError as error:
        raise ModelNotFoundError(f"the file {file.name} of model {name} is missing") from error
    except OSError as error:
        raise ModelError(f"the file {file.name} of model {name} can't be read: {error.strerror}") from error
    if digest.hexdigest() != sha256:
        raise ModelCorruptError(f"{file.name} of model {name} has another SHA-256 than the manifest says")
    return size_bytes


def runtime() -> Outcome:
    """Which runtimes are installed.

    Raises:
        DependencyMissingError: none is.
    """
    found = {name: version for name in (*RUNTIMES, "openvino") if (version := version_of(name))}
    told = ", ".join(f"{name} {version}" for name, version in found.items())
    together = [name for name in RUNTIMES if name in found]
    if not together:
        raise DependencyMissingError("onnxruntime")
    if len(together) > 1:
        detail = Text(f"they overwrite each other's files: {told}", f"它们会互相覆盖文件：{told}")
        return Outcome("failed", detail, code=DependencyMissingError.code)
    return Outcome("ok", Text(told, told))


def provider(statuses: Iterable[CameraStatus]) -> Outcome:
    """What runs the models, and why it is not what was preferred."""
    running = list(statuses)
    used = sorted({status.provider for status in running if status.provider})
    if not used:
        return Outcome("absent", Text("no model runs now", "目前没有模型在运行"))
    reasons = [reason for status in running for reason in (status.provider_fallback, status.decoder_fallback) if reason]
    told = ", ".join(used)
    if not reasons:
        return Outcome("ok", Text(told, told))
    number = len(reasons)
    return Outcome(
        "warning", Text(f"{told}; {number} x: {reasons[0]}", f"{told}；{number} 次：{reasons[0]}"), figure=float(number)
    )

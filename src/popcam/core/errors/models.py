"""Failures of models, runtimes and engines."""

from popcam.core.errors.base import PopcamError
from popcam.core.language import Text


class ModelError(PopcamError):
    """A model file can't be used."""

    code = "model.failed"
    exit_code = 5
    title = Text("The model can't be loaded", "无法加载模型")
    hint = Text("Reinstall popcam-models, then try again.", "请重新安装 popcam-models，然后重试。")


class ModelNotFoundError(ModelError):
    """No model of this name is installed."""

    code = "model.not_found"
    http_status = 404
    title = Text("There is no such model", "没有这个模型")
    hint = Text("`popcam models` lists the installed models.", "用 `popcam models` 查看已安装的模型。")


class ModelCorruptError(ModelError):
    """The file's SHA-256 is not the one in the manifest, so it is not loaded."""

    code = "model.corrupt"
    title = Text("The model file was changed or damaged", "模型文件被改动或损坏")
    hint = Text("Reinstall popcam-models: the checksum does not fit.", "请重新安装 popcam-models：校验和不符。")


class InferenceError(PopcamError):
    """A model failed while it ran."""

    code = "inference.failed"
    exit_code = 5
    retryable = True
    title = Text("The AI engine failed on a picture", "AI 引擎处理画面时出错")
    hint = Text(
        "Faces stay covered meanwhile. Choose another inference provider if it repeats.",
        "在此期间人脸保持遮挡。若反复出现，请换用其他推理后端。",
    )


class EngineOutputError(InferenceError):
    """What an engine returned breaks its contract, so it is not used."""

    code = "inference.bad_output"
    title = Text("The AI engine returned an impossible result", "AI 引擎返回了不可能的结果")


class DeviceMemoryError(InferenceError):
    """The memory of a GPU does not suffice for a model or a batch. Smaller batches are tried first, then the CPU."""

    code = "inference.out_of_memory"
    title = Text("The GPU's memory is full", "GPU 显存已满")
    hint = Text(
        "popcam goes on with smaller batches, then on the CPU. Free memory, or raise `inference.gpu_memory_mb`.",
        "popcam 会改用更小的批次，必要时改用 CPU。请释放显存，或调高 `inference.gpu_memory_mb`。",
    )


class ProviderUnavailableError(InferenceError):
    """The demanded inference or hardware provider does not exist here."""

    code = "inference.provider_unavailable"
    retryable = False
    http_status = 422
    title = Text("The demanded provider is not available", "所要求的推理后端不可用")
    hint = Text("Use `auto`, or one of the providers that are named.", "请使用 `auto`，或所列出的后端之一。")

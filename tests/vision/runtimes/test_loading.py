"""The first provider that works is taken, a fall-back is told, and a changed file is never run."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import numpy as np
import onnxruntime
import popcam_models
import pytest
from tests.fakes.runtimes import FakeRuntime

from popcam.core.errors import (
    InferenceError,
    ModelCorruptError,
    ModelError,
    ModelNotFoundError,
    ProviderUnavailableError,
)
from popcam.core.worker_settings import InferenceSpec, ProviderName
from popcam.vision.runtimes import BatchingRuntime, load_runtime, providers
from popcam.vision.runtimes import loading as loading_module
from popcam.vision.runtimes.loading import _batched
from popcam.vision.runtimes.model_files import read_model
from popcam.vision.runtimes.onnx import OnnxRuntime, open_onnx, provider_options, session_options
from popcam.vision.runtimes.providers import DEVICE_ORDER, available_providers, expand

PICTURE = {"input": np.full((1, 3, 64, 96), 100, np.float32)}
CPU_PROVIDERS: list[ProviderName] = [p for p in ("onnxruntime-cpu", "openvino-cpu") if p in available_providers()]


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    """A user's own folder with one model: YuNet under another name."""
    content = popcam_models.path("yunet").read_bytes()
    return folder_with("own", content, tmp_path)


def folder_with(name: str, content: bytes, folder: Path) -> Path:
    (folder / "own.onnx").write_bytes(content)
    row = {"name": name, "file": "own.onnx", "sha256": hashlib.sha256(content).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps({"version": 1, "models": [row]}), encoding="utf-8")
    return folder


@pytest.mark.parametrize("provider", CPU_PROVIDERS)
def test_a_demanded_provider_runs_the_model(provider: ProviderName) -> None:
    runtime = load_runtime("yunet", InferenceSpec(providers=(provider,)))
    outputs = runtime.run(PICTURE)
    assert (runtime.name, runtime.provider, runtime.fallback) == ("yunet", provider, "")
    assert [output.shape[1] for output in outputs] == [96, 24, 6] * 4


def test_auto_finds_a_provider_and_reports_no_fallback() -> None:
    runtime = load_runtime("yunet", InferenceSpec())
    assert runtime.provider in available_providers()
    assert runtime.fallback == ""


def test_both_libraries_compute_the_same() -> None:
    pytest.importorskip("openvino")
    first, second = (load_runtime("yunet", InferenceSpec(providers=(p,))).run(PICTURE) for p in CPU_PROVIDERS)
    assert all(np.allclose(a, b, atol=0.05) for a, b in zip(first, second, strict=True))


def test_a_provider_that_is_not_here_is_passed_over_and_told() -> None:
    runtime = load_runtime("yunet", InferenceSpec(providers=("directml", "onnxruntime-cpu")))
    assert runtime.provider == "onnxruntime-cpu"
    assert runtime.fallback == "directml: not offered by the installed libraries on this machine"


def test_when_no_provider_works_all_are_named_with_their_reasons() -> None:
    with pytest.raises(ProviderUnavailableError) as caught:
        load_runtime("yunet", InferenceSpec(providers=("directml", "coreml")))
    assert "directml: not offered" in caught.value.detail
    assert "coreml: not offered" in caught.value.detail


def test_a_listed_provider_that_does_not_start_is_passed_over_and_told() -> None:
    """As on a machine with the CUDA package and no driver: ONNX Runtime itself only warns and takes the processor."""
    offered = frozenset({"coreml", "onnxruntime-cpu"})
    with (
        mock.patch.object(loading_module, "available_providers", return_value=offered),
        pytest.warns(UserWarning, match="CoreMLExecutionProvider"),
    ):
        runtime = load_runtime("yunet", InferenceSpec(providers=("auto",)))
    assert runtime.provider == "onnxruntime-cpu"
    assert runtime.fallback.startswith("coreml: it did not start")


def test_auto_tries_devices_first_then_the_measured_order_of_processors() -> None:
    assert expand(("auto",), openvino_first=True) == (*DEVICE_ORDER, "openvino-cpu", "onnxruntime-cpu")
    assert expand(("auto",), openvino_first=False) == (*DEVICE_ORDER, "onnxruntime-cpu", "openvino-cpu")


def test_a_provider_named_before_auto_is_tried_once_and_first() -> None:
    assert expand(("openvino-cpu", "auto"), openvino_first=False)[0] == "openvino-cpu"
    assert expand(("openvino-cpu", "auto"), openvino_first=False).count("openvino-cpu") == 1


@pytest.mark.parametrize(
    ("provider", "capable", "name"),
    [
        ("openvino-cpu", True, "centerface_int8"),
        ("openvino-cpu", False, "centerface"),
        ("onnxruntime-cpu", True, "centerface"),
    ],
)
def test_int8_is_taken_where_it_is_faster(provider: ProviderName, capable: bool, name: str) -> None:
    pytest.importorskip("openvino")
    with mock.patch.object(loading_module, "processor_has_int8", return_value=capable):
        runtime = load_runtime("centerface", InferenceSpec(providers=(provider,)))
    assert (runtime.name, runtime.provider, runtime.fallback) == (name, provider, "")


def test_auto_prefers_openvino_without_bf16_only_for_a_model_in_int8() -> None:
    pytest.importorskip("openvino")
    with (
        mock.patch.object(loading_module, "processor_has_bf16", return_value=False),
        mock.patch.object(loading_module, "processor_has_int8", return_value=True),
        mock.patch.object(loading_module, "available_providers", return_value=frozenset(CPU_PROVIDERS)),
    ):
        loaded = [load_runtime(name, InferenceSpec()) for name in ("centerface", "yunet")]
    assert [one.provider for one in loaded] == ["openvino-cpu", "onnxruntime-cpu"]


def test_a_users_own_file_is_never_replaced_by_popcams_int8(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    folder = folder_with("centerface", popcam_models.path("centerface").read_bytes(), tmp_path)
    runtime = load_runtime("centerface", InferenceSpec(providers=("openvino-cpu",), model_dir=str(folder)))
    assert runtime.name == "centerface"


def test_int8_needs_an_x86_processor_and_openvino() -> None:
    ask = providers.processor_has_int8.__wrapped__
    with mock.patch.object(providers, "_processor_capabilities", return_value=frozenset({"FP32", "INT8"})):
        for machine, answer in (("x86_64", True), ("AMD64", True), ("aarch64", False), ("arm64", False)):
            with mock.patch("platform.machine", return_value=machine):
                assert ask() is answer
    with mock.patch.object(providers, "openvino_devices", return_value=()):
        assert providers._processor_capabilities.__wrapped__() == frozenset()


def test_an_unknown_model_is_named_with_those_that_exist() -> None:
    with pytest.raises(ModelNotFoundError, match=r"nothing; installed: .*yunet"):
        load_runtime("nothing", InferenceSpec())


def test_a_users_folder_brings_further_models(model_dir: Path) -> None:
    spec = InferenceSpec(model_dir=str(model_dir), providers=("onnxruntime-cpu",))
    assert load_runtime("own", spec).run(PICTURE)
    assert load_runtime("yunet", spec).name == "yunet"


def test_a_changed_file_is_refused(model_dir: Path) -> None:
    content = bytearray((model_dir / "own.onnx").read_bytes())
    content[1000] ^= 1
    (model_dir / "own.onnx").write_bytes(content)
    with pytest.raises(ModelCorruptError, match=r"own\.onnx"):
        read_model("own", str(model_dir))


def test_a_truncated_file_is_refused(model_dir: Path) -> None:
    (model_dir / "own.onnx").write_bytes(b"")
    with pytest.raises(ModelCorruptError):
        read_model("own", str(model_dir))


def test_a_missing_file_is_named(model_dir: Path) -> None:
    (model_dir / "own.onnx").unlink()
    with pytest.raises(ModelNotFoundError, match=r"own\.onnx"):
        read_model("own", str(model_dir))


def test_a_file_that_can_not_be_read_is_named(model_dir: Path) -> None:
    (model_dir / "own.onnx").unlink()
    (model_dir / "own.onnx").mkdir()
    with pytest.raises(ModelError, match="can't be read"):
        read_model("own", str(model_dir))


def test_a_folder_without_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"manifest\.json"):
        read_model("yunet", str(tmp_path))


@pytest.mark.parametrize("provider", CPU_PROVIDERS)
def test_a_file_that_is_no_model_is_refused_by_each_provider(provider: ProviderName, tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_bytes(b"no model at all")
    row = {"name": "text", "file": "text.onnx", "sha256": hashlib.sha256(b"no model at all").hexdigest()}
    (tmp_path / "manifest.json").write_text(json.dumps({"version": 1, "models": [row]}), encoding="utf-8")
    with pytest.raises(ProviderUnavailableError, match=provider):
        load_runtime("text", InferenceSpec(providers=(provider,), model_dir=str(tmp_path)))


@pytest.mark.parametrize("provider", CPU_PROVIDERS)
@pytest.mark.parametrize("inputs", [{"wrong": PICTURE["input"]}, {"input": np.zeros((1, 5, 64, 64), np.float32)}])
def test_a_run_that_fails_is_a_named_error(provider: ProviderName, inputs: dict[str, np.ndarray]) -> None:
    runtime = load_runtime("yunet", InferenceSpec(providers=(provider,)))
    with pytest.raises(InferenceError, match=f"yunet on {provider}"):
        runtime.run(inputs)
    assert runtime.run(PICTURE), "it still works afterwards"


@pytest.mark.parametrize("provider", CPU_PROVIDERS)
def test_threads_share_one_model(provider: ProviderName) -> None:
    runtime = load_runtime("yunet", InferenceSpec(providers=(provider,)))
    random = np.random.default_rng(1)
    pictures = [{"input": random.integers(0, 255, (1, 3, 64, 96)).astype(np.float32)} for _ in range(16)]
    expected = [runtime.run(picture) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        for outputs, right in zip(pool.map(runtime.run, pictures), expected, strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(outputs, right, strict=True))


@pytest.mark.parametrize("provider", CPU_PROVIDERS)
def test_shapes_may_change_from_run_to_run(provider: ProviderName) -> None:
    runtime = load_runtime("yunet", InferenceSpec(providers=(provider,)))
    for side in (32, 64, 96, 128, 160, 32):
        outputs = runtime.run({"input": np.zeros((1, 3, side, side), np.float32)})
        assert outputs[0].shape == (1, (side // 8) ** 2, 1)


@pytest.mark.parametrize("provider", CPU_PROVIDERS)
def test_outputs_of_an_earlier_run_are_not_overwritten(provider: ProviderName) -> None:
    runtime = load_runtime("yunet", InferenceSpec(providers=(provider,)))
    first = runtime.run(PICTURE)
    kept = [output.copy() for output in first]
    runtime.run({"input": np.zeros((1, 3, 64, 96), np.float32)})
    assert all(np.array_equal(a, b) for a, b in zip(first, kept, strict=True))


@pytest.mark.parametrize("provider", CPU_PROVIDERS)
def test_a_closed_runtime_raises(provider: ProviderName) -> None:
    runtime = load_runtime("yunet", InferenceSpec(providers=(provider,)))
    runtime.run(PICTURE)
    runtime.close()
    runtime.close()
    with pytest.raises(InferenceError, match="closed"):
        runtime.run(PICTURE)


def test_packed_weights_are_unpacked_once() -> None:
    options = session_options(InferenceSpec(threads=2), packed_weights=True)
    assert options.get_session_config_entry("session.disable_quant_qdq") == "1"
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
    assert options.intra_op_num_threads == 2


@pytest.mark.parametrize("provider", CPU_PROVIDERS)
@pytest.mark.parametrize("model", popcam_models.manifest(), ids=lambda model: model.name)
def test_every_vendored_model_runs_with_a_batch_of_two(provider: ProviderName, model: popcam_models.ModelEntry) -> None:
    sizes = {"H": 64, "W": 96}
    shape = [2, *(size if isinstance(size, int) else sizes[size] for size in model.input.shape[1:])]
    runtime = load_runtime(model.name, InferenceSpec(providers=(provider,)))
    outputs = runtime.run({model.input.tensor: np.full(shape, 0.5, np.float32)})
    assert all(output.shape[0] == 2 and np.isfinite(output).all() for output in outputs)


@pytest.mark.parametrize("provider", ["cuda", "rocm", "tensorrt", "migraphx"])
def test_devices_get_the_memory_limit(provider: str) -> None:
    options = provider_options(provider, InferenceSpec(gpu_memory_mb=512))
    assert str(512 * 1024 * 1024) in options.values()


def test_a_device_is_batched_and_a_processor_is_not() -> None:
    model = read_model("yunet")
    device, processor = FakeRuntime(lambda _: []), FakeRuntime(lambda _: [])
    device.provider, processor.provider = "cuda", "onnxruntime-cpu"
    assert isinstance(_batched(device, model), BatchingRuntime)
    assert _batched(processor, model) is processor


def test_the_processor_in_place_of_a_device_does_not_count() -> None:
    session = onnxruntime.InferenceSession(read_model("yunet").content, providers=["CPUExecutionProvider"])
    with mock.patch("onnxruntime.InferenceSession", return_value=session):
        with pytest.raises(ProviderUnavailableError, match="cuda: it did not start"):
            open_onnx(read_model("yunet"), "cuda", InferenceSpec())
        assert isinstance(open_onnx(read_model("yunet"), "onnxruntime-cpu", InferenceSpec()), OnnxRuntime)

"""OpenVINO: optional, cached, and unpinned."""

import subprocess
import sys
from pathlib import Path
from unittest import mock

import numpy as np
import platformdirs
import pytest
from tests.vision.pictures import STILLS, still

from popcam.core.errors import ProviderUnavailableError
from popcam.core.worker_settings import InferenceSpec
from popcam.engines import load_engine
from popcam.vision.runtimes import providers
from popcam.vision.runtimes.model_files import read_model
from popcam.vision.runtimes.openvino import cache_dir, device_options, open_openvino

ZEROS = {"input": np.zeros((1, 3, 64, 64), np.float32)}


@pytest.fixture
def without_openvino(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the extra were not installed."""
    monkeypatch.setitem(sys.modules, "openvino", None)


def test_without_the_extra_it_is_unavailable_and_says_so(without_openvino: None) -> None:
    with pytest.raises(ProviderUnavailableError, match="not installed"):
        open_openvino(read_model("yunet"), "openvino-cpu", InferenceSpec())


def test_without_the_extra_it_has_no_devices(without_openvino: None) -> None:
    assert providers.openvino_devices.__wrapped__() == ()
    with mock.patch.object(providers, "openvino_devices", return_value=()):
        assert providers._processor_capabilities.__wrapped__() == frozenset()


def test_one_stream_for_each_worker_and_no_pinning() -> None:
    options = device_options("CPU", InferenceSpec(threads=2))
    assert (options["NUM_STREAMS"], options["INFERENCE_NUM_THREADS"]) == (1, 2)
    assert options["ENABLE_CPU_PINNING"] is False


def test_a_graphics_device_is_asked_for_low_latency() -> None:
    assert device_options("GPU", InferenceSpec()) == {"PERFORMANCE_HINT": "LATENCY"}


def test_compiled_models_are_cached_in_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openvino")
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_, **__: str(tmp_path))
    runtime = open_openvino(read_model("yunet"), "openvino-cpu", InferenceSpec())
    runtime.run(ZEROS)
    assert list((tmp_path / "openvino").glob("*.blob"))


def test_a_cache_folder_that_can_not_be_made_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openvino")
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_, **__: str(tmp_path / "file"))
    assert cache_dir() is None
    assert open_openvino(read_model("yunet"), "openvino-cpu", InferenceSpec()).run(ZEROS)


def test_a_damaged_cache_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openvino")
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_, **__: str(tmp_path))
    expected = open_openvino(read_model("yunet"), "openvino-cpu", InferenceSpec()).run(ZEROS)
    for blob in (tmp_path / "openvino").glob("*.blob"):
        blob.write_bytes(blob.read_bytes()[:100])
    again = open_openvino(read_model("yunet"), "openvino-cpu", InferenceSpec()).run(ZEROS)
    assert all(np.array_equal(a, b) for a, b in zip(again, expected, strict=True))


@pytest.mark.parametrize("name", ["yunet", "centerface"])
def test_a_yuv_picture_gives_the_results_of_the_converted_one(name: str) -> None:
    pytest.importorskip("openvino", reason="OpenVINO is an optional extra")
    engine = load_engine(name, inference=InferenceSpec(providers=("openvino-cpu",)))
    frame = still(next(path for path in STILLS if path.stem == "astronaut"))
    direct = engine.infer(frame)
    preprocess, runtime, entry = engine._preprocess, engine._runtime, engine._entry  # type: ignore[attr-defined]
    small = preprocess(frame.planes, full_range=frame.full_range)
    wh = (small.tensor.shape[3], small.tensor.shape[2])
    found = entry.decode(runtime.run({entry.input_name: small.tensor}), wh, engine.min_score)  # type: ignore[attr-defined]
    converted = engine._detections(found, small.content_wh)  # type: ignore[attr-defined]
    assert len(direct) == len(converted) == 1
    assert direct[0].box == pytest.approx(converted[0].box, abs=0.01)
    assert direct[0].score == pytest.approx(converted[0].score, abs=0.03)


FIRST_USE = """
import sys, threading
import numpy as np
from popcam.core.worker_settings import InferenceSpec
from popcam.vision.runtimes.model_files import read_model
from popcam.vision.runtimes.openvino import open_openvino

sys.setswitchinterval(1e-6)
runtimes = [open_openvino(read_model("yunet"), "openvino-cpu", InferenceSpec()) for _ in range(4)]
requests = [one._compiler.compile(one._model, {"input": np.zeros((1, 3, 64, 64), np.float32)}).create_infer_request()
            for one in runtimes]
together = threading.Barrier(4)

def first(request):
    together.wait()
    for output in request.output_tensors:
        output.data

threads = [threading.Thread(target=first, args=(request,), daemon=True) for request in requests]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join(20)
print("hangs" if any(thread.is_alive() for thread in threads) else "fine", flush=True)
import os; os._exit(0)
"""


def test_two_threads_that_use_it_first_do_not_wait_for_each_other_for_ever() -> None:
    for _ in range(2):
        ended = subprocess.run(
            [sys.executable, "-c", FIRST_USE], capture_output=True, text=True, timeout=100, check=False
        )
        assert ended.stdout.strip() == "fine", ended.stderr

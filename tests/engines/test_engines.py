"""Each engine keeps the contract and finds what is there."""

from pathlib import Path

import numpy as np
import pytest
from tests.engines.contract import CPU, EngineContract
from tests.fakes.runtimes import FakeRuntime
from tests.vision.pictures import STILLS, frame_of, noise_planes, still

from popcam.core.errors import EngineOutputError, InferenceError
from popcam.core.interfaces import Engine
from popcam.core.worker_settings import InferenceSpec
from popcam.engines import load_engine
from popcam.engines.detector_engine import DetectorEngine
from popcam.engines.faces.yunet import YUNET
from popcam.vision.detectors import Found
from popcam.vision.runtimes.providers import processor_has_int8


class FaceEngineContract(EngineContract):
    """What face detectors promise besides."""

    @pytest.mark.parametrize("path", STILLS, ids=lambda path: path.stem)
    def test_finds_the_one_face_of_each_photo(self, engine: Engine, path: Path) -> None:
        assert len(engine.infer(still(path))) == 1

    @pytest.mark.parametrize("path", STILLS, ids=lambda path: path.stem)
    def test_landmarks_are_in_the_order_of_the_picture(self, engine: Engine, path: Path) -> None:
        (face,) = engine.infer(still(path))
        left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
        assert left_eye[0] < nose[0] < right_eye[0] or left_eye[0] < right_eye[0]
        assert left_mouth[0] < right_mouth[0]
        assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_mouth[1], right_mouth[1])

    @pytest.mark.parametrize("longest_px", [320, 1280])
    def test_the_box_is_at_the_same_place_for_each_size_of_picture(self, engine: Engine, longest_px: int) -> None:
        (face,), (other,) = engine.infer(still(STILLS[0])), engine.infer(still(STILLS[0], longest_px))
        assert np.allclose(face.box, other.box, atol=0.03)

    def test_full_and_limited_range_find_the_same_face(self, engine: Engine) -> None:
        frame = still(STILLS[0])
        wide = frame.planes.copy()
        wide.y[:] = np.clip((wide.y.astype(float) - 16) * 255 / 219, 0, 255)
        for chroma in (wide.u, wide.v):
            chroma[:] = np.clip((chroma.astype(float) - 128) * 255 / 224 + 128, 0, 255)
        (face,), (other,) = engine.infer(frame), engine.infer(frame_of(wide, full_range=True))
        assert other.score == pytest.approx(face.score, abs=0.02)

    def test_noise_has_no_face(self, engine: Engine) -> None:
        assert engine.infer(frame_of(noise_planes(640, 360))) == ()


class TestYuNet(FaceEngineContract):
    engine_name = "yunet"


class TestCenterFace(FaceEngineContract):
    engine_name = "centerface"


@pytest.mark.skipif(not processor_has_int8(), reason="int8 is for OpenVINO on x86")
class TestCenterFaceInInt8(FaceEngineContract):
    engine_name = "centerface"
    inference = InferenceSpec(providers=("openvino-cpu",))

    @pytest.mark.parametrize("path", STILLS, ids=lambda path: path.stem)
    def test_it_finds_what_the_float_model_finds(self, engine: Engine, path: Path) -> None:
        exact = load_engine("centerface", inference=CPU)
        (found,), (wanted,) = engine.infer(still(path)), exact.infer(still(path))
        assert found.score == pytest.approx(wanted.score, abs=0.05)
        assert found.box == pytest.approx(wanted.box, abs=0.02)


class TestNanoDet(EngineContract):
    engine_name = "nanodet"

    @pytest.mark.parametrize("path", STILLS, ids=lambda path: path.stem)
    def test_the_best_thing_of_each_photo_is_a_person(self, engine: Engine, path: Path) -> None:
        best = max(engine.infer(still(path)), key=lambda item: item.score)
        width, height = best.box[2] - best.box[0], best.box[3] - best.box[1]
        assert best.label == "person"
        assert width * height > 0.3


def test_a_lower_score_finds_at_least_as_much() -> None:
    frame = still(STILLS[0])
    few, many = (load_engine("yunet", min_score=score, inference=CPU).infer(frame) for score in (0.5, 0.02))
    assert few
    for one in few:  # few and many are reckoned in two ways
        assert any(one.box == pytest.approx(other.box, abs=1e-4) for other in many)
    assert len(many) > len(few)


def test_a_smaller_input_is_what_the_model_really_sees() -> None:
    runtime = FakeRuntime(lambda _: [])
    engine = DetectorEngine(YUNET, runtime, 320, 0.5)
    with pytest.raises(EngineOutputError):  # the fake has no outputs
        engine.infer(frame_of(noise_planes(1280, 720)))
    assert runtime.shapes == [(1, 3, 192, 320)]


def test_a_runtime_that_fails_is_an_error_not_an_empty_scene() -> None:
    def fail(_: object) -> list[np.ndarray]:
        raise InferenceError("the device was lost")

    engine = DetectorEngine(YUNET, FakeRuntime(fail), 320, 0.5)
    with pytest.raises(InferenceError, match="device was lost"):
        engine.infer(frame_of(noise_planes(64, 64)))


def outputs_with(value: float) -> list[np.ndarray]:
    cells = [(64 // stride) ** 2 for stride in (8, 16, 32)]
    outputs = [np.zeros((1, count, width), np.float32) for width in (1, 1, 4, 10) for count in cells]
    outputs[6].flat[0] = value
    return outputs


def test_outputs_that_are_no_numbers_are_an_error() -> None:
    engine = DetectorEngine(YUNET, FakeRuntime(lambda _: outputs_with(np.nan)), 64, 0.5)
    with pytest.raises(EngineOutputError):
        engine.infer(frame_of(noise_planes(64, 64)))


def test_boxes_that_are_no_numbers_are_an_error() -> None:
    def decode(*_: object) -> Found:
        return Found(
            np.full((1, 4), np.nan, np.float32),
            np.ones(1, np.float32),
            np.zeros((1, 5, 2), np.float32),
            np.zeros(1, np.intp),
        )

    entry = type(YUNET)(**{**{name: getattr(YUNET, name) for name in YUNET.__slots__}, "decode": decode})
    engine = DetectorEngine(entry, FakeRuntime(lambda _: []), 64, 0.5)
    with pytest.raises(EngineOutputError, match="finite"):
        engine.infer(frame_of(noise_planes(64, 64)))


def test_what_lies_in_the_border_of_the_letterbox_is_dropped() -> None:
    def decode(*_: object) -> Found:
        boxes = np.array([[0, 40, 10, 50], [0, 0, 10, 10]], np.float32)
        return Found(boxes, np.ones(2, np.float32), np.zeros((2, 5, 2), np.float32), np.zeros(2, np.intp))

    entry = type(YUNET)(**{**{name: getattr(YUNET, name) for name in YUNET.__slots__}, "decode": decode})
    engine = DetectorEngine(entry, FakeRuntime(lambda _: []), 64, 0.5)
    (found,) = engine.infer(frame_of(noise_planes(64, 36)))
    assert found.box == pytest.approx((0, 0, 10 / 64, 10 / 36), abs=1e-6)

"""What every engine promises. Each engine's test class inherits this and says its name."""

from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import numpy as np
import pytest
from tests.vision.pictures import STILLS, frame_of, noise_planes, still, strided

from popcam.core.errors import InferenceError
from popcam.core.interfaces import Engine
from popcam.core.worker_settings import InferenceSpec
from popcam.engines import load_engine

CPU = InferenceSpec(providers=("onnxruntime-cpu",))


class EngineContract:
    """Inherit, and set `engine_name`."""

    engine_name: ClassVar[str]
    inference: ClassVar[InferenceSpec] = CPU

    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls) -> Engine:
        return load_engine(cls.engine_name, inference=cls.inference)

    def test_leaves_the_frame_as_it_was(self, engine: Engine) -> None:
        frame = still(STILLS[0])
        before = frame.planes.copy()
        engine.infer(frame)
        assert all(np.array_equal(plane, old) for plane, old in zip(frame.planes, before, strict=True))

    def test_boxes_scores_and_landmarks_are_in_0_to_1(self, engine: Engine) -> None:
        for path in STILLS:
            for item in engine.infer(still(path)):
                left, top, right, bottom = item.box
                assert 0 <= left < right <= 1
                assert 0 <= top < bottom <= 1
                assert 0 <= item.score <= 1
                assert all(0 <= value <= 1 for point in item.landmarks for value in point)

    def test_finds_something_in_a_portrait_and_only_its_labels(self, engine: Engine) -> None:
        found = engine.infer(still(STILLS[0]))
        assert found
        assert {item.label for item in found} <= set(engine.labels)

    def test_gives_the_same_result_twice(self, engine: Engine) -> None:
        frame = still(STILLS[1])
        assert engine.infer(frame) == engine.infer(frame)

    def test_gives_the_same_result_for_planes_with_strides(self, engine: Engine) -> None:
        frame = still(STILLS[1])
        assert engine.infer(frame_of(strided(frame.planes))) == engine.infer(frame)

    def test_works_from_four_threads_at_once(self, engine: Engine) -> None:
        frames = [still(path) for path in STILLS[:4]]
        expected = [engine.infer(frame) for frame in frames]
        with ThreadPoolExecutor(4) as pool:
            for _ in range(3):
                assert list(pool.map(engine.infer, frames)) == expected

    @pytest.mark.parametrize("size", [(1, 1), (4097, 3), (3, 4097), (641, 359)])
    def test_takes_any_size_of_picture(self, engine: Engine, size: tuple[int, int]) -> None:
        assert isinstance(engine.infer(frame_of(noise_planes(*size))), tuple)

    def test_names_itself_and_what_runs_it(self, engine: Engine) -> None:
        assert (engine.name, engine.provider, engine.provider_fallback) == (
            self.engine_name,
            self.inference.providers[0],
            "",
        )

    def test_raises_after_it_was_closed_and_may_be_closed_twice(self) -> None:
        engine = load_engine(self.engine_name, inference=self.inference)
        engine.close()
        engine.close()
        with pytest.raises(InferenceError, match="closed"):
            engine.infer(still(STILLS[0]))

"""The assignment is the best one, whatever the shape."""

from itertools import permutations

import numpy as np
import numpy.typing as npt
import pytest

from popcam.vision.tracker.association import assign, similarity


def best_sum(scores: npt.NDArray[np.float64]) -> float:
    """Try all assignments of a small matrix."""
    if scores.shape[0] > scores.shape[1]:
        scores = scores.T
    rows, columns = scores.shape
    return max(float(scores[range(rows), list(order)].sum()) for order in permutations(range(columns), rows))


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (2, 5), (5, 2), (6, 6), (4, 6)])
def test_the_sum_is_the_highest_possible(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(sum(shape))
    for _ in range(40):
        scores = random.random(shape)
        pairs = assign(scores.tolist(), 0.0)
        assert sum(scores[pair] for pair in pairs) == pytest.approx(best_sum(scores))
        assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == min(shape)


def test_rivals_for_one_detection_are_settled_by_the_sum() -> None:
    assert assign([[0.9, 0.8], [0.85, 0.1]], 0.05) == [(0, 1), (1, 0)]


def test_nothing_below_the_least_score_is_paired() -> None:
    assert assign([[0.09, 0.0], [0.0, 0.5]], 0.1) == [(1, 1)]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0)])
def test_without_rows_or_columns_there_are_no_pairs(shape: tuple[int, int]) -> None:
    assert assign(np.zeros(shape).tolist(), 0.1) == []


def test_boxes_that_do_not_touch_are_alike_when_their_buffers_do() -> None:
    track, detection = (0.0, 0.0, 0.1, 0.1), (0.12, 0.0, 0.22, 0.1)
    assert similarity(track, detection, 0.0) == 0
    assert similarity(track, detection, 0.3) > 0.1


@pytest.mark.parametrize("buffer", [0.0, 0.3])
def test_equal_boxes_are_wholly_alike(buffer: float) -> None:
    box = (0.2, 0.2, 0.4, 0.5)
    assert similarity(box, box, buffer) == pytest.approx(1)


def test_without_buffers_it_is_the_intersection_over_the_union() -> None:
    assert similarity((0.0, 0.0, 0.2, 0.1), (0.1, 0.0, 0.3, 0.1), 0.0) == pytest.approx(1 / 3)


@pytest.mark.parametrize("far", [(0.5, 0.0, 0.6, 0.1), (0.0, 0.5, 0.1, 0.6)])
def test_far_boxes_are_not_alike(far: tuple[float, float, float, float]) -> None:
    assert similarity((0.0, 0.0, 0.1, 0.1), far, 0.8) == 0


def test_a_box_of_twice_the_size_is_another_thing() -> None:
    assert similarity((0.0, 0.0, 0.1, 0.1), (0.0, 0.0, 0.19, 0.19), 0.3) > 0
    assert similarity((0.0, 0.0, 0.1, 0.1), (0.0, 0.0, 0.21, 0.21), 0.3) == 0

"""Outputs to boxes: known numbers in, known boxes out; impossible outputs are errors."""

import numpy as np
import pytest

from popcam.core.errors import EngineOutputError
from popcam.core.frame import FloatArray
from popcam.vision.detectors import COCO_LABELS, Found, decode_centerface, decode_nanodet, decode_yunet, yunet
from popcam.vision.detectors.found import MOST_CANDIDATES, best, iou, keep_distinct

WH = (64, 32)


def yunet_outputs() -> list[FloatArray]:
    cells = [(WH[0] // stride) * (WH[1] // stride) for stride in (8, 16, 32)]
    return [np.zeros((1, count, width), np.float32) for width in (1, 1, 4, 10) for count in cells]


def centerface_outputs() -> list[FloatArray]:
    return [np.zeros((1, channels, WH[1] // 4, WH[0] // 4), np.float32) for channels in (1, 2, 2, 10)]


def nanodet_outputs() -> list[FloatArray]:
    return [np.zeros((1, grid * grid, width), np.float32) for grid in (13, 52, 26) for width in (80, 44)]


def test_yunet_places_box_score_and_landmarks() -> None:
    outputs = yunet_outputs()
    cell = 8 * 1 + 2  # stride 8: row 1, column 2
    outputs[0][0, cell], outputs[3][0, cell] = 0.81, 1.0
    outputs[6][0, cell] = (0.5, 0.25, np.log(2), np.log(4))
    outputs[9][0, cell] = np.arange(10) / 10
    found = decode_yunet(outputs, WH, 0.5)
    assert found.scores.tolist() == pytest.approx([0.9])
    assert found.boxes_px[0].tolist() == pytest.approx([20 - 8, 10 - 16, 20 + 8, 10 + 16])
    assert found.landmarks_px[0, 0].tolist() == pytest.approx([16, 8.8])
    assert found.landmarks_px[0, 4].tolist() == pytest.approx([22.4, 15.2])


def test_yunet_score_is_the_root_of_class_times_object() -> None:
    outputs = yunet_outputs()
    outputs[0][0, 0], outputs[3][0, 0] = 0.5, 0.5
    assert len(decode_yunet(outputs, WH, 0.51).scores) == 0
    assert decode_yunet(outputs, WH, 0.49).scores.tolist() == pytest.approx([0.5])


def test_centerface_places_box_score_and_landmarks() -> None:
    outputs = centerface_outputs()
    row, column = 3, 5
    outputs[0][0, 0, row, column] = 0.8
    outputs[1][0, :, row, column] = np.log(2), np.log(1)  # height 8, width 4
    outputs[2][0, :, row, column] = 0.5, 0.25
    outputs[3][0, :, row, column] = (0.5, 0.25) * 5
    found = decode_centerface(outputs, WH, 0.5)
    assert found.scores.tolist() == pytest.approx([0.8])
    assert found.boxes_px[0].tolist() == pytest.approx([21, 12, 25, 20])
    assert found.landmarks_px[0, 0].tolist() == pytest.approx([22, 16])


def test_nanodet_takes_the_mean_of_the_bins_and_finds_its_outputs_by_shape() -> None:
    outputs = nanodet_outputs()
    cell = 13 * 2 + 3
    outputs[0][0, cell, COCO_LABELS.index("dog")] = 0.7
    outputs[1][0, cell] = np.repeat([[50.0]], 11, axis=1).repeat(4).reshape(-1)  # flat bins: the mean is 5
    found = decode_nanodet(outputs, (416, 416), 0.5)
    centre = (3.5 * 32, 2.5 * 32)
    assert found.boxes_px[0].tolist() == pytest.approx(
        [centre[0] - 160, centre[1] - 160, centre[0] + 160, centre[1] + 160]
    )
    assert COCO_LABELS[int(found.classes[0])] == "dog"
    assert found.landmarks_px.shape == (1, 0, 2)


def test_nothing_above_the_threshold_is_an_empty_result_of_the_right_shapes() -> None:
    found = decode_centerface(centerface_outputs(), WH, 0.5)
    assert [part.shape for part in found] == [(0, 4), (0,), (0, 5, 2), (0,)]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("decode", "outputs", "input_wh"),
    [
        (decode_yunet, yunet_outputs(), WH),
        (decode_centerface, centerface_outputs(), WH),
        (decode_nanodet, nanodet_outputs(), (416, 416)),
    ],
)
def test_values_that_are_no_finite_numbers_are_refused(decode, outputs, input_wh, bad) -> None:  # type: ignore[no-untyped-def]
    broken = [output.copy() for output in outputs]
    broken[-1].flat[3] = bad
    with pytest.raises(EngineOutputError, match="finite"):
        decode(broken, input_wh, 0.5)


@pytest.mark.parametrize(
    ("decode", "outputs", "input_wh"),
    [
        (decode_yunet, yunet_outputs()[:-1], WH),
        (decode_yunet, yunet_outputs(), (96, 32)),
        (decode_centerface, centerface_outputs()[::-1], WH),
        (decode_nanodet, nanodet_outputs()[1:], (416, 416)),
        (decode_nanodet, nanodet_outputs(), (320, 320)),
    ],
)
def test_outputs_of_another_shape_are_refused(decode, outputs, input_wh) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(EngineOutputError):
        decode(outputs, input_wh, 0.5)


def test_huge_logarithms_do_not_overflow() -> None:
    outputs = yunet_outputs()
    outputs[0][:], outputs[3][:] = 1.0, 1.0
    outputs[6][:] = 500.0
    assert np.isfinite(decode_yunet(outputs, WH, 0.5).boxes_px).all()


def found_of(boxes: list[list[float]], scores: list[float], classes: list[int]) -> Found:
    count = len(boxes)
    return Found(
        np.array(boxes, np.float32),
        np.array(scores, np.float32),
        np.zeros((count, 0, 2), np.float32),
        np.array(classes, np.intp),
    )


def test_of_overlapping_boxes_the_best_is_kept() -> None:
    found = found_of([[0, 0, 10, 10], [1, 0, 11, 10], [30, 0, 40, 10]], [0.9, 0.8, 0.7], [0, 0, 0])
    assert keep_distinct(found, 0.3).scores.tolist() == pytest.approx([0.9, 0.7])


def test_a_box_that_was_itself_removed_removes_no_other() -> None:
    found = found_of([[0, 0, 10, 10], [6, 0, 16, 10], [12, 0, 22, 10]], [0.9, 0.8, 0.7], [0, 0, 0])
    assert keep_distinct(found, 0.2).scores.tolist() == pytest.approx([0.9, 0.7])


def test_boxes_of_different_classes_live_side_by_side() -> None:
    found = found_of([[0, 0, 10, 10], [0, 0, 10, 10]], [0.9, 0.8], [0, 1])
    assert len(keep_distinct(found, 0.3).scores) == 2


def test_iou_of_boxes_without_area_is_zero() -> None:
    boxes = np.array([[0, 0, 0, 0], [0, 0, 2, 2], [1, 1, 3, 3]], np.float32)
    assert iou(boxes, boxes)[0].tolist() == [0, 0, 0]
    assert float(iou(boxes, boxes)[1, 2]) == pytest.approx(1 / 7)


def test_only_the_best_candidates_are_looked_at() -> None:
    scores = np.linspace(0, 1, 5000, dtype=np.float32)
    chosen = best(scores, np.arange(5000))
    assert (len(chosen), int(chosen[0])) == (MOST_CANDIDATES, 4999)


def crowd(rng: np.random.Generator, cells: int) -> list[FloatArray]:
    """Random outputs in which about so many cells of the finest stride hold something."""
    counts = [(640 // stride) * (384 // stride) for stride in (8, 16, 32)]
    outputs = [np.zeros((1, count, width), np.float32) for width in (1, 1, 4, 10) for count in counts]
    for level, count in enumerate(counts):
        chosen = rng.choice(count, cells // (level + 1), replace=False)
        outputs[level][0, chosen, 0] = rng.uniform(0.3, 1.1, len(chosen))
        outputs[3 + level][0, chosen, 0] = rng.uniform(0.3, 1.1, len(chosen))
    for index in range(6, 12):
        outputs[index][:] = rng.normal(0, 0.7, outputs[index].shape)
    return outputs


@pytest.mark.parametrize("cells", [1, 5, 40])
def test_yunet_finds_the_same_by_numbers_and_by_arrays(cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = crowd(np.random.default_rng(cells), cells)
    few = decode_yunet(outputs, (640, 384), 0.5)
    monkeypatch.setattr(yunet, "_FEW", 0)
    many = decode_yunet(outputs, (640, 384), 0.5)
    assert len(few.scores) > 0
    assert [part.dtype for part in (few.boxes_px, few.scores, few.landmarks_px)] == [np.float32] * 3
    assert np.allclose(few.boxes_px, many.boxes_px, rtol=1e-4, atol=1e-3)
    assert np.allclose(few.scores, many.scores)
    assert np.allclose(few.landmarks_px, many.landmarks_px, rtol=1e-4, atol=1e-3)
    assert np.array_equal(few.classes, many.classes)


@pytest.mark.parametrize("index", range(12))
def test_outputs_in_one_memory_are_checked_as_well(index: int) -> None:
    sizes = [output.size for output in yunet_outputs()]
    memory = np.zeros(sum(sizes), np.float32)
    ends = np.cumsum(sizes)
    pieces = [
        memory[end - size : end].reshape(output.shape)
        for output, size, end in zip(yunet_outputs(), sizes, ends, strict=True)
    ]
    assert len(decode_yunet(pieces, WH, 0.5).scores) == 0
    pieces[index].flat[-1] = np.nan
    with pytest.raises(EngineOutputError, match="finite"):
        decode_yunet(pieces, WH, 0.5)

"""NanoDet's six outputs."""

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np

from popcam.core.errors import EngineOutputError
from popcam.core.frame import FloatArray
from popcam.vision.detectors.found import Found, Indexes, check_outputs, keep_distinct

INPUT_PX: Final = 416
GRIDS: Final = (52, 26, 13)
BINS: Final = 11
_MOST_OVERLAP: Final = 0.5

_NAMES: Final = """
person bicycle car motorcycle airplane bus train truck boat traffic_light fire_hydrant stop_sign parking_meter
bench bird cat dog horse sheep cow elephant bear zebra giraffe backpack umbrella handbag tie suitcase frisbee
skis snowboard sports_ball kite baseball_bat baseball_glove skateboard surfboard tennis_racket bottle
wine_glass cup fork knife spoon bowl banana apple sandwich orange broccoli carrot hot_dog pizza donut cake
chair couch potted_plant bed dining_table toilet tv laptop mouse remote keyboard cell_phone microwave oven
toaster sink refrigerator book clock vase scissors teddy_bear hair_drier toothbrush
"""
COCO_LABELS: Final = tuple(name.replace("_", " ") for name in _NAMES.split())
"""The 80 classes of COCO, in the order of the model."""


def decode_nanodet(outputs: Sequence[FloatArray], input_wh: tuple[int, int], min_score: float) -> Found:
    """Persons and other things of one picture.

    Args:
        outputs: for each grid of 52, 26 and 13 cells a side, in any order: scores (1, cells, 80) and the distances from
            the cell's centre to left, top, right and bottom as 4x11 bins (1, cells, 44).
        input_wh: (416, 416).
        min_score: lowest score.

    Raises:
        EngineOutputError: the outputs are not NanoDet's.

    Source: Li et al.: Generalized Focal Loss (2020): a distance is the mean of its bins, weighted by
    their softmax, in strides.
    """
    if input_wh != (INPUT_PX, INPUT_PX):
        raise EngineOutputError(f"the picture is {input_wh}, not {INPUT_PX} a side")
    by_shape = {tuple(output.shape): output for output in outputs}
    shapes = [(1, grid * grid, width) for width in (len(COCO_LABELS), 4 * BINS) for grid in GRIDS]
    if set(by_shape) != set(shapes):
        raise EngineOutputError(f"outputs have the shapes {sorted(by_shape)}, not {sorted(shapes)}")
    ordered = [by_shape[shape] for shape in shapes]
    check_outputs(ordered, shapes)
    scores = np.concatenate([output[0] for output in ordered[: len(GRIDS)]])
    bins = np.concatenate([output[0] for output in ordered[len(GRIDS) :]])
    return _decode(scores, bins, min_score)


def _decode(scores: FloatArray, bins: FloatArray, min_score: float) -> Found:
    highest = scores.max(axis=1)
    chosen = np.flatnonzero(highest >= min_score)
    chosen = chosen[np.argsort(-highest[chosen], kind="stable")]
    found = Found(
        _boxes(bins, chosen),
        np.clip(highest[chosen], 0, 1),
        np.zeros((len(chosen), 0, 2), np.float32),
        scores[chosen].argmax(axis=1),
    )
    return keep_distinct(found, _MOST_OVERLAP)


def _boxes(bins: FloatArray, chosen: Indexes) -> FloatArray:
    logits = bins[chosen].reshape(-1, 4, BINS)
    weights = np.exp(logits - logits.max(axis=2, keepdims=True))
    distances = (weights @ np.arange(BINS, dtype=np.float32)) / weights.sum(axis=2)
    centres, strides = _cells()
    reach = distances * strides[chosen, None]
    centre = centres[chosen]
    return np.concatenate([centre - reach[:, :2], centre + reach[:, 2:]], axis=1)


@cache
def _cells() -> tuple[FloatArray, FloatArray]:
    """Centres (cells, 2) in pixels and strides (cells,) of all cells, in the order of `GRIDS`."""
    centres, strides = [], []
    for grid in GRIDS:
        stride = INPUT_PX / grid
        rows, columns = np.divmod(np.arange(grid * grid), grid)
        centres.append((np.stack([columns, rows], axis=1) + 0.5) * stride)
        strides.append(np.full(grid * grid, stride))
    return np.concatenate(centres).astype(np.float32), np.concatenate(strides).astype(np.float32)

"""Which detection is which track."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Box = Sequence[float]
Scores = list[list[float]]
Pairs = list[tuple[int, int]]

_MOST_GROWTH: Final = 2.0


def similarity(track: Box, detection: Box, buffer: float) -> float:
    """How well a track fits a detection, 0..1; both are xyxy.

    Both boxes are grown by `buffer`, a share of their size on each side, before their overlap is taken. Quick or
    far-apart faces whose boxes do not touch can match then. A box twice as large or small is another object.

    Numbers of Python and not arrays: there are a handful of faces, and an array costs more than all of them.

    Source: buffered IoU of Yang et al.: Hard to Track Objects with Irregular Motions and Similar Appearances? (2023).
    """
    left, top, right, bottom = track
    other_left, other_top, other_right, other_bottom = detection
    width, height = right - left, bottom - top
    other_width, other_height = other_right - other_left, other_bottom - other_top
    reach, other_reach = buffer * width, buffer * other_width
    shared_width = min(right + reach, other_right + other_reach) - max(left - reach, other_left - other_reach)
    if shared_width <= 0:
        return 0.0
    reach, other_reach = buffer * height, buffer * other_height
    shared_height = min(bottom + reach, other_bottom + other_reach) - max(top - reach, other_top - other_reach)
    if shared_height <= 0:
        return 0.0
    area, other_area = width * height, other_width * other_height
    if not (area < _MOST_GROWTH**2 * other_area and other_area < _MOST_GROWTH**2 * area):
        return 0.0
    shared = shared_width * shared_height
    return shared / ((1 + 2 * buffer) ** 2 * (area + other_area) - shared)


def assign(scores: Scores, least: float) -> Pairs:
    """Pairs (row, column) with the highest sum of scores, each row and column once, none below `least`.

    Args:
        scores: a list of numbers for each row.
        least: above 0 or 0; a score of 0 is never paired.
    """
    row_of: dict[int, int] = {}
    for row, line in enumerate(scores):
        best = max(line, default=0.0)
        if best < least or best <= 0:
            continue
        column = line.index(best)
        if column in row_of:
            return _assign_rivals(np.array(scores), least)
        row_of[column] = row
    return [(row, column) for column, row in row_of.items()]  # everybody has the favourite


def _assign_rivals(scores: Array, least: float) -> Pairs:
    useful = np.where(scores >= least, scores, 0.0)
    if useful.shape[0] <= useful.shape[1]:
        pairs = list(enumerate(_hungarian(-useful)))
    else:
        pairs = [(row, column) for column, row in enumerate(_hungarian(-useful.T))]
    return [(row, column) for row, column in pairs if useful[row, column] > 0]


def _hungarian(costs: Array) -> list[int]:
    """The column of each row with the lowest sum of costs; at most as many rows as columns.

    Source: shortest augmenting paths with potentials (Jonker, Volgenant 1987), one row after another, O(n^2 m).
    """
    rows, columns = costs.shape
    row_potential = np.zeros(rows + 1)
    column_potential = np.zeros(columns + 1)
    row_of = np.zeros(columns + 1, np.intp)  # 1-based; 0 is free
    for row in range(1, rows + 1):
        row_of[0] = row
        column = 0
        shortest = np.full(columns + 1, np.inf)
        came_from = np.zeros(columns + 1, np.intp)
        visited = np.zeros(columns + 1, bool)
        while row_of[column]:
            visited[column] = True
            current = row_of[column]
            reduced = costs[current - 1] - row_potential[current] - column_potential[1:]
            closer = ~visited[1:] & (reduced < shortest[1:])
            shortest[1:][closer] = reduced[closer]
            came_from[1:][closer] = column
            following = int(np.where(visited, np.inf, shortest).argmin())
            step = shortest[following]
            row_potential[row_of[visited]] += step
            column_potential[visited] -= step
            shortest[~visited] -= step
            column = following
        while column:
            before = int(came_from[column])
            row_of[column] = row_of[before]
            column = before
    result = [0] * rows
    for column in range(1, columns + 1):
        if row_of[column]:
            result[int(row_of[column]) - 1] = column - 1
    return result

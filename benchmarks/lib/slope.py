"""How fast something grows."""

from collections.abc import Sequence

import numpy as np


def slope_per_hour(hours: Sequence[float], values: Sequence[float]) -> float:
    """Slope of the straight line with the least squared distance; 0 for fewer than two values."""
    if len(hours) < 2 or max(hours) == min(hours):
        return 0.0
    slope: float = np.polynomial.Polynomial.fit(hours, values, 1).convert().coef[-1]
    return float(slope)

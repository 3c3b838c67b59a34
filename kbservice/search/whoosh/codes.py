"""Term weights as 16-bit codes: a logarithmic scale, fine enough to rank by.

A posting's weight is the combined, length-normalised frequency of BM25F, a positive number.
A step of the scale is a factor of 2^(1/2520); rounding changes a weight by at most 0.014 %
and its saturated value by less. Two bytes instead of eight keep the postings in the cache.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from kbservice.search import recipe

Codes = NDArray[np.uint16]

_STEPS: Final = 2520
_LOWEST: Final = -14
_LAST: Final = 0xFFFF


def encode(weights: NDArray[np.float32]) -> Codes:
    """Return the nearest code of each weight; those beyond 2^-14 .. 2^12 are clipped."""
    steps = np.rint((np.log2(weights) - _LOWEST) * _STEPS)
    codes: Codes = np.clip(steps, 0, _LAST).astype(np.uint16)
    return codes


WEIGHTS: Final[NDArray[np.float64]] = np.exp2(np.arange(_LAST + 1) / _STEPS + _LOWEST)
"""The weight that each code stands for."""
SATURATED: Final[NDArray[np.float64]] = WEIGHTS * (recipe.K1 + 1.0) / (recipe.K1 + WEIGHTS)
"""The term frequency part of BM25 for each code."""

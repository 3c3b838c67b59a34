"""The other half of a learned ranker: small trees, grown by scikit-learn, read by numpy.

scikit-learn takes .9 ms and more to predict for thirty rows; complete trees of depth three in
three arrays take .1 ms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeRegressor

from kbservice.suggestion.features import DIRECTIONS, Matrix
from kbservice.suggestion.fixed_weights import Scores
from kbservice.suggestion.lessons import Stack
from kbservice.suggestion.linear import ANCHOR
from kbservice.suggestion.scaling import softmax

DEPTH: Final = 3
_INNER: Final = 2**DEPTH - 1
_TREES: Final = 40
_PACE: Final = 0.1
_LEAF_SHARE: Final = 0.02
_SHARE_OF_LESSONS: Final = 0.7
_SHARE_OF_FEATURES: Final = 0.5
_LONGEST_STEP: Final = 4.0
_LEAST_CURVE: Final = 1e-4


@dataclass(frozen=True, slots=True)
class Trees:
    """Complete binary trees: node n has the children 2n + 1 and 2n + 2.

    Attributes:
        columns: Of each tree and inner node, the feature that it asks for.
        borders: Up to which value the left child follows.
        leaves: What each tree adds.
    """

    columns: NDArray[np.intp]
    borders: Matrix
    leaves: Matrix

    def scores(self, standard: Matrix, features: Matrix) -> Scores:
        """Return the sum of all trees for each candidate."""
        rows = np.hstack([standard, features])
        trees = np.arange(len(self.columns))
        node = np.zeros((len(rows), len(trees)), dtype=np.intp)
        for _ in range(DEPTH):
            value = np.take_along_axis(rows, self.columns[trees, node], axis=1)
            node = 2 * node + 1 + (value > self.borders[trees, node])
        total: Scores = self.leaves[trees, node - _INNER].sum(axis=1)
        return total


def grow(stack: Stack, *, seed: int = 0) -> Trees:
    """Grow trees that move the fixed order towards what was right, step by step.

    Every tree follows the gradient of the same probability as the linear half; none may turn
    a feature that can only help into harm.
    """
    rows = np.hstack([stack.standard, stack.features]).astype(np.float32)
    scores = ANCHOR * stack.base
    dice = np.random.default_rng(seed)
    grown = []
    for _ in range(_TREES):
        share = softmax(scores, stack.queries)
        curve = np.maximum(share * (1.0 - share), _LEAST_CURVE) * stack.weights
        wrong = stack.share - stack.weights * share
        kept = (dice.random(stack.count) < _SHARE_OF_LESSONS)[stack.queries]
        if not kept.any():
            continue
        tree = DecisionTreeRegressor(
            max_depth=DEPTH,
            min_weight_fraction_leaf=_LEAF_SHARE,
            max_features=_SHARE_OF_FEATURES,
            monotonic_cst=[*DIRECTIONS, *DIRECTIONS],
            random_state=int(dice.integers(1 << 31)),
        )
        tree.fit(rows[kept], (wrong / curve)[kept], sample_weight=curve[kept])
        steps = np.clip(tree.predict(rows), -_LONGEST_STEP, _LONGEST_STEP)
        scores = scores + _PACE * steps
        grown.append(_completed(tree))
    columns, borders, leaves = (np.stack(arrays) for arrays in zip(*grown, strict=True))
    return Trees(columns, borders, _PACE * np.clip(leaves, -_LONGEST_STEP, _LONGEST_STEP))


def _completed(
    tree: DecisionTreeRegressor,
) -> tuple[NDArray[np.intp], Matrix, Matrix]:
    """Return a tree with every branch as deep as the deepest may be."""
    found = tree.tree_
    columns = np.zeros(_INNER, dtype=np.intp)
    borders = np.full(_INNER, np.inf)
    leaves = np.zeros(_INNER + 1)
    sources = [0] * (2 * _INNER + 1)
    for node in range(2 * _INNER + 1):
        source = sources[node]
        is_leaf = found.children_left[source] == found.children_right[source]
        if node >= _INNER:
            leaves[node - _INNER] = found.value[source, 0, 0]
            continue
        if not is_leaf:
            columns[node], borders[node] = found.feature[source], found.threshold[source]
        children = (
            (source, source)
            if is_leaf
            else (found.children_left[source], found.children_right[source])
        )
        sources[2 * node + 1], sources[2 * node + 2] = children
    return columns, borders, leaves

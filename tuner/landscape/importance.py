"""How much each dimension matters: functional ANOVA of a random forest (Hutter, Hoos and Leyton-Brown 2014).

A tree cuts the space into boxes with a value each, so that the mean over any dimensions, and the variance of such
means, are sums over boxes and exact (section 3 there). The trees of the forest are grown on resamples of the trials;
how they differ is the interval.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuner.landscape.bootstrap import Interval, interval
from tuner.landscape.landscape import Landscape
from tuner.space import Dimension

TREES = 64
CELLS = 64
"""A dimension with more values than this, or with values of different probability, is looked at in so many places."""
MAX_BOXES = 512
"""Leaves of a tree; the time that a tree takes grows with their square."""


@dataclass(frozen=True)
class Importance:
    """What a dimension explains of the variance of the objective over the space, as shares from 0 to 1.

    alone: by itself, whatever the others are (the main effect, Sobol's first-order index). total: with all of its
    interactions with others. From the trees: mean and 95 % interval.
    """

    dimension: str
    alone: Interval
    total: Interval


@dataclass(frozen=True)
class Importances:
    """dimensions: in order of the space. interactions: what no dimension explains by itself. fit: the share of the
    variance of trials that is predicted by those trees that have not seen them (out of bag); below 0.3 or so the
    importances say little. None where that is not known.
    """

    dimensions: tuple[Importance, ...]
    interactions: Interval
    fit: float | None


def importances(landscape: Landscape, random: np.random.Generator) -> Importances:
    """The importance of every dimension, infeasible points counted as the forest continues the others to them."""
    from sklearn.ensemble import RandomForestRegressor

    places = np.array([landscape.space.places(point) for point in landscape.points])
    forest = RandomForestRegressor(
        TREES, max_leaf_nodes=MAX_BOXES, oob_score=True, random_state=int(random.integers(2**31))
    ).fit(places, landscape.losses)
    cells = [cells_of(dimension) for dimension in landscape.space]
    shares = np.array([tree_shares(tree.tree_, cells) for tree in forest.estimators_])  # (trees, 2, dimensions)
    middle = np.nanmean(shares, axis=0) if np.isfinite(shares).any() else np.full(shares.shape[1:], np.nan)
    found = [
        Importance(dimension.name, *(interval(middle[kind, i], shares[:, kind, i]) for kind in (0, 1)))
        for i, dimension in enumerate(landscape.space)
    ]
    rest = 1 - shares[:, 0].sum(axis=1)
    fit = float(forest.oob_score_)
    return Importances(tuple(found), interval(1 - float(middle[0].sum()), rest), fit if math.isfinite(fit) else None)


def cells_of(dimension: Dimension) -> np.ndarray:
    """Places (cells,) that are equally probable and stand for the dimension: of few even values each one."""
    if dimension.count is not None and dimension.count <= CELLS and not getattr(dimension, "log", False):
        return np.array([dimension.place(value) for value in dimension.values()])
    middles = (np.arange(CELLS) + 0.5) / CELLS
    return np.array([dimension.place(dimension.at(middle)) for middle in middles])


def tree_shares(tree: Any, cells: list[np.ndarray]) -> np.ndarray:
    """(2, dimensions): what each dimension explains alone, and with its interactions, of the variance of a tree.

    tree: scikit-learn's `tree_` over places; cells: the equally probable places of each dimension. nan for a tree whose
    value is the same everywhere.
    """
    values, inside = _boxes(tree, cells)
    widths = np.array([box.mean(axis=1) for box in inside])  # (dimensions, boxes): shares of the cells
    sizes = widths.prod(axis=0)
    whole = float(values**2 @ sizes - (values @ sizes) ** 2)
    if not whole > 1e-12 * float(values @ values):
        return np.full((2, len(cells)), np.nan)
    overlaps = [box @ box.T / box.shape[1] for box in inside]  # (boxes, boxes): shares of the cells that two have
    alone, total = [], []
    for i, overlap in enumerate(overlaps):
        weighted = values * np.delete(widths, i, axis=0).prod(axis=0)
        alone.append((weighted @ overlap @ weighted - (values @ sizes) ** 2) / whole)
    for i, others in enumerate(_products_without(overlaps)):
        weighted = values * widths[i]
        total.append(1 - (weighted @ others @ weighted - (values @ sizes) ** 2) / whole)
    return np.clip([alone, total], 0.0, 1.0)


def _products_without(matrices: list[np.ndarray]) -> Iterator[np.ndarray]:
    """For each matrix the product, entry by entry, of all others."""
    after = [np.ones_like(matrices[0])]
    for matrix in matrices[:0:-1]:
        after.append(after[-1] * matrix)
    before = np.ones_like(matrices[0])
    for matrix in matrices:
        yield before * after.pop()
        before = before * matrix


def _boxes(tree: Any, cells: list[np.ndarray]) -> tuple[np.ndarray, list[np.ndarray]]:
    """Values (boxes,) of a tree's leaves, and for each dimension which cells (boxes, cells) lie in them, 1.0 or 0.0."""
    leaves: list[tuple[float, list[np.ndarray]]] = []
    waiting = [(0, [np.ones(len(one)) for one in cells])]
    while waiting:
        node, box = waiting.pop()
        left, right = int(tree.children_left[node]), int(tree.children_right[node])
        if left < 0:
            leaves.append((float(tree.value[node].item()), box))
            continue
        split, below = int(tree.feature[node]), cells[tree.feature[node]] <= tree.threshold[node]
        for child, side in ((left, below), (right, ~below)):
            waiting.append((child, [one * side if i == split else one for i, one in enumerate(box)]))
    values = np.array([value for value, _ in leaves])
    return values, [np.array([box[i] for _, box in leaves]) for i in range(len(cells))]

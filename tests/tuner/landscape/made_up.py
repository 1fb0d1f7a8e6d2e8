"""Landscapes for the tests: from rows, and the table of 243 trained networks."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import numpy as np

from tuner.landscape import Landscape

ROOT = Path(__file__).parents[3]


def landscape(space, points, values, *, maximize: bool = False, runs=None) -> Landscape:
    values = np.array(list(values), dtype="float64")
    return Landscape(space, tuple(points), values, "loss", maximize, runs)


@cache
def digits_macro() -> Landscape:
    """The log-loss of every network of a space of 3^5, each the mean over three seeds."""
    sys.path.insert(0, str(ROOT))
    try:
        from benchmarks.macro_landscape import landscape as table
    finally:
        sys.path.remove(str(ROOT))
    return table()

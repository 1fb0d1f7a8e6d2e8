"""All that the trials of a sweep say about its space."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from factory.errors import FactoryError
from tuner.landscape.distributions import Distribution, distributions
from tuner.landscape.importance import Importances, importances
from tuner.landscape.landscape import Landscape
from tuner.landscape.locality import Locality, locality
from tuner.landscape.noise import Noise, noise
from tuner.landscape.regions import Region, regions

FEWEST = 5
"""With fewer points than this nothing is said."""


@dataclass(frozen=True, eq=False)
class Analysis:
    """What is known of a landscape. noise: None where each point had one run."""

    landscape: Landscape
    distributions: list[Distribution]
    importances: Importances
    regions: list[Region]
    locality: Locality
    noise: Noise | None


def analyse(landscape: Landscape, *, seed: int = 0) -> Analysis:
    """Looks at a landscape in every way; the same one gives the same figures for the same seed.

    Raises FactoryError where there are too few points, or all have the same value.
    """
    if len(landscape) < FEWEST:
        raise FactoryError(
            f"{len(landscape)} points with a value are too few: it takes {FEWEST} to say anything of a space"
        )
    if np.ptp(landscape.losses) == 0:
        raise FactoryError(f"all {len(landscape)} points have the same {landscape.objective}, {landscape.values[0]:g}")
    randoms = [np.random.default_rng([seed, part]) for part in range(4)]
    return Analysis(
        landscape,
        distributions(landscape, randoms[0]),
        importances(landscape, randoms[1]),
        regions(landscape),
        locality(landscape, randoms[2]),
        None if landscape.runs is None else noise(landscape.runs, randoms[3]),
    )

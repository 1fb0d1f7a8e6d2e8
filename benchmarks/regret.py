"""How fast the algorithms find good networks: their regret on the table of the macro space, beside KerasTuner's own.

    python -m benchmarks regret; python -m benchmarks.regret evolution tpe

The regret after n evaluations is the log-loss of the network that looked best so far less that of the best one there
is. An evaluation is a training to the end; of algorithms that stop early, their epochs are counted.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Sequence

import numpy as np

from benchmarks.macro_search import KERAS_TUNER, Search, keras_tuner_search, search
from benchmarks.measure import Times, line
from factory.errors import FactoryError
from tuner.algorithms import ALGORITHMS

LOOKS = (10, 20, 40)
"""Numbers of evaluations after which regrets are printed."""
SEEDS = 100
SLOW = 20
"""Seeds of KerasTuner's Bayesian optimisation, a minute a search."""
UNGUIDED = ("random", "grid", "sobol", "KerasTuner random")
"""These do not learn from results: nothing is expected of them."""
BAYESIAN = "KerasTuner bayesian"
QUICK = ("tpe", "gp", "bayesian")

Searches = Sequence[Search]
"""One of each seed, from 0."""


def main(names: Sequence[str] = ()) -> None:
    """Searches with all algorithms, or with random search and the ones named, on all cores."""
    chosen = [*dict.fromkeys(["random", *(names or [*ALGORITHMS, *KERAS_TUNER])])]
    for variable in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(variable, "1")  # a process a core
    found: dict[str, Searches] = {}
    columns = "".join(f"{look:<17}" for look in LOOKS)
    line("regret in log-loss after evaluations, mean ± its error", columns, f"less random's at {LOOKS[-1]}")
    with multiprocessing.get_context("spawn").Pool() as pool:
        jobs = {name: [(name, seed) for seed in range(SLOW if name == BAYESIAN else SEEDS)] for name in chosen}
        begun = {name: pool.map_async(_search, jobs[name], chunksize=5) for name in chosen}
        for name, result in begun.items():
            try:
                found[name] = result.get()
            except FactoryError as error:  # a library that it needs is not installed
                line(f"  {name}", str(error), "")
            else:
                _regrets(name, found[name], found["random"])
    for name in QUICK:
        if name in found and BAYESIAN in found:
            _against_bayesian(name, found[name], found[BAYESIAN])


def _search(job: tuple[str, int]) -> Search:
    name, seed = job
    return keras_tuner_search(name, seed) if name in KERAS_TUNER else search(name, seed)


def _regrets(name: str, searches: Searches, random: Searches) -> None:
    """Its regrets, and at last how far below random search's of the same seeds, in standard errors too."""
    columns = "".join(f"{_mean(_at(searches, look)):<17}" for look in LOOKS)
    wanted = ""
    if name != "random":
        differences = _at(searches, LOOKS[-1]) - _at(random, LOOKS[-1])[: len(searches)]
        wanted = _mean(differences)
        if name not in UNGUIDED:
            wanted += f" = {differences.mean() / _error(differences):+.1f} errors, below -2"
    line(f"  {name}, {len(searches)} seeds", columns, wanted)


def _against_bayesian(name: str, ours: Searches, theirs: Searches) -> None:
    """Its regrets and the time of its proposals, with learning from the results, beside KerasTuner's Bayesian."""
    for look in LOOKS[1:]:
        differences = _at(ours, look)[: len(theirs)] - _at(theirs, look)
        line(f"{name} less {BAYESIAN}, regret at {look}", _mean(differences), "not above 0 by 2 errors")
    seconds, other_seconds = ([float(np.mean(one.seconds)) for one in searches] for searches in (ours, theirs))
    line(f"  a proposal, {name}", str(Times(seconds)), "")
    line(f"  a proposal, {BAYESIAN}", str(Times(other_seconds)), "")
    line("  ratio of the medians", f"{np.median(seconds) / np.median(other_seconds):.4f}", "at most 0.01")


def _at(searches: Searches, evaluations: int) -> np.ndarray:
    """The regret of every search after so many evaluations, (searches,)."""
    return np.array([one.regret(evaluations) for one in searches])


def _mean(values: np.ndarray) -> str:
    return f"{values.mean():.4f} ± {_error(values):.4f}"


def _error(values: np.ndarray) -> float:
    """The standard error of the mean."""
    return float(values.std(ddof=1) / np.sqrt(len(values)))


if __name__ == "__main__":
    main(sys.argv[1:])

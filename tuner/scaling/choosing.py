"""The strategy that a text names: by name, by its factors, or as a sweep has found it."""

from __future__ import annotations

from pathlib import Path

from factory.errors import FactoryError, did_you_mean
from tuner.scaling.factors import Factors
from tuner.scaling.strategies import STRATEGIES, Powers, Strategy

OWN = "own"
SEARCHED = "searched"


def choose_strategy(text: str) -> Strategy:
    """A name of STRATEGIES, `ALPHA,BETA,GAMMA`, or the directory of a sweep. Raises FactoryError for none of these."""
    if text in STRATEGIES:
        return STRATEGIES[text]
    if "," in text:
        return Powers(OWN, "factors of phi = 1 as given", _factors(text))
    if Path(text).is_dir():
        return from_sweep(Path(text))
    hint = did_you_mean(text, STRATEGIES, many=len(STRATEGIES))
    raise FactoryError(
        f"--strategy {text}: expected a name, factors of depth, width and resolution such as 1.2,1.1,1.15, or the "
        f"directory of a sweep; {hint}"
    )


def from_sweep(directory: Path) -> Powers:
    """The strategy that a sweep has found, step 1 of compound scaling (Tan & Le 2019, section 3.3).

    Its rates are the multipliers of the best trial over those of the network around which the sweep has searched.
    Raises FactoryError for a directory without a sweep, a sweep without a score, and a best trial that sets no
    multiplier.
    """
    from tuner.analysis.ranking import best
    from tuner.store import Store
    from tuner.store.checked_files import read_checked
    from tuner.store.opening import SWEEP

    with Store.open(directory) as store:
        found = best(store.trials())
    if found is None:
        raise FactoryError(
            f"{directory}: no trial has finished with a score yet; see: factory sweep status {directory}"
        )
    paths = {part: f"scale.{part}" for part in Factors._fields}
    if not any(path in found.point for path in paths.values()):
        raise FactoryError(
            f"{directory}: the best trial, {found.number}, says nothing of scaling; expected a sweep over some of "
            + ", ".join(paths.values())
        )
    try:
        around = read_checked(directory / SWEEP)["identity"]["spec"]["scale"]
    except (FileNotFoundError, ValueError) as error:
        raise FactoryError(f"{directory}: what the sweep searches cannot be read: {error}") from None
    rates = Factors(*(found.point.get(path, around[part]) / around[part] for part, path in paths.items()))
    return Powers(SEARCHED, f"trial {found.number} of {directory}", rates)


def _factors(text: str) -> Factors:
    try:
        rates = Factors(*map(float, text.split(",")))
    except (TypeError, ValueError):
        rates = Factors(0, 0, 0)
    if not all(0 < rate < float("inf") for rate in rates) or text.count(",") != 2:
        raise FactoryError(
            f"--strategy {text}: expected three numbers above 0, of depth, width and resolution: 1.2,1.1,1.15"
        )
    return rates

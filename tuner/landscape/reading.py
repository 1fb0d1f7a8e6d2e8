"""From the directory of a sweep to the landscape that its trials are points of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from factory.errors import FactoryError, did_you_mean
from tuner.candidates.formulas import parse_formula
from tuner.candidates.objectives import Objective, known_names
from tuner.landscape.landscape import Landscape
from tuner.store import Status, Store, TrialRecord
from tuner.store.checked_files import read_checked
from tuner.store.opening import SWEEP
from tuner.sweep.identity import space_of


def read_landscape(store: Store, objective: str | None = None) -> Landscape:
    """The points of a sweep that have scores, and their values of an objective, by default the first.

    A point counts once, as its longest trial left it; one whose network had been trained already has the values of
    that trial. Raises FactoryError where the sweep cannot be read, or has no such objective.
    """
    identity = _identity(store)
    chosen = _objective(identity["objectives"], objective)
    space = space_of(identity)
    longest: dict[str, TrialRecord] = {}
    for record in store.trials():
        if record.scores is None or not space.contains(record.point):
            continue
        key = space.key(record.point)
        if key not in longest or _epochs(record) >= _epochs(longest[key]):
            longest[key] = record
    records = list(longest.values())
    most = max(map(_epochs, records), default=0.0)
    return Landscape(
        space,
        tuple(record.point for record in records),
        np.array([record.values[chosen.name] for record in records], dtype="float64"),
        chosen.name,
        chosen.maximize,
        _runs(store, records, chosen),
        sum(record.status is Status.STOPPED or _epochs(record) < most for record in records),
    )


def _identity(store: Store) -> dict[str, Any]:
    try:
        return read_checked(store.directory / SWEEP)["identity"]
    except (FileNotFoundError, ValueError, KeyError) as error:
        raise FactoryError(
            f"{store.directory / SWEEP}: cannot be read: {error}; starting the sweep again writes it anew"
        ) from None


def _objective(objectives: Iterable[Mapping[str, Any]], name: str | None) -> Objective:
    found = {}
    for one in objectives:
        key = "maximize" if "maximize" in one else "minimize"
        formula = parse_formula(one[key], known_names())
        found[one["name"]] = Objective(one["name"], formula, key == "maximize", one["take"])
    if name is not None and name not in found:
        raise FactoryError(f"'{name}' is no objective of this sweep; {did_you_mean(name, found)}")
    return found[name] if name is not None else next(iter(found.values()))


def _epochs(record: TrialRecord) -> float:
    """How many were proposed; as many as the sweep says are the most."""
    return float("inf") if record.epochs is None else record.epochs


def _runs(store: Store, records: Iterable[TrialRecord], objective: Objective) -> np.ndarray | None:
    """(points, runs) values of single runs; None unless each point has the same number of them, two or more."""
    found = []
    for record in records:
        origin = record.number if record.copied_from is None else record.copied_from
        results = record.result.get("runs", [])
        try:
            found.append(
                [
                    objective.value(store.curve(origin, index), result, record.costs)
                    for index, result in enumerate(results)
                ]
            )
        except FactoryError:  # a curve that is not whole
            return None
    same = len({len(values) for values in found}) == 1
    return np.array(found) if same and len(found[0]) > 1 else None

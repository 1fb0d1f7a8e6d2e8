"""The state of Optuna's CMA-ES as JSON: the optimiser that it pickles onto trials, and their generations."""

from __future__ import annotations

import base64
import pickle
from collections.abc import Mapping
from typing import Any

import numpy as np

from tuner.algorithms.algorithm import Trial
from tuner.algorithms.scores import finite_scores

GENERATION = "cma:generation"
OPTIMIZER = "cma:optimizer:"
"""Under these names Optuna notes on a trial its generation and, where one begins, the pickled optimiser in pieces."""

PIECE = 2045
"""So many characters Optuna writes into one piece."""


class Memory:
    """What later proposals read of the notes on earlier trials.

    Optuna goes on from the optimiser on the last *completed* trial that has one, and tells it the completed trials of
    its generation. So the optimisers of that trial and of running ones after it matter, and at which numbers their
    generations began: some kilobytes.
    """

    def __init__(self, state: Mapping[str, Any] | None = None):
        state = state or {}
        self.optimizers: dict[int, dict[str, Any]] = {int(n): value for n, value in state.get("optimizers", {}).items()}
        self.starts: list[tuple[int, int]] = [(first, second) for first, second in state.get("starts", [])]
        """The numbers at which generations begin, with these, in order."""

    def state(self) -> dict[str, Any]:
        return {"optimizers": {str(n): value for n, value in self.optimizers.items()}, "starts": self.starts}

    def note(self, number: int, notes: Mapping[str, Any]) -> None:
        """What Optuna noted on a new trial."""
        generation = notes.get(GENERATION)
        if generation is not None and (not self.starts or self.starts[-1][1] != generation):
            self.starts.append((number, generation))
        pieces = [notes[f"{OPTIMIZER}{i}"] for i in range(len(notes)) if f"{OPTIMIZER}{i}" in notes]
        if pieces:
            self.optimizers[number] = _as_json(pickle.loads(bytes.fromhex("".join(pieces))))  # made in this process

    def finish(self, trial: Trial) -> None:
        """A completed trial's optimiser replaces those before it; a failed one's is lost."""
        if trial.number not in self.optimizers:
            return
        if finite_scores(trial.result) is None:
            del self.optimizers[trial.number]
            return
        self.optimizers = {number: value for number, value in self.optimizers.items() if number >= trial.number}
        oldest = self.optimizers[trial.number]["_g"]
        self.starts = [start for start in self.starts if start[1] >= oldest]

    def notes(self, number: int) -> dict[str, Any]:
        """What Optuna must find on a trial."""
        found: dict[str, Any] = {}
        for start, generation in self.starts:
            if number >= start:
                found[GENERATION] = generation
        if number in self.optimizers:
            text = pickle.dumps(_from_json(self.optimizers[number])).hex()
            found |= {f"{OPTIMIZER}{i}": text[i * PIECE : (i + 1) * PIECE] for i in range(-(-len(text) // PIECE))}
        return found


def _as_json(optimizer: Any) -> dict[str, Any]:
    """The attributes of a cmaes.CMA; arrays as their bytes, so that they come back exactly."""
    values: dict[str, Any] = {}
    for name, value in vars(optimizer).items():
        if isinstance(value, np.ndarray):
            data = base64.b64encode(value.astype("<f8").tobytes()).decode()
            values[name] = {"shape": list(value.shape), "float64": data}
        elif name != "_rng":  # seeded anew for every point
            values[name] = value.item() if isinstance(value, np.generic) else value
    return values


def _from_json(values: Mapping[str, Any]) -> Any:
    import cmaes

    optimizer = cmaes.CMA(mean=np.zeros(values["_n_dim"]), sigma=1.0)
    for name, value in values.items():
        if isinstance(value, dict):
            array = np.frombuffer(base64.b64decode(value["float64"]), "<f8").reshape(value["shape"])
            value = array.copy()  # frombuffer's is read-only
        setattr(optimizer, name, value)
    return optimizer

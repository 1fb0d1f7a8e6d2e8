"""KerasTuner's own Hyperband, mended around: failed trials cost no promotions, any seed, no duplicates."""

from __future__ import annotations

import copy
import math
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from factory.blocks.values import Section
from tuner.algorithms.algorithm import Algorithm, Exhausted, Proposal, Trial
from tuner.algorithms.halving import rungs
from tuner.algorithms.scores import finite_scores
from tuner.space import Point

if TYPE_CHECKING:
    from tuner.algorithms.keras_tuner_oracle import Translator

FAILED = -math.inf
"""The score of a failed trial."""


class HyperbandParameters(Section):
    """The parameters of KerasTuner's HyperbandOracle."""

    factor: int = Field(3, ge=2, description="the best of so many go on, for so many times the epochs")
    iterations: int | None = Field(None, ge=1, description="rounds of all brackets; none: as the budget lasts")


class Hyperband(Algorithm[HyperbandParameters]):
    """Brackets of successive halving, from many short trials to few long ones (Li et al. 2018), as KerasTuner has them.

    The brackets follow from the trials: who begins belongs to the first bracket that is not full, who goes on to the
    bracket of the trial before. KerasTuner fixes how many of a round go on and waits for as many to be surpassed,
    which failed trials never are. Here a failed trial counts as surpassed; and where fewer survive than should go on,
    a place that falls to a failed trial is filled by a failure that was never run.
    """

    Parameters = HyperbandParameters

    def total_epochs(self, trials: int) -> float:
        """By the paper's brackets: one for every height to begin at, each of about the same cost."""
        factor = self.parameters.factor
        ladder = rungs(self.epochs, factor, 1)
        spent = many = 0.0
        for height in range(len(ladder)):
            sizes = [factor**step / (height + 1) for step in range(height, -1, -1)]
            spent += float(np.dot(sizes, np.diff([0, *ladder[-1 - height :]])))
            many += sum(sizes)
        return trials * spent / many

    def propose(self, number: int, random: np.random.Generator) -> Proposal | None:
        values = self._answer(number, random)
        if values is None:
            return None
        if (parent := values.get("tuner/trial_id")) is not None:
            going_on = self.trials[int(parent)]
            return Proposal(going_on.proposal.point, values["tuner/epochs"], continues=going_on.number)
        drawn = [values]

        def draw() -> Point:
            self._seed(random)
            return self._translator.point(drawn.pop() if drawn else self._oracle._random_values(), random)

        try:
            return Proposal(self.fresh(draw), values["tuner/epochs"])
        except Exhausted:
            if self.running:
                return None  # its result may let another go on
            raise

    def learn(self, trial: Trial) -> None:
        if "_oracle" in self.__dict__:
            self._oracle.trials[str(trial.number)] = self._seen(trial)
            self._settle(self._oracle)

    def _add(self, trial: Trial) -> None:
        super()._add(trial)
        if "_oracle" in self.__dict__:
            self._enter(self._oracle, trial)

    # ---- KerasTuner's oracle

    @cached_property
    def _oracle(self) -> Any:
        """KerasTuner's oracle with the trials so far; made when it is first asked."""
        from keras_tuner.oracles import HyperbandOracle

        from tuner.algorithms.keras_tuner_oracle import OBJECTIVE

        oracle = HyperbandOracle(
            objective=OBJECTIVE,
            max_epochs=self.epochs,
            factor=self.parameters.factor,
            hyperband_iterations=self.parameters.iterations,
            seed=1,
            hyperparameters=self._translator.hyperparameters,
        )
        for trial in self.trials:
            self._enter(oracle, trial)
        self._settle(oracle)
        return oracle

    @cached_property
    def _translator(self) -> Translator:
        from tuner.algorithms.keras_tuner_oracle import Translator

        return Translator(self.space)

    def _answer(self, number: int, random: np.random.Generator) -> dict[str, Any] | None:
        """What the oracle proposes, which leaves it as it was; None while results must come first. Raises Exhausted."""
        oracle = self._oracle
        before = copy.deepcopy(oracle._brackets), oracle._current_bracket, oracle._current_iteration
        oracle.ongoing_trials = {"any": None} if self.running else {}
        self._seed(random)
        try:
            answer = oracle.populate_space(str(number))
        finally:
            oracle._brackets, oracle._current_bracket, oracle._current_iteration = before
        if answer["status"] == "STOPPED":
            raise Exhausted(f"all brackets of {self.parameters.iterations} iterations are done")
        return answer["values"] if answer["status"] == "RUNNING" else None

    def _seed(self, random: np.random.Generator) -> None:
        from tuner.algorithms.keras_tuner_oracle import spread

        self._oracle._seed_state = spread(random)

    def _seen(self, trial: Trial) -> Any:
        """A trial as the oracle sees it: a failed one has the worst of scores."""
        if trial.result is None:
            return self._translator.trial(trial, None)
        return self._translator.trial(trial, FAILED if finite_scores(trial.result) is None else trial.score)

    def _enter(self, oracle: Any, trial: Trial) -> None:
        """Puts a trial into its bracket."""
        name, parent = str(trial.number), trial.proposal.continues
        oracle.trials[name] = self._seen(trial)
        if parent is None:
            open_ones = [b for b in oracle._brackets if len(b["rounds"][0]) < oracle._get_size(b["bracket_num"], 0)]
            if not open_ones:
                oracle._increment_bracket_num()
                oracle._start_new_bracket()
            bracket = open_ones[0] if open_ones else oracle._brackets[-1]
            bracket["rounds"][0].append({"past_id": None, "id": name})
            return
        for bracket in oracle._brackets:
            for past, following in pairwise(bracket["rounds"]):
                if any(entry["id"] == str(parent) for entry in past):
                    following.append({"past_id": str(parent), "id": name})

    def _settle(self, oracle: Any) -> None:
        """Gives the places that fall to failed trials to failures that are not run, and drops brackets that are full.

        Of n trials of a round of which m go on, the first n - m failures are those that do not; every further one
        takes a place.
        """
        for bracket in oracle._brackets:
            sizes = [oracle._get_size(bracket["bracket_num"], i) for i in range(len(bracket["rounds"]))]
            for (past, following), (many, few) in zip(pairwise(bracket["rounds"]), pairwise(sizes), strict=True):
                passed = {entry["past_id"] for entry in following}
                failed = [entry["id"] for entry in past if oracle.trials[entry["id"]].score == FAILED]
                left = [name for name in failed if name not in passed]
                for name in left[: max(len(left) - (many - few), 0)]:
                    oracle.trials[f"{name}'"] = oracle.trials[name]
                    following.append({"past_id": name, "id": f"{name}'"})
        oracle._remove_completed_brackets()

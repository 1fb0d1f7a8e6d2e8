"""Short-term fine-tuning: every proposal learns for a few steps, and is judged on samples that nobody learns from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Any

from factory.errors import FactoryError
from factory.models.forgetting import forget_networks
from factory.train.feeds import evaluation_feed, training_feed
from factory.train.graphs import quick_start
from factory.train.learner import Learner, Machine
from factory.train.phases import plan_phases
from factory.train.prepare import Prepared
from factory.train.recipe.sections import Recipe, Schedule
from factory.train.stopping import falls
from tuner.netadapt.models import give, weights_of
from tuner.netadapt.network import Network


@dataclass(frozen=True)
class Judgement:
    """What a network is worth: measures of validation samples, "loss" among them; the greater the score, the better."""

    score: float
    measures: dict[str, float]


def short_recipe(recipe: Recipe, learning_rate: float) -> Recipe:
    """The recipe at a constant learning rate, without what belongs to the beginning or the length of a training."""
    changes: dict[str, Any] = dict.fromkeys(("start", "pretrain", "freeze_path", "early_stopping"))
    changes |= {"phases": (), "freeze": (), "multi_scale": (), "ema": 0.0}
    return recipe.model_copy(update=changes | {"schedule": Schedule(name="constant", peak=learning_rate)})


class ShortTerm:
    """Fine-tunes networks for `steps` steps each.

    prepared: data with a validation part, which judges. recipe: as `short_recipe` makes it. Networks of one number
    learn from the same batches. Raises FactoryError for data without a validation part.
    """

    def __init__(self, prepared: Prepared, recipe: Recipe, machine: Machine, steps: int):
        if prepared.validation is None:
            raise FactoryError(
                "NetAdapt chooses by samples that nobody learns from, and there are none: set recipe.data.validation, "
                "the share of them, above 0"
            )
        self.prepared, self.recipe, self.machine, self.steps = prepared, recipe, machine, steps
        [phase] = plan_phases(prepared, recipe)
        self.feed = training_feed(prepared, recipe, phase, machine.strategy)
        self.checks: Any = None

    def tuned(self, network: Network, number: int) -> tuple[Network, Judgement]:
        """The network after its steps, and what it is worth then; number: of the batches to learn from."""
        learner = self._learner(network)
        with quick_start(learner.jit), self.prepared.train.reading():
            for batch in islice(self._batches(number), self.steps):
                learner.step(*batch)
        judgement = self._judged(learner)
        weights = weights_of(learner.model, network.graph)
        del learner
        forget_networks()
        return Network(network.spec, weights), judgement

    def judged(self, network: Network) -> Judgement:
        """What a network is worth as it is."""
        judgement = self._judged(self._learner(network))
        forget_networks()
        return judgement

    def _learner(self, network: Network) -> Learner:
        prepared = replace(self.prepared, spec=network.spec)
        [phase] = plan_phases(prepared, self.recipe)
        learner = Learner(prepared, self.recipe, phase, self.machine)
        give(learner.model, network.weights)
        return learner

    def _batches(self, number: int) -> Iterator[Any]:
        first = number * math.ceil(self.steps / self.feed.steps)
        for epoch in count(first):
            yield from self.feed.epoch(epoch)

    def _judged(self, learner: Learner) -> Judgement:
        validation, phase = self.prepared.validation, learner.phase
        assert validation is not None
        if self.checks is None:
            size = self.prepared.batch_size
            self.checks = evaluation_feed(validation, self.recipe, learner.evaluation, size, phase.resolution)
        with validation.reading():
            measures = learner.evaluator.evaluate(self.checks)
        value = measures[learner.headline]
        return Judgement(-value if falls(learner.headline) else value, measures)

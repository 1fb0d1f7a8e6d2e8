"""The learning-rate range test: which learning rates a network can learn with."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count, islice

import keras
import numpy as np

from factory.errors import FactoryError
from factory.train.feeds import training_feed
from factory.train.graphs import quick_start
from factory.train.learner import Learner, Machine
from factory.train.phases import plan_phases
from factory.train.prepare import Prepared
from factory.train.recipe.sections import Recipe

SMOOTHING = 0.9
DIVERGED = 4.0
"""The test ends where the smoothed loss is so many times its least."""


@dataclass(frozen=True)
class RangeTest:
    """`rates` and `losses` of every step, the losses smoothed; `suggestion` is a peak to begin with."""

    rates: np.ndarray
    losses: np.ndarray

    @property
    def suggestion(self) -> float:
        """The learning rate at which the loss falls fastest, before its minimum, against the logarithm of the rate."""
        end = int(np.argmin(self.losses))
        if end < 2:
            raise FactoryError("the loss never fell: begin the range test at a lower learning rate")
        slopes = np.gradient(self.losses[: end + 1], np.log(self.rates[: end + 1]))
        return float(self.rates[int(np.argmin(slopes))])


def range_test(
    prepared: Prepared, recipe: Recipe, machine: Machine, *, lowest: float, highest: float, steps: int
) -> RangeTest:
    """Trains with a learning rate that grows from `lowest` to `highest`, by the same factor every step.

    Smith 2017, Cyclical Learning Rates for Training Neural Networks, section 3.3, with the rate growing exponentially.
    Ends early where the loss diverges. The weights are thrown away.
    """
    if not 0 < lowest < highest:
        raise FactoryError(f"expected 0 < lowest < highest learning rate, received {lowest:g} and {highest:g}")
    if recipe.optimizer.accumulate > 1:
        recipe = recipe.model_copy(update={"optimizer": recipe.optimizer.model_copy(update={"accumulate": 1})})
    rate = keras.optimizers.schedules.ExponentialDecay(lowest, steps - 1, highest / lowest)
    learner = Learner(prepared, recipe, plan_phases(prepared, recipe)[0], machine, rate)
    rates, losses, mean = [], [], 0.0
    feed = training_feed(prepared, recipe, learner.phase, machine.strategy)
    batches = (batch for epoch in count() for batch in feed.epoch(epoch))
    with quick_start(learner.jit):
        for step, batch in enumerate(islice(batches, steps)):
            rates.append(lowest * (highest / lowest) ** (step / (steps - 1)))
            learner.step.clear()
            learner.step(*batch)
            loss = learner.step.results()["loss"]
            mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
            losses.append(mean / (1 - SMOOTHING ** (step + 1)))  # without the pull of the zero it began with
            if not np.isfinite(loss) or losses[-1] > DIVERGED * min(losses):
                break
    finite = np.isfinite(losses)
    return RangeTest(np.array(rates)[finite], np.array(losses)[finite])

"""Ensembles: several networks that predict together, by the mean of their outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from factory.errors import FactoryError, nearest
from factory.train.evaluate import Batches, Evaluator, Outputs


class Ensemble:
    """The mean of the outputs (probabilities, numbers) of several evaluators, which share targets and measures.

    It is evaluated as one of them: `steps`, then `results`; the members have their own results then, too.
    """

    def __init__(self, members: Sequence[Evaluator]):
        self.members, self._measures, self._loss = members, members[0].measures, members[0].loss
        self._sums = self._measures.zeros()

    def steps(self, batches: Sequence[Batches]) -> Iterator[Outputs]:
        """Evaluates the same samples by all members; `batches` are every member's own, of the same samples in order.

        Members may see images of different sizes. Raises FactoryError where their outputs are not alike.
        """
        self._sums = {name: value.astype("float64") for name, value in self._measures.zeros().items()}
        each = [member.steps(own) for member, own in zip(self.members, batches, strict=True)]
        for parts in zip(*each, strict=True):
            shapes = dict.fromkeys(part.outputs.shape[1:] for part in parts)
            if len(shapes) > 1:
                shown = " and ".join("x".join(map(str, shape)) for shape in shapes)
                raise FactoryError(f"the networks of an ensemble have outputs of one size, these have {shown}")
            batch = parts[0]._replace(outputs=mean_outputs([part.outputs for part in parts]))
            self._add(batch)
            yield batch

    def results(self) -> dict[str, float]:
        """The measures of the mean of all outputs, over the samples evaluated last."""
        return self._measures.results(self._sums)

    def _add(self, batch: Outputs) -> None:
        outputs, targets, weights = map(tf.constant, batch)
        sums = self._measures.sums(targets, outputs, weights, self._loss(targets, outputs))
        self._sums = {name: total + sums[name].numpy() for name, total in self._sums.items()}


def mean_outputs(outputs: Sequence[np.ndarray]) -> np.ndarray:
    """The mean of every output over networks, float32."""
    return np.mean(np.stack(outputs), axis=0, dtype="float64").astype("float32")


def check_classes(names: Sequence[str], classes: Sequence[Sequence[str]]) -> None:
    """Raises FactoryError unless all of these, called `names` in messages, have the same classes in the same order."""
    for name, own in zip(names[1:], classes[1:], strict=True):
        if tuple(own) == tuple(classes[0]):
            continue
        if len(own) != len(classes[0]):
            raise FactoryError(f"{name} has {len(own)} classes, {names[0]} has {len(classes[0])}: expected the same")
        number, (there, here) = next(
            (number, pair) for number, pair in enumerate(zip(classes[0], own, strict=True)) if pair[0] != pair[1]
        )
        message = f"{name} has other classes than {names[0]}: number {number} is '{here}', not '{there}'"
        if sorted(own) == sorted(classes[0]):
            raise FactoryError(f"{message}; they are the same in another order")
        near = nearest(here, classes[0])
        raise FactoryError(message + (f"; the nearest name there is '{near}'" if near and near != there else ""))

"""The optimiser of Keras that a recipe asks for, with what weight decay leaves alone, clipping and accumulation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
from keras.optimizers.schedules import LearningRateSchedule

from factory.blocks.values import Invalid
from factory.errors import FactoryError
from factory.train.recipe.optimizers import check_optimizer, given
from factory.train.recipe.sections import Group, Optimizer
from factory.train.weights import is_bias, is_norm

_CLASSES = {name.lower(): kind for name, kind in vars(keras.optimizers).items() if isinstance(kind, type)}
_DEFAULTS: dict[str, dict[str, Any]] = {"sgd": {"momentum": 0.9}}
"""Where a recipe differs from Keras unless it says something else."""


def make_optimizer(
    section: Optimizer, rate: float | LearningRateSchedule, model: keras.Model, precision: str = "float32"
) -> keras.optimizers.Optimizer:
    """The optimiser of a section for this model's weights, not yet built.

    `rate` is a number or a schedule of updates: with `accumulate` batches to an update it goes on with every update,
    where Keras would ask it for every batch. Weight decay is Keras': before each update, weight -= weight * decay *
    learning rate (Loshchilov and Hutter 2019), for every optimiser. In mixed_float16 the loss is scaled: take
    `scale_loss` of what is minimised.

    Raises FactoryError for mistakes in the section, and for an optimiser that the installed Keras does not have.
    """
    try:
        check_optimizer(section)
    except Invalid as error:
        raise FactoryError(f"optimizer.{error.loc[0]}: {error.message}; {error.hint}".rstrip("; ")) from None
    if section.name not in _CLASSES:
        raise FactoryError(f"optimizer.name: Keras {keras.version()} has no '{section.name}'; a newer Keras has")
    if section.accumulate > 1 and isinstance(rate, LearningRateSchedule):
        rate = RateOfUpdates(rate, section.accumulate)
    optimizer = _CLASSES[section.name](
        learning_rate=rate,
        global_clipnorm=section.clip_norm,
        clipvalue=section.clip_value,
        gradient_accumulation_steps=section.accumulate if section.accumulate > 1 else None,
        **_decay(section),
        **_DEFAULTS.get(section.name, {}) | given(section),
    )
    optimizer.exclude_from_weight_decay(var_list=excluded(model, section.exclude))
    if precision == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    return optimizer


def on_one_device(optimizer: keras.optimizers.Optimizer) -> None:
    """Leaves out the sum of gradients over devices, of which there is one.

    Keras makes it all the same, and TensorFlow keeps what its derivative would need as long as the process lives:
    the whole graph of the step, megabytes for every run.
    """
    getattr(optimizer, "inner_optimizer", optimizer)._all_reduce_sum_gradients = list


def excluded(model: keras.Model, groups: Sequence[Group]) -> list[keras.Variable]:
    """The trainable weights of a model that belong to one of the groups: of norms, biases (beta of a norm is both)."""
    return [
        weight
        for layer in model.layers
        for weight in layer.trainable_variables
        if ("norm" in groups and is_norm(layer)) or ("bias" in groups and is_bias(weight))
    ]


@keras.saving.register_keras_serializable("factory")
class RateOfUpdates(LearningRateSchedule):
    """The rate of an update for each of the batches that make it up."""

    def __init__(self, rate: LearningRateSchedule, batches: int):
        self.rate, self.batches = rate, batches

    def __call__(self, step: Any) -> Any:
        return self.rate(step // self.batches)

    def get_config(self) -> dict[str, Any]:
        return {"rate": keras.saving.serialize_keras_object(self.rate), "batches": self.batches}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> RateOfUpdates:
        return cls(keras.saving.deserialize_keras_object(config["rate"]), config["batches"])


def _decay(section: Optimizer) -> dict[str, float | None]:
    """Weight decay as the optimisers take it: adamw and muon have one of their own unless told, the others none."""
    if section.name == "muon":  # decays the weights that it leaves to Adam by a number of its own
        return {"weight_decay": section.weight_decay, "adam_weight_decay": section.weight_decay}
    return {"weight_decay": section.weight_decay if section.name == "adamw" else section.weight_decay or None}

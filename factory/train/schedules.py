"""The learning rate of every step of a run: a table, made once by NumPy, read by the training step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras.optimizers.schedules import LearningRateSchedule

from factory.train.recipe.sections import Schedule

_ALMOST = 1e-6
"""0.55 epochs of 100 steps are 55 steps, not 55.00000000000001."""


def rates(schedule: Schedule, *, epochs: float, steps_per_epoch: float) -> np.ndarray:
    """The learning rate of every step of a run, (steps,) float32, steps = epochs * steps_per_epoch, rounded up.

    A step is an update of the weights; with accumulated gradients there may be a fraction of one in an epoch. W are the
    steps of the warm-up, T those of the whole run, t = 0, 1, ... the step, and s = (t - W) / (T - W) the share of what
    follows the warm-up. A schedule that falls to `end` reaches it at s = 1, one step after the last, as in Keras: the
    rate of the last step is above it by (peak - end) / (T - W) for linear.

    warm-up: from warmup_start at t = 0 in a straight line to the schedule's first rate at t = W.
    constant: peak.
    step: peak * factor^(number of `at` that are past), counted from the beginning of the run, warm-up included.
    linear: peak + (end - peak) * s.
    polynomial: end + (peak - end) * (1 - s)^power.
    cosine: end + (peak - end) * (1 + cos(pi * s)) / 2.
    warm_restarts: SGDR (Loshchilov and Hutter 2017, equation 5): cosine over and over, the first time in cycle_epochs,
        then each time in cycle_factor times as many steps, one at least, and from cycle_decay times the peak.
    one_cycle: in straight lines from base to peak while s < rise, then to end (Smith and Topin 2018, section 2).
    triangular: cycles of cycle_epochs from base to peak and back in straight lines; triangular2: each half as high as
        the one before; exp_range: height times gamma^(t - W) (Smith 2017, section 3).

    A cycle without a length takes all that follows the warm-up.
    """
    total, warmup = _steps(epochs, steps_per_epoch), _steps(schedule.warmup_epochs, steps_per_epoch)
    steps = np.arange(max(1, math.ceil(total)), dtype="float64")
    lengths = _Lengths(
        rest=max(total - warmup, 1.0),
        cycle=max(_steps(schedule.cycle_epochs, steps_per_epoch), 1.0) if schedule.cycle_epochs else None,
        drops=tuple(_steps(epoch, steps_per_epoch) - warmup for epoch in schedule.at),
    )
    first, *_ = _after_warmup(schedule, np.zeros(1), lengths)
    rising = schedule.warmup_start + (first - schedule.warmup_start) * steps / max(warmup, 1.0)
    falling = _after_warmup(schedule, np.maximum(steps - warmup, 0.0), lengths)
    return np.where(steps < warmup, rising, falling).astype("float32")


def learning_rate(schedule: Schedule, *, epochs: float, steps_per_epoch: float) -> RateTable:
    """The same as a schedule of Keras: exactly `rates` at every step, and the last of them after the end."""
    return RateTable(rates(schedule, epochs=epochs, steps_per_epoch=steps_per_epoch))


@keras.saving.register_keras_serializable("factory")
class RateTable(LearningRateSchedule):
    """The learning rate of every step, (steps,) float32, given one by one.

    A look-up is exact where a formula of float32 is not, such as for steps beyond 2^24, and the fastest to trace.
    """

    def __init__(self, values: Any):
        self.values = np.asarray(values, "float32")
        self._table = tf.constant(self.values)

    def __call__(self, step: Any) -> tf.Tensor:
        return tf.gather(self._table, tf.minimum(tf.cast(step, "int64"), len(self.values) - 1))

    def get_config(self) -> dict[str, Any]:
        return {"values": self.values.tolist()}


@dataclass(frozen=True)
class _Lengths:
    """Numbers of steps: of what follows the warm-up, of a cycle (None: as long), from the warm-up to each drop."""

    rest: float
    cycle: float | None
    drops: tuple[float, ...]


def _after_warmup(schedule: Schedule, steps: np.ndarray, lengths: _Lengths) -> np.ndarray:
    """The rate of steps that count from the end of the warm-up."""
    peak, end, base = schedule.peak, schedule.end, schedule.base
    share = np.minimum(steps / lengths.rest, 1.0)
    match schedule.name:
        case "constant":
            return np.full_like(steps, peak)
        case "step":
            return peak * schedule.factor ** np.searchsorted(np.sort(lengths.drops), steps, side="right")
        case "linear":
            return peak + (end - peak) * share
        case "polynomial":
            return end + (peak - end) * (1 - share) ** schedule.power
        case "cosine":
            return end + (peak - end) * _cosine(share)
        case "warm_restarts":
            cycle, share = _restarts(steps, lengths.cycle or lengths.rest, schedule.cycle_factor)
            return end + np.maximum(peak * schedule.cycle_decay**cycle - end, 0.0) * _cosine(share)
        case "one_cycle":
            rise = schedule.rise
            return np.where(
                share < rise,
                base + (peak - base) * share / max(rise, _ALMOST),
                peak + (end - peak) * (share - rise) / max(1 - rise, _ALMOST),
            )
    cycle, share = np.divmod(steps / (lengths.cycle or lengths.rest), 1.0)
    height = (peak - base) * (1 - np.abs(2 * share - 1))
    if schedule.name == "triangular2":
        height = height * 0.5**cycle
    elif schedule.name == "exp_range":
        height = height * schedule.gamma**steps
    return base + height


def _cosine(share: np.ndarray) -> np.ndarray:
    """From 1 to 0 in half a wave."""
    return (1 + np.cos(np.pi * share)) / 2


def _restarts(steps: np.ndarray, first: float, factor: float) -> tuple[np.ndarray, np.ndarray]:
    """The number of the cycle that each step is in, from 0, and the share of it that is past."""
    starts, lengths = [0.0], [first]
    while starts[-1] + lengths[-1] <= steps[-1]:
        starts.append(starts[-1] + lengths[-1])
        lengths.append(max(lengths[-1] * factor, 1.0))
    cycle = np.searchsorted(starts, steps, side="right") - 1
    return cycle, (steps - np.array(starts)[cycle]) / np.array(lengths)[cycle]


def _steps(epochs: float, steps_per_epoch: float) -> float:
    """Steps in so many epochs: the whole number, where it is one but for rounding."""
    steps = epochs * steps_per_epoch
    return float(round(steps)) if abs(steps - round(steps)) < _ALMOST else steps

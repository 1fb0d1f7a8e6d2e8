"""How kernels start: a distribution, a scale and what the scale is relative to."""

from __future__ import annotations

from typing import Literal, NamedTuple

Mode = Literal["fan_in", "fan_out", "fan_avg"]
Distribution = Literal["uniform", "truncated_normal", "untruncated_normal"]


class Initializer(NamedTuple):
    """Variance scaling: variance = scale / fan (Glorot & Bengio 2010; He et al. 2015). Biases start at zero."""

    scale: float
    mode: Mode
    distribution: Distribution


NAMED = {
    "glorot_uniform": Initializer(1.0, "fan_avg", "uniform"),
    "glorot_normal": Initializer(1.0, "fan_avg", "truncated_normal"),
    "he_uniform": Initializer(2.0, "fan_in", "uniform"),
    "he_normal": Initializer(2.0, "fan_in", "truncated_normal"),
    "he_normal_fan_out": Initializer(2.0, "fan_out", "truncated_normal"),
    "lecun_uniform": Initializer(1.0, "fan_in", "uniform"),
    "lecun_normal": Initializer(1.0, "fan_in", "truncated_normal"),
}
DEFAULT = NAMED["glorot_uniform"]

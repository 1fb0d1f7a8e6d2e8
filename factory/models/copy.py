"""Copying weights from one model to another along the structure of both, or not at all."""

from __future__ import annotations

import math
from dataclasses import dataclass

import keras
import numpy as np

from factory.errors import FactoryError
from factory.models.matching import NoMatch, diverging, match, unmatched
from factory.models.structure import Structure, Unit, structure_of

_SHOWN = 8


class WeightMismatch(FactoryError):
    """The weights of one model do not fit another; the message lists the layers without a partner."""


@dataclass(frozen=True)
class CopyReport:
    """Which layer's weights went to which: (source name, target name), and how many values in all."""

    source: str
    target: str
    pairs: tuple[tuple[str, str], ...]
    values: int

    @property
    def layers(self) -> int:
        return len(self.pairs)

    def __str__(self) -> str:
        return f"copied {self.values:,} values of {self.layers} layers from {self.source} to {self.target}"


def copy_weights(source: keras.Model, target: keras.Model) -> CopyReport:
    """Gives the layers of `target` the weights of the layers of `source` that stand at the same place.

    The place is one in the structure, not a name or a position in a list: the two may name their layers as they
    like, create them in any order, pad in other ways, nest models, and write a separable convolution as two, or a
    fully connected layer as a 1x1 convolution. Nothing is copied unless everything fits: otherwise WeightMismatch.
    """
    a, b = structure_of(source), structure_of(target)
    try:
        pairs = match(a, b)
    except NoMatch as failure:
        raise WeightMismatch(_report(a, b, failure)) from None
    copied: dict[tuple[str, str], None] = {}
    values, done = 0, set()
    for unit, index in zip(a.units, pairs, strict=True):
        partner = b.units[index]
        for slot, (variable, shape) in unit.weights.items():
            into = partner.weights[slot][0]
            if id(into) not in done:
                into.assign(np.reshape(keras.ops.convert_to_numpy(variable), into.shape))
                values += math.prod(shape)
                done.add(id(into))
        if isinstance(partner.layer, keras.layers.Normalization):
            partner.layer.finalize_state()  # it computes with copies of its weights
        if unit.weights:
            copied[unit.name, partner.name] = None
    return CopyReport(source.name, target.name, tuple(copied), values)


def _report(a: Structure, b: Structure, failure: NoMatch) -> str:
    lines = [f"the weights of {a.name} do not fit {b.name}"]
    alone = unmatched(a, b)
    if any(alone):
        lines += _listed(a, "without a partner", alone[0]) + _listed(b, "without a partner", alone[1])
    elif failure.tie:
        lines.append(
            "what has no weights differs, and these are among several alike: there is no telling which is which"
        )
        lines += [f"    {a.units[failure.tie[0]]} in {a.name}", f"    {b.units[failure.tie[1]]} in {b.name}"]
    else:
        lines.append("both have the same layers, wired differently or shared by other calls")
        strange = diverging(a, b)
        lines += _listed(a, "at a place of their own", strange[0]) + _listed(b, "at a place of their own", strange[1])
    return "\n".join(lines)


def _listed(side: Structure, title: str, units: list[Unit]) -> list[str]:
    if not units:
        return []
    more = [f"        ... and {len(units) - _SHOWN} more"] if len(units) > _SHOWN else []
    return [f"    in {side.name} {title}:", *(f"        {unit}" for unit in units[:_SHOWN]), *more]

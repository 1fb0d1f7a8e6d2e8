"""The members of a family: one network scaled by factors, with its exact costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from factory.errors import FactoryError, SpecError
from factory.graph import Totals
from factory.models.embedded import is_model
from factory.spec import Spec, input_shape, load, totals
from tuner.scaling.factors import Factors
from tuner.scaling.strategies import Strategy


@dataclass(frozen=True)
class Member:
    """A network of a family.

    factors: over those of the base; scale: the multipliers of its spec; dropout: of the head, None where that is the
    base's; label: what its name has behind the base's.
    """

    label: str
    phi: float
    factors: Factors
    scale: Factors
    dropout: float | None
    spec: Spec = field(repr=False)

    @cached_property
    def totals(self) -> Totals:
        """Its exact costs. Raises FactoryError where it cannot be built."""
        return totals(self.spec)

    @property
    def size(self) -> tuple[int | None, int | None]:
        """(height, width) of the image, after rounding; None for what is known at run time only."""
        return input_shape(self.spec)[:2]


@dataclass(frozen=True)
class Base:
    """The network that is scaled. name: as it was given, a path or a name of the zoo."""

    name: str
    spec: Spec = field(repr=False)

    @classmethod
    def load(cls, name: str) -> Base:
        """The network of a path or a name of the zoo. Raises FactoryError for neither and for a built model."""
        if is_model(name):
            raise FactoryError(
                f"{name}: a built model cannot be extended, its spec can: factory render {name} > NAME.yaml"
            )
        return cls(name, load(name))

    @cached_property
    def totals(self) -> Totals:
        """Its exact costs."""
        return totals(self.spec)

    @property
    def scale(self) -> Factors:
        """Its own multipliers."""
        own = self.spec.scale
        return Factors(own.depth, own.width, own.resolution)

    def member(self, strategy: Strategy, phi: float) -> Member:
        """The network at phi. Raises FactoryError where there is no such phi, or the spec takes no such multipliers."""
        return self.scaled(strategy.at(phi), f"{strategy.name}_phi{number(phi)}", phi, strategy.dropout(phi))

    def scaled(self, factors: Factors, label: str, phi: float, dropout: float | None = None) -> Member:
        """The network with its multipliers times these. Raises FactoryError where the spec takes no such ones."""
        scale = self.scale.times(factors)
        head = self.head if dropout is not None else None
        changes: dict[str, Any] = {f"scale.{part}": value for part, value in scale._asdict().items()}
        if head is not None:
            changes[f"stages.{head}.dropout"] = dropout
        try:
            spec = self.spec.override(changes)
        except SpecError as error:
            first = error.problems[0]
            raise FactoryError(f"{self.name} at phi {phi:g}: {first.path}: {first.message}") from None
        return Member(label, phi, factors, scale, dropout if head is not None else None, spec)

    @cached_property
    def head(self) -> str | None:
        """The output stage, where that is a call whose block has a dropout, such as `classifier`; else None."""
        code = self.spec.stages
        call = next(call for call in code.calls if call.name == code.result)
        return call.name if call.block is not None and "dropout" in call.block.parameters else None


def number(value: float) -> str:
    """A number as a part of a name: 0.5 -> 0_5, -1 -> minus1."""
    return f"{value:.4g}".replace("-", "minus").replace(".", "_").replace("+", "")

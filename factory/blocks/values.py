"""Structured parameter values: norm, activation, squeeze-and-excitation, rounding, conventions."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from factory.errors import did_you_mean
from factory.graph.initializers import DEFAULT, NAMED, Distribution, Initializer, Mode
from factory.graph.ops import FUNCTIONS, Pads, Pair


class Invalid(Exception):
    """A value of the wrong kind. `loc` leads from the value to the wrong part; `more` are its other mistakes."""

    def __init__(self, message: str, hint: str = "", loc: tuple[str | int, ...] = ()):
        super().__init__(message)
        self.message, self.hint, self.loc = message, hint, loc
        self.more: tuple[Invalid, ...] = ()

    def inside(self, *keys: str | int) -> Invalid:
        """The same mistakes, seen from around the value: these keys lead to it."""
        outer = Invalid(self.message, self.hint, (*keys, *self.loc))
        outer.more = tuple(other.inside(*keys) for other in self.more)
        return outer


class Section(BaseModel):
    """A closed group of values: unknown keys are errors, types are strict, numbers are finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, defer_build=True)


S = TypeVar("S", bound=Section)
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, lt=1)]


class Norm(Section):
    """A normalisation. Fields that are not given come from the conventions when those have the same kind."""

    kind: Literal["batch", "layer", "group", "none"] = Field("batch", description="what is normalised")
    epsilon: Positive = Field(1e-3, description="added to the variance")
    momentum: Share = Field(0.99, description="share of the running statistics kept at each step (Keras' sense)")
    scale: bool = Field(True, description="learn a factor a channel (gamma)")
    center: bool = Field(True, description="learn an offset a channel (beta)")
    groups: Annotated[int, Field(ge=-1)] = Field(
        32, description="groups of channels, for kind group; -1: one a channel"
    )

    def over(self, convention: Norm) -> Norm:
        """This norm, with what it leaves open taken from the convention."""
        given = self.model_fields_set
        if (given >= {"kind"} and self.kind != convention.kind) or len(given) == len(Norm.model_fields):
            return self
        return convention.model_copy(update={name: getattr(self, name) for name in given})


NO_NORM = Norm(kind="none")


class Activation(NamedTuple):
    """An activation function and its parameters, by name. `linear` is none."""

    kind: str
    parameters: tuple[tuple[str, float | bool], ...] = ()

    @classmethod
    def of(cls, value: str | Activation) -> Activation:
        return value if isinstance(value, Activation) else ACTIVATIONS[value]


ACTIVATION_PARAMETERS: dict[str, dict[str, Any]] = {
    **FUNCTIONS,
    "linear": {},
    "prelu": {"shared": False, "start": 0.25},
}
ACTIVATIONS = {kind: Activation(kind) for kind in ACTIVATION_PARAMETERS}
LINEAR = ACTIVATIONS["linear"]


def parse_activation(value: Any) -> Activation:
    """From `relu` or `{kind: leaky_relu, slope: 0.1}`."""
    if isinstance(value, Activation):
        return value
    if isinstance(value, str):
        if value == "none":
            return LINEAR
        if value not in ACTIVATIONS:
            raise Invalid(f"unknown activation '{value}'", did_you_mean(value, ACTIVATIONS, many=20))
        return ACTIVATIONS[value]
    if not isinstance(value, dict) or "kind" not in value:
        raise Invalid(f"expected an activation's name or {{kind: ...}}, received {show(value)}")
    kind = parse_activation(value["kind"]).kind if isinstance(value["kind"], str) else None
    if kind is None:
        raise Invalid(f"expected an activation's name, received {show(value['kind'])}", loc=("kind",))
    known = ACTIVATION_PARAMETERS[kind]
    parameters = []
    for name, given in value.items():
        if name == "kind":
            continue
        if name not in known:
            hint = did_you_mean(name, known) or f"{kind} has no parameters"
            raise Invalid(f"unknown parameter of activation '{kind}'", hint, (name,))
        if isinstance(known[name], bool) != isinstance(given, bool) or not isinstance(given, (bool, int, float)):
            expected = "true or false" if isinstance(known[name], bool) else "a number"
            raise Invalid(f"expected {expected}, received {show(given)}", loc=(name,))
        if given != known[name]:
            parameters.append((name, given))
    return Activation(kind, tuple(sorted(parameters)))


class Multiple(Section):
    """To the nearest multiple of `to`, but never below `keep` of the value (MobileNet's and EfficientNet's rule)."""

    to: Annotated[int, Field(ge=1)] = Field(8, description="round to a multiple of this")
    keep: Annotated[float, Field(ge=0, le=1)] = Field(0.9, description="never below this share of the value")

    def __call__(self, value: float) -> int:
        rounded = max(self.to, int(value + self.to / 2) // self.to * self.to)
        return rounded + self.to if rounded < self.keep * value else rounded


class SqueezeExcite(Section):
    """Squeeze-and-excitation (Hu et al. 2018): a gate a channel from the global mean, through two 1x1 layers."""

    ratio: Annotated[float, Field(ge=0)] = Field(0.25, description="channels of the squeeze, as a share")
    of: Literal["input", "expanded"] = Field("input", description="what the ratio refers to in an mbconv")
    round: Multiple | Literal["none"] = Field("none", description="rounding of the squeeze's channels")
    activation: str = Field("swish", description="after the squeeze")
    gate: str = Field("sigmoid", description="after the excitation")

    def squeezed(self, channels: int) -> int:
        """Channels of the squeeze for so many channels, at least 1."""
        wanted = channels * self.ratio
        return max(1, nearest_int(wanted) if self.round == "none" else self.round(wanted))


def parse_padding(value: Any) -> Pads | str:
    """From `same`, `valid`, `symmetric`, a number, [height, width] or [[top, bottom], [left, right]]."""
    if isinstance(value, str):
        if value not in ("same", "valid", "symmetric"):
            raise Invalid(f"unknown padding '{value}'", did_you_mean(value, ["same", "valid", "symmetric"]))
        return value
    if _natural(value):
        return (value, value), (value, value)
    if isinstance(value, (list, tuple)) and len(value) == 2:
        if all(_natural(side) for side in value):
            return (value[0], value[0]), (value[1], value[1])
        if all(isinstance(s, (list, tuple)) and len(s) == 2 and all(map(_natural, s)) for s in value):
            return (value[0][0], value[0][1]), (value[1][0], value[1][1])
    raise Invalid(
        "expected same, valid, symmetric, a number, [height, width] or [[top, bottom], [left, right]], "
        f"received {show(value)}"
    )


def parse_initializer(value: Any) -> Initializer:
    """From `he_normal` or `{scale: 2, mode: fan_out, distribution: truncated_normal}`."""
    if isinstance(value, Initializer):
        return value
    if isinstance(value, str):
        if value not in NAMED:
            raise Invalid(f"unknown initializer '{value}'", did_you_mean(value, NAMED))
        return NAMED[value]
    if isinstance(value, dict):
        scaling = parse_section(VarianceScaling, value)
        return Initializer(scaling.scale, scaling.mode, scaling.distribution)
    raise Invalid(f"expected an initializer's name or {{scale, mode, distribution}}, received {show(value)}")


class VarianceScaling(Section):
    """variance = scale / fan."""

    scale: Positive = 1.0
    mode: Mode = "fan_in"
    distribution: Distribution = "truncated_normal"


class Conventions(NamedTuple):
    """What holds wherever a call says nothing else."""

    norm: Norm = Norm()
    activation: Activation = ACTIVATIONS["relu"]
    padding: Pads | str = "same"
    bias: bool | Literal["auto"] = "auto"
    initializer: Initializer = DEFAULT

    def with_(self, changes: dict[str, Any]) -> Conventions:
        """These conventions with some changed; a norm merges over the one that was."""
        if "norm" in changes:
            changes = {**changes, "norm": changes["norm"].over(self.norm)}
        return self._replace(**changes)


def parse_section(section: type[S], value: Any) -> S:
    """The section made from a mapping. Raises Invalid for its mistakes, one a key, each with where it is."""
    try:
        return section.model_validate(value)
    except ValidationError as error:
        by_key: dict[Any, list[Any]] = {}
        for mistake in error.errors():
            by_key.setdefault(mistake["loc"][:1], []).append(mistake)
        first, *more = (_invalid(mistakes, section, value) for mistakes in by_key.values())
        first.more = tuple(more)
        raise first from None


def _invalid(errors: list[Any], section: type[Section], value: Any) -> Invalid:
    """What pydantic found at one key in the words of this project: the first of what is deepest inside."""
    error = max(errors, key=lambda one: len(_place(one["loc"], value)))  # the type that fits best goes furthest
    loc = _place(error["loc"], value)
    alike = [other for other in errors if _place(other["loc"], value) == loc]  # one value, tried as several types
    words = [other["ctx"]["expected"] for other in alike if other["type"] == "literal_error"][:1]
    hint = did_you_mean(error["input"], re.findall("'([^']*)'", words[0]), many=0) if words else ""
    if any(other["type"] in ("model_type", "dict_type") for other in alike):
        return Invalid(f"expected {' or '.join([*words, 'a mapping'])}, received {show(error['input'])}", hint, loc)
    if error["type"] == "extra_forbidden":
        owner: Any = section
        for part in loc[:-1]:
            owner = owner if isinstance(part, int) else field_section(owner, part)
        return Invalid("unknown key", did_you_mean(loc[-1], owner.model_fields if owner else ()), loc)
    if error["type"] == "missing":
        return Invalid(f"'{error['loc'][-1]}' is missing", loc=loc)
    if words and isinstance(error["input"], str):
        return Invalid(f"expected {words[0]}, received {show(error['input'])}", hint, loc)
    expected = error["msg"][0].lower() + error["msg"][1:].replace("input should be", "expected", 1)
    expected = expected.replace("input should be", "expected", 1)
    return Invalid(f"{expected}, received {show(error['input'])}", "", loc)


def _place(loc: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
    """The part of pydantic's path that leads somewhere: it also names types that were tried, and what is missing."""
    place = []
    for part in loc:
        if (isinstance(value, dict) and part in value) or (
            isinstance(value, (list, tuple)) and isinstance(part, int) and part < len(value)
        ):
            place.append(part)
            value = value[part]
    return tuple(place)


def field_section(owner: type[Section] | None, name: Any) -> type[Section] | None:
    """The section that a field holds, alone, in a tuple or among other types; None where it holds none."""
    field = owner.model_fields.get(name) if owner else None
    candidates = get_args(field.annotation) or (field.annotation,) if field else ()
    return next((c for c in candidates if isinstance(c, type) and issubclass(c, Section)), None)


def nearest_int(value: float) -> int:
    """The nearest whole number, halves up; 183.99999999999997 is 184."""
    return math.floor(value + 0.5 + 1e-9)


def pair(value: int | Pair) -> Pair:
    return (value, value) if isinstance(value, int) else value


def show(value: Any) -> str:
    """A received value as a person would write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        text = "[" + ", ".join(show(item) for item in value) + "]"
        return text if len(text) < 40 else f"a list of {len(value)}"
    return "nothing" if value is None else str(value)


def _natural(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0

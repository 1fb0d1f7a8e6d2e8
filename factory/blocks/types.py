"""The parameter types of the language: what a value of each may be, how it is read, and its JSON schema.

A block's signature is written with the annotations below, `filters: Width, kernel: Kernel = 3`; plain `int`, `float`,
`bool`, `str` and `Literal[...]` serve as they are.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from factory.blocks.genotypes import COMBINERS, Combiners, Matrix, Nodes, parse_combiners, parse_matrix, parse_nodes
from factory.blocks.random_wiring import Edges, Generator, generator_schema, parse_edges, parse_generator
from factory.blocks.values import (
    ACTIVATION_PARAMETERS,
    Activation,
    Conventions,
    Invalid,
    Norm,
    SqueezeExcite,
    parse_activation,
    parse_initializer,
    parse_padding,
    parse_section,
    show,
)
from factory.errors import did_you_mean
from factory.graph.initializers import NAMED, Initializer
from factory.graph.ops import Pads, Pair


@dataclass(frozen=True)
class Type:
    """A parameter type: its name in the language, what it expects in words, how a value is read, its JSON schema."""

    name: str
    expected: str
    parse: Callable[[Any], Any]
    schema: dict[str, Any]
    choices: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Type) and (self.name, self.choices) == (other.name, other.choices)

    @property
    def is_code(self) -> bool:
        """Holds block calls, not a plain value."""
        return self.name in ("body", "branches", "call", "operation", "operations")

    def __hash__(self) -> int:
        return hash((self.name, self.choices))


def _whole(value: Any) -> int | None:
    """A whole number, also one that an expression left as a float; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and abs(value - round(value)) < 1e-9 * max(1.0, abs(value)):
        return round(value)
    return None


def integer(name: str, expected: str, minimum: int | None = None) -> Type:
    def parse(value: Any) -> int:
        number = _whole(value)
        if number is None or (minimum is not None and number < minimum):
            hint = "round it: round(...), ceil(...), divisible(..., 8)" if isinstance(value, float) else ""
            raise Invalid(f"expected {expected}, received {show(value)}", hint)
        return number

    schema: dict[str, Any] = {"type": "integer"}
    return Type(name, expected, parse, schema if minimum is None else {**schema, "minimum": minimum})


def number(name: str, expected: str, minimum: float | None = None, below: float | None = None) -> Type:
    def parse(value: Any) -> float:
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not good or (minimum is not None and value < minimum) or (below is not None and value >= below):
            raise Invalid(f"expected {expected}, received {show(value)}")
        return value

    bounds = {"minimum": minimum, "exclusiveMaximum": below}
    return Type(name, expected, parse, {"type": "number", **{k: v for k, v in bounds.items() if v is not None}})


def choice(*options: str) -> Type:
    def parse(value: Any) -> str:
        if value not in options:
            raise Invalid(f"expected one of {', '.join(options)}, received {show(value)}", did_you_mean(value, options))
        return value

    return Type("choice", "one of " + ", ".join(options), parse, {"enum": list(options)}, options)


def _size(name: str, expected: str) -> Type:
    def parse(value: Any) -> Pair:
        number = _whole(value)
        if number is not None and number >= 1:
            return number, number
        if isinstance(value, (list, tuple)) and len(value) == 2:
            both = [_whole(part) for part in value]
            if all(part is not None and part >= 1 for part in both):
                return both[0], both[1]  # type: ignore[return-value]
        raise Invalid(f"expected {expected}, received {show(value)}")

    one = {"type": "integer", "minimum": 1}
    return Type(name, expected, parse, {"anyOf": [one, {"type": "array", "items": one, "minItems": 2, "maxItems": 2}]})


def _parse_bool(value: Any) -> bool:
    if not isinstance(value, bool):
        hint = "YAML 1.2 has true and false only" if value in ("yes", "no", "on", "off") else ""
        raise Invalid(f"expected true or false, received {show(value)}", hint)
    return value


def _parse_str(value: Any) -> str:
    if not isinstance(value, str):
        raise Invalid(f"expected text, received {show(value)}")
    return value


def _parse_list(value: Any) -> tuple:
    if not isinstance(value, (list, tuple)):
        raise Invalid(f"expected a list, received {show(value)}")
    return tuple(_parse_list(item) if isinstance(item, (list, tuple)) else item for item in value)


def _parse_parts(value: Any) -> int | tuple[int, ...]:
    shares = [value] if not isinstance(value, (list, tuple)) else value
    numbers = [_whole(share) for share in shares]
    if not numbers or any(share is None or share < 1 for share in numbers):
        raise Invalid(f"expected a number of parts or a list of shares, whole numbers, received {show(value)}")
    return tuple(numbers) if isinstance(value, (list, tuple)) else numbers[0]  # type: ignore[return-value, arg-type]


def _parse_norm(value: Any) -> Norm:
    if isinstance(value, Norm):
        return value
    if isinstance(value, str):
        if value not in ("batch", "layer", "group", "none"):
            raise Invalid(f"unknown norm '{value}'", did_you_mean(value, ["batch", "layer", "group", "none"]))
        return Norm(kind=value)  # type: ignore[arg-type]
    if not isinstance(value, dict):
        raise Invalid(f"expected batch, layer, group, none or a mapping, received {show(value)}")
    return parse_section(Norm, value)


def _parse_squeeze(value: Any) -> SqueezeExcite:
    if isinstance(value, SqueezeExcite):
        return value
    if isinstance(value, dict):
        squeeze = parse_section(SqueezeExcite, value)
        for name in ("activation", "gate"):
            try:
                parse_activation(getattr(squeeze, name))
            except Invalid as error:
                raise Invalid(error.message, error.hint, (name,)) from None
        return squeeze
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
        return SqueezeExcite(ratio=value)
    raise Invalid(f"expected a ratio such as 0.25, 0 for none, or a mapping, received {show(value)}")


def _parse_bias(value: Any) -> bool | str:
    if value == "auto" or isinstance(value, bool):
        return value
    raise Invalid(f"expected true, false or auto, received {show(value)}")


def _parse_body(value: Any) -> Any:
    if callable(value):
        return value
    raise Invalid(f"expected a list or mapping of block calls, received {show(value)}")


def _activation_schema() -> dict[str, Any]:
    kinds = []
    for kind, parameters in ACTIVATION_PARAMETERS.items():
        properties: dict[str, Any] = {"kind": {"const": kind}}
        for name, default in parameters.items():
            properties[name] = {"type": "boolean" if isinstance(default, bool) else "number", "default": default}
        kinds.append({"type": "object", "properties": properties, "required": ["kind"], "additionalProperties": False})
    return {"anyOf": [{"enum": [*ACTIVATION_PARAMETERS, "none"]}, *kinds]}


_PADS = {"type": "integer", "minimum": 0}
_TWO = {"type": "array", "minItems": 2, "maxItems": 2}
_PADDING_SCHEMA = {
    "anyOf": [
        {"enum": ["same", "valid", "symmetric"]},
        _PADS,
        {**_TWO, "items": {"anyOf": [_PADS, {**_TWO, "items": _PADS}]}},
    ]
}
_CALLABLE: dict[str, Any] = {"$ref": "#/$defs/call"}

INT = integer("int", "a whole number")
COUNT = integer("count", "a whole number, at least 1", 1)
FLOAT = number("float", "a number")
BOOL = Type("bool", "true or false", _parse_bool, {"type": "boolean"})
STR = Type("str", "text", _parse_str, {"type": "string"})
LIST = Type("list", "a list", _parse_list, {"type": "array"})
PARTS = Type(
    "parts",
    "a number of parts or a list of shares",
    _parse_parts,
    {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "array", "items": {"type": "integer", "minimum": 1}}]},
)
RATIO = number("ratio", "a number, at least 0", 0)
RATE = number("rate", "a probability, 0 <= rate < 1", 0, 1)
WIDTH = integer("width", "a number of channels, at least 1", 1)
DEPTH = integer("depth", "a number of repeats, at least 1", 1)
STRIDE = _size("stride", "a stride: a whole number, at least 1, or [height, width]")
DILATION = _size("dilation", "a dilation: a whole number, at least 1, or [height, width]")
KERNEL = _size("kernel", "a kernel: a whole number, at least 1, or [height, width]")
PADDING = Type("padding", "a padding", parse_padding, _PADDING_SCHEMA)
NORM = Type(
    "norm",
    "a norm",
    _parse_norm,
    {"anyOf": [{"enum": ["batch", "layer", "group", "none"]}, {"$ref": "#/$defs/Norm"}]},
)
ACTIVATION = Type("activation", "an activation", parse_activation, _activation_schema())
SQUEEZE = Type(
    "squeeze_excite",
    "squeeze-and-excitation",
    _parse_squeeze,
    {"anyOf": [{"type": "number", "minimum": 0}, {"$ref": "#/$defs/SqueezeExcite"}]},
)
BIAS = Type("bias", "true, false or auto", _parse_bias, {"enum": [True, False, "auto"]})
INITIALIZER = Type(
    "initializer",
    "an initializer",
    parse_initializer,
    {"anyOf": [{"enum": list(NAMED)}, {"$ref": "#/$defs/VarianceScaling"}]},
)
SHORTCUT = Type(
    "shortcut",
    "a shortcut",
    choice("identity", "projection", "zero_pad", "pool", "auto", "none").parse,
    {"enum": ["identity", "projection", "zero_pad", "pool", "auto", "none"]},
    ("identity", "projection", "zero_pad", "pool", "auto", "none"),
)
BODY = Type("body", "a list or mapping of block calls", _parse_body, {"$ref": "#/$defs/body"})
BRANCHES = Type("branches", "a mapping or list of bodies", _parse_body, {"$ref": "#/$defs/branches"})
CALL = Type("call", "a block call", _parse_body, _CALLABLE)
OPERATION = Type("operation", "a block call that may leave filters and stride open", _parse_body, BODY.schema)
OPERATIONS = Type(
    "operations",
    "a mapping of block calls that may leave filters and stride open",
    _parse_body,
    {"$ref": "#/$defs/operations"},
)
_TEXTS: dict[str, Any] = {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}
_NODE = {"type": "array", "items": _TEXTS, "minItems": 1}
NODES = Type(
    "nodes",
    "a mapping of nodes, each a list of [input, operation] pairs",
    parse_nodes,
    {"type": "object", "additionalProperties": _NODE, "minProperties": 1},
)
COMBINE = Type(
    "combine",
    "a mapping of nodes, each add or concat",
    parse_combiners,
    {"type": "object", "additionalProperties": {"enum": list(COMBINERS)}},
)
_ROW: dict[str, Any] = {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 1}}
MATRIX = Type(
    "matrix",
    "rows of 0 and 1: which vertex leads to which",
    parse_matrix,
    {"type": "array", "items": _ROW, "minItems": 2},
)
GENERATOR = Type(
    "generator",
    "a random graph model: {kind: er, p}, {kind: ba, m} or {kind: ws, k, p}",
    parse_generator,
    generator_schema(),
)
_EDGE: dict[str, Any] = {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 2, "maxItems": 2}
EDGES = Type(
    "edges",
    "a list of [from, to] edges between nodes, counted from 0",
    parse_edges,
    {"type": "array", "items": _EDGE, "minItems": 1},
)

Count = Annotated[int, COUNT]
Rate = Annotated[float, RATE]
Ratio = Annotated[float, RATIO]
Width = Annotated[int, WIDTH]
Depth = Annotated[int, DEPTH]
Stride = Annotated[int | Pair, STRIDE]
Dilation = Annotated[int | Pair, DILATION]
Kernel = Annotated[int | Pair, KERNEL]
Padding = Annotated[str | Pads, PADDING]
NormValue = Annotated[Norm, NORM]
ActivationValue = Annotated[str | Activation, ACTIVATION]
Squeeze = Annotated[float | SqueezeExcite, SQUEEZE]
Bias = Annotated[bool | Literal["auto"], BIAS]
InitializerValue = Annotated[Initializer, INITIALIZER]
Shortcut = Annotated[str, SHORTCUT]
Values = Annotated[tuple, LIST]
Parts = Annotated[int | tuple[int, ...], PARTS]
Body = Annotated[Callable[..., Any], BODY]
Branches = Annotated[Callable[..., Any], BRANCHES]
CallValue = Annotated[Callable[..., Any], CALL]
Operation = Annotated[Callable[..., dict], OPERATION]
Operations = Annotated[Mapping[str, Callable[..., dict]], OPERATIONS]
NodesValue = Annotated[Nodes, NODES]
CombineValue = Annotated[Combiners, COMBINE]
MatrixValue = Annotated[Matrix, MATRIX]
GeneratorValue = Annotated[Generator, GENERATOR]
EdgesValue = Annotated[Edges, EDGES]

TYPES = {
    t.name: t
    for group in (
        (INT, COUNT, FLOAT, BOOL, STR, LIST, RATIO, RATE, WIDTH, DEPTH, STRIDE, KERNEL, PADDING, NORM, ACTIVATION),
        (DILATION, PARTS, SQUEEZE, BIAS, INITIALIZER, SHORTCUT),
        (BODY, CALL, NODES, COMBINE, MATRIX, GENERATOR, EDGES),
    )
    for t in group
}
"""The types that a YAML block can give its parameters, by name."""

CONVENTION_TYPES = dict(zip(Conventions._fields, (NORM, ACTIVATION, PADDING, BIAS, INITIALIZER), strict=True))
"""The types of the keys that may stand under `conventions` and in every call."""

_PLAIN: dict[Any, Type] = {int: INT, float: FLOAT, bool: BOOL, str: STR}


def type_of(hint: Any) -> Type:
    """The parameter type that an annotation of a block function stands for. Raises TypeError for any other."""
    if get_origin(hint) in (Union, types.UnionType):
        options = [option for option in get_args(hint) if option is not type(None)]
        if len(options) == 1:
            return type_of(options[0])
    if get_origin(hint) is Annotated:
        for mark in get_args(hint)[1:]:
            if isinstance(mark, Type):
                return mark
    if get_origin(hint) is Literal:
        return choice(*get_args(hint))
    if hint in _PLAIN:
        return _PLAIN[hint]
    raise TypeError(f"{hint!r} is not a parameter type of the language: use one of factory.blocks.types")

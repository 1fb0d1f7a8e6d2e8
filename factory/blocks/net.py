"""The net builder: what block functions are written against."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

from factory.blocks.registry import REGISTRY, BlockInfo
from factory.blocks.types import CONVENTION_TYPES
from factory.blocks.values import Activation, Conventions, Norm, nearest_int, show
from factory.errors import ShapeError, did_you_mean
from factory.graph import Ref
from factory.graph.ops import (
    Concat,
    JoinColumns,
    Merge,
    Op,
    Shape,
    WeightedSum,
    shape_text,
)

Stride = tuple[float, float] | None


class Tensor:
    """What flows between blocks: an output of a node, and its shape (height, width, channels) or (channels,).

    `stride` is kept only while a size is known at run time only; it tells tensors of different resolution apart then.
    """

    __slots__ = ("ref", "shape", "stride")

    def __init__(self, ref: Ref, shape: Shape, stride: Stride = None):
        self.ref, self.shape, self.stride = ref, shape, stride

    @property
    def channels(self) -> int:
        return self.shape[-1]  # type: ignore[return-value]

    def __repr__(self) -> str:
        return f"Tensor{shape_text(self.shape)}"


Outputs = dict[str, Tensor]


def first(outputs: Outputs) -> Tensor:
    """What a call gives to one that takes a single input."""
    return next(iter(outputs.values()))


def stride_after(op: Op, inputs: tuple[Tensor, ...]) -> Stride:
    """The stride on the input image after an operation, None where all sizes are known."""
    strides = {x.stride for x in inputs if x.stride and None in x.shape[:2]}
    if not strides:
        return None
    if len(strides) > 1 and isinstance(op, (Merge, Concat, WeightedSum, JoinColumns)):
        raise ShapeError(
            f"tensors of different resolution meet: their strides are {sorted(strides)}", "check the strides"
        )
    (height, width), window = inputs[-1].stride or max(strides), op.window()
    return (height * window.stride[0], width * window.stride[1]) if window else (height, width)


class Limits:
    """Bounds on what a spec may ask for; more is an error, not an exhausted machine."""

    def __init__(self, nodes: int = 100_000, params: int = 20_000_000_000):
        self.nodes, self.params = nodes, params


class Net:
    """Calls blocks by name, `net.conv(x, filters=32, kernel=3, name="expand")`, and adds primitive operations.

    `conventions` hold for every call inside; `defaults` are parameters and conventions of one block wherever it is
    called. `expand_rounding` is the spec's rule for widths, None where it sets none. In `memo` nets keep what blocks
    gave, so that it need not be worked out again. GraphNet records a graph, CountingNet only adds up costs.
    """

    def __init__(
        self,
        conventions: Conventions,
        expand_rounding: Callable[[float], int] | None = None,
        memo: dict[Any, Any] | None = None,
    ):
        self.conventions = conventions
        self._memo: dict[Any, Any] = {} if memo is None else memo
        self._settings: dict[tuple[int, bool], tuple[Conventions, int]] = {}
        self.defaults: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}
        self.classes = 0
        self.path = ""
        self.expand_rounding = expand_rounding
        self.calls_run = 0  # by whoever reads a spec, who sets a limit to them
        self.residual_calls = 0
        self._residual_index = 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """The block of this name as a function of tensors and parameters. Raises AttributeError for an unknown one."""
        try:
            info = REGISTRY[name]
        except KeyError:
            raise AttributeError(f"no block '{name}'; {REGISTRY.hint(name)}") from None
        function = partial(self._call, info)
        setattr(self, name, function)  # the next call finds it without coming here
        return function

    def _call(self, info: BlockInfo, *inputs: Tensor, name: str | None = None, **values: Any) -> Any:
        for x in inputs:
            if not isinstance(x, Tensor):
                raise TypeError(f"block '{info.name}' takes tensors, received {show(x)}; parameters have names")
        changes: dict[str, Any] = {}
        if not values.keys() <= info.parameters.keys():
            for key in list(values.keys() - info.parameters.keys()):
                if key not in Conventions._fields:
                    hint = did_you_mean(key, info.parameters)
                    raise TypeError(f"block '{info.name}' has no parameter '{key}'; {hint}")
                changes[key] = CONVENTION_TYPES[key].parse(values.pop(key))
        for key, value in values.items():
            if isinstance(value, (str, dict, list)):  # written as in a spec
                values[key] = info.parameters[key].type.parse(value)
        result = self.run(info, inputs, values, changes, name or info.name)
        return next(iter(result.values())) if len(result) == 1 else result

    def run(
        self,
        info: BlockInfo,
        inputs: tuple[Tensor, ...],
        params: dict[str, Any],
        changes: dict[str, Any],
        name: str | None,
    ) -> Outputs:
        """Runs a block on tensors with final values; `changes` are conventions for all inside, `name` its scope."""
        if info.name in self.defaults:
            default_params, default_changes = self.defaults[info.name]
            params, changes = {**default_params, **params}, {**default_changes, **changes}
        conventions, index, path = self.conventions, self._residual_index, self.path
        if changes:
            self.conventions = conventions.with_(changes)
        if info.residual:
            self._residual_index = self.residual_calls
            self.residual_calls += 1
        if name is not None and not (info.structure and name == info.name):
            self.enter(name)
        try:
            result = info.function(self, *inputs, **params)
        finally:
            self.conventions, self._residual_index, self.path = conventions, index, path
        return result if isinstance(result, dict) else {"out": result}

    def setting(self, *, bodies: bool = True) -> int:
        """A number for all that holds in the whole net; hashing it at each call would cost more than the call.

        bodies: whether the defaults of blocks that take bodies count; no block without bodies calls one of those.
        """
        there = self._settings.get((id(self.conventions), bodies))
        if there is None:
            defaults = {n: given for n, given in self.defaults.items() if bodies or not REGISTRY[n].takes_bodies}
            key = (self.conventions, self.expand_rounding, self.classes, repr(defaults))
            number = self._memo.setdefault(key, len(self._memo))
            self._settings[id(self.conventions), bodies] = there = (self.conventions, number)
        return there[1]

    @contextmanager
    def scope(self, name: str | None) -> Iterator[None]:
        """Inside, the names of nodes begin with this one; None changes nothing."""
        path = self.path
        if name is not None:
            self.enter(name)
        try:
            yield
        finally:
            self.path = path

    def enter(self, name: str) -> None:
        """Lets the names of nodes begin with this one, behind what they begin with already."""

    def sharing_weights(self, repeat: int) -> AbstractContextManager[None]:
        """Inside, the operations of this repeat use the weights of those of repeat 0, which is recorded first."""
        raise TypeError("use GraphNet or CountingNet")

    def read_size(self, like: Tensor) -> None:
        """Called where a block reads only the size of a tensor, so that nothing in the graph reads it."""

    def op(self, op: Op, *inputs: Tensor, name: str = "") -> Tensor:
        """Adds a primitive operation with one output; "" names it after the block call."""
        return self.ops(op, *inputs, name=name)[0]

    def ops(self, op: Op, *inputs: Tensor, name: str = "") -> list[Tensor]:
        """Adds a primitive operation and returns all its outputs."""
        raise TypeError("use GraphNet or CountingNet")

    def norm_of(self, norm: Norm | None) -> Norm:
        """A call's norm, completed by the conventions."""
        convention = self.conventions.norm
        return convention if norm is None or norm is convention else norm.over(convention)

    def activation_of(self, activation: str | Activation | None) -> Activation:
        """A call's activation, by default the conventions'."""
        return self.conventions.activation if activation is None else Activation.of(activation)

    def expanded(self, channels: float) -> int:
        """Channels times an expansion, rounded by the spec's width rule when it sets one, else to the nearest."""
        rounded = self.expand_rounding(channels) if self.expand_rounding else nearest_int(channels)
        if rounded < 1:
            raise ShapeError(f"an expansion to {channels} channels leaves none", "raise expand")
        return rounded

    def drop_branch(self, x: Tensor) -> Tensor:
        """Stochastic depth on a residual branch; the network's rate and the block's place decide how much."""
        return x

    def join_columns(self, columns: int, ends: list[Tensor]) -> Tensor:
        """The mean of what some columns of a fractal end with, the shortest first; `columns` are all it has."""
        return self.op(Merge("mean"), *ends, name="join") if len(ends) > 1 else ends[0]

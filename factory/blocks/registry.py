"""The registry of named blocks: a function over the net builder, whose signature is its schema."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import entry_points
from typing import Any

from factory.blocks.types import Type, type_of
from factory.errors import FactoryError, did_you_mean

ENTRY_POINT_GROUP = "factory.blocks"
REQUIRED: Any = inspect.Parameter.empty


@dataclass(frozen=True)
class Parameter:
    """One parameter of a block; `default` is REQUIRED when a call must give it. None: what the block's text says."""

    name: str
    type: Type
    default: Any = REQUIRED
    doc: str = ""

    @property
    def required(self) -> bool:
        return self.default is REQUIRED


class BlockInfo:
    """A block written in Python: name, documentation, input ports and parameters, read off its signature once."""

    def __init__(self, function: Callable[..., Any], *, residual: bool = False, structure: bool = False):
        self.function = function
        self.name = function.__name__.rstrip("_")
        self.residual = residual
        self.structure = structure

    @cached_property
    def doc(self) -> str:
        return inspect.getdoc(self.function) or ""

    @property
    def summary(self) -> str:
        return self.doc.split("\n\n")[0].replace("\n", " ")

    @cached_property
    def _signature(self) -> tuple[tuple[str, ...], int, bool, dict[str, Parameter]]:
        hints = typing.get_type_hints(self.function, include_extras=True)
        inputs, optional, variadic, parameters = [], 0, False, {}
        for name, parameter in list(inspect.signature(self.function).parameters.items())[1:]:  # after `net`
            if parameter.kind is parameter.VAR_POSITIONAL:
                inputs, variadic = [name], True
            elif parameter.kind is parameter.KEYWORD_ONLY:
                key = name.rstrip("_")
                parameters[key] = Parameter(key, type_of(hints[name]), parameter.default)
            else:
                inputs.append(name)
                optional += parameter.default is not parameter.empty
        return tuple(inputs), optional, variadic, parameters

    @cached_property
    def takes_bodies(self) -> bool:
        """Some parameter is a body or a call: what the block does depends on more than plain values."""
        return any(parameter.type.is_code for parameter in self.parameters.values())

    @property
    def inputs(self) -> tuple[str, ...]:
        return self._signature[0]

    @property
    def optional(self) -> int:
        """How many of the inputs, the last ones, need not be given."""
        return self._signature[1]

    @property
    def variadic(self) -> bool:
        """Takes any number of inputs."""
        return self._signature[2]

    @property
    def parameters(self) -> dict[str, Parameter]:
        return self._signature[3]

    def __repr__(self) -> str:
        return f"BlockInfo({self.name})"


class Registry(Mapping[str, BlockInfo]):
    """Blocks by name. Names are unique; those of other packages arrive through the entry-point group."""

    def __init__(self) -> None:
        self._blocks: dict[str, BlockInfo] = {}
        self._entry_points_read = False

    def register(self, info: BlockInfo) -> None:
        """Adds a block. Raises FactoryError for a name that another function has."""
        there = self._blocks.get(info.name)
        if there and there.function.__module__ != info.function.__module__:
            raise FactoryError(
                f"block '{info.name}' of {info.function.__module__} is already registered "
                f"by {there.function.__module__}"
            )
        self._blocks[info.name] = info

    def __getitem__(self, name: str) -> BlockInfo:
        if name not in self._blocks:
            self._read_entry_points()
        return self._blocks[name]

    def __iter__(self) -> typing.Iterator[str]:
        self._read_entry_points()
        return iter(sorted(self._blocks))

    def __len__(self) -> int:
        self._read_entry_points()
        return len(self._blocks)

    def hint(self, name: str) -> str:
        return did_you_mean(name, self)

    def _read_entry_points(self) -> None:
        """Imports third-party blocks, once, and only when a name is not ours: it costs a walk over all packages."""
        if self._entry_points_read:
            return
        self._entry_points_read = True
        for entry in entry_points(group=ENTRY_POINT_GROUP):
            loaded = entry.load()
            if callable(loaded) and entry.name not in self._blocks:
                raise FactoryError(
                    f"entry point '{entry.name}' ({entry.value}) of group {ENTRY_POINT_GROUP} registered no block of "
                    "that name: decorate the function with @factory.block"
                )


REGISTRY = Registry()


def block(function: Callable[..., Any] | None = None, *, residual: bool = False, structure: bool = False) -> Any:
    """Registers a function `(net, x, *, parameter: Type = default) -> Tensor` as the block of its name.

    A trailing underscore of the name is dropped. Positional parameters are input ports, optional where they have a
    default; `*inputs` takes any number. Return one Tensor, or a dict of named outputs. `residual`: counts for
    stochastic depth. `structure`: only arranges other blocks, so that in names it stands for nothing.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        REGISTRY.register(BlockInfo(function, residual=residual, structure=structure))
        return function

    return register if function is None else register(function)

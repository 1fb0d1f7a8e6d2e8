"""The plan of a morphism: what becomes of every layer, and the weights of a child from those of its parent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from factory.graph import Graph
from tuner.morphism.channels import ChannelMaps
from tuner.morphism.checking import check
from tuner.morphism.layers import initialised
from tuner.morphism.tracing import Problem, match

Weights = Mapping[str, np.ndarray]
"""Arrays by "node/weight", as Keras calls them."""


@dataclass(frozen=True)
class Layer:
    """How a layer of the child gets its weights.

    how: copied, widened, deepened (a new one that is the identity, or zero at the end of a branch), grown (in its
    window), several of these, or afresh.
    """

    name: str
    how: str


@dataclass
class Morphism:
    """From a parent to a child. `preserving`: the child begins as the parent's function; `problems`: why it does not.

    A child that is smaller, or otherwise not a growth of its parent, takes over what overlaps.
    """

    parent: Graph = field(repr=False)
    child: Graph = field(repr=False)
    layers: tuple[Layer, ...]
    problems: tuple[Problem, ...]
    maps: ChannelMaps = field(repr=False)

    @property
    def preserving(self) -> bool:
        return not self.problems

    def weights(self, parents: Weights, initial: Weights) -> dict[str, np.ndarray]:
        """The weights of the child. parents: those of the parent; initial: those of a new child, which say the shapes.

        Raises KeyError for a weight that is missing.
        """
        found = dict(initial)
        for index, node in enumerate(self.child.nodes):
            if node.shared is None:
                found |= initialised(self.maps, index, parents, initial)
        return found

    def __str__(self) -> str:
        counts: dict[str, int] = {}
        for layer in self.layers:
            counts[layer.how] = counts.get(layer.how, 0) + 1
        told = ", ".join(f"{count} {how}" for how, count in counts.items())
        if self.preserving:
            return f"{told}: the same function"
        first = str(self.problems[0]) + (f", and {len(self.problems) - 1} more" if len(self.problems) > 1 else "")
        return f"{told}: another function ({first})"


def plan_morphism(parent: Graph, child: Graph, seed: int = 0) -> Morphism:
    """How a child takes over the weights of its parent; needs no TensorFlow, and no weights.

    Nodes are matched by name (see docs/design.md, Names), so that a stage may repeat more often, and its layers may
    have more filters, larger kernels and new branches. seed: of the choice of channels that are repeated, and of the
    shares of their replicas.
    """
    found = match(parent, child)
    maps = ChannelMaps(found, seed)
    check(maps)
    return Morphism(parent, child, tuple(_layers(maps)), tuple(dict.fromkeys(found.problems)), maps)


def _layers(maps: ChannelMaps) -> list[Layer]:
    found, child = maps.match, maps.match.child
    layers = []
    for index, node in enumerate(child.nodes):
        shapes = child.input_shapes(node)
        if node.shared is not None or not node.op.weights(*shapes):
            continue
        if index in found.roles:
            layers.append(Layer(node.name, "deepened"))
        elif index not in found.partners:
            layers.append(Layer(node.name, "afresh"))
        else:
            partner = found.parent.nodes[found.partners[index]]
            mine = node.op.weights(*shapes)
            theirs = partner.op.weights(*found.parent.input_shapes(partner))
            layers.append(Layer(node.name, _how(mine[0].shape, theirs[0].shape)))
    return layers


def _how(mine: tuple[int, ...], theirs: tuple[int, ...]) -> str:
    """What shapes of the first weight say."""
    if mine == theirs:
        return "copied"
    window, channels = (mine[:-2], mine[-2:]), (theirs[:-2], theirs[-2:])
    words = []
    if len(mine) == 4 and window[0] != channels[0]:
        words.append("grown" if all(a >= b for a, b in zip(window[0], channels[0], strict=True)) else "cut")
    if window[1] != channels[1]:
        words.append("widened" if all(a >= b for a, b in zip(window[1], channels[1], strict=True)) else "narrowed")
    return " and ".join(words)

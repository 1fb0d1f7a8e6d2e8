"""Which output of a child stands for which of its parent, and what its new nodes must be for both to be equal."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

from factory.graph import Graph, Node, Ref
from factory.graph.ops import (
    Activation,
    Affine,
    AvgPool,
    BatchNorm,
    Concat,
    Conv,
    ConvTranspose,
    Dense,
    DepthwiseConv,
    GlobalPool,
    GroupNorm,
    LayerNorm,
    LayerScale,
    MaxPool,
    Merge,
    Rescale,
)
from tuner.morphism.ranges import bounds, changes_nothing

_SLOPED_AT_ZERO = ("swish", "hard_swish", "gelu", "tanh", "elu", "selu", "leaky_relu", "mish", "scaled_tanh")
"""Activations that are 0 at 0, where they have a slope: what is zero before them can still learn."""
_KEEP_ZERO = (MaxPool, AvgPool, GlobalPool)
_ZEROED = (Conv, ConvTranspose, Dense, DepthwiseConv, LayerScale, Affine)
_ZEROED_BY_SCALE = (BatchNorm, LayerNorm, GroupNorm)


class Role(StrEnum):
    """What a new node has to compute."""

    IDENTITY = "identity"
    ZERO = "zero"


@dataclass(frozen=True)
class Problem:
    """Why a child does not begin as the function of its parent, at one of its nodes."""

    node: str
    reason: str

    def __str__(self) -> str:
        return f"{self.node}: {self.reason}"


@dataclass
class Match:
    """Two graphs, matched by the names of their nodes.

    partners: nodes of the child that the parent has, too, of the same name and kind. stands_for: which output of the
    parent each output of the child takes the place of. roles: of new nodes. problems: what keeps the two from being
    equal, found so far.
    """

    parent: Graph
    child: Graph
    partners: dict[int, int] = field(default_factory=dict)
    stands_for: dict[Ref, Ref] = field(default_factory=dict)
    roles: dict[int, Role] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def complain(self, node: Node | str, reason: str) -> None:
        """Adds a problem."""
        self.problems.append(Problem(node if isinstance(node, str) else node.name, reason))


def match(parent: Graph, child: Graph) -> Match:
    """Matches two graphs.

    A new node between two that both have becomes the identity; a new branch that is added to the trunk ends in zero; a
    new input of a concatenation is left, since whoever reads it can ignore it. What can be neither is a problem.
    """
    found = Match(parent, child, stands_for={(-1, 0): (-1, 0)})
    by_name = {node.name: index for index, node in enumerate(parent.nodes)}
    for index, node in enumerate(child.nodes):
        partner = by_name.get(node.name)
        if partner is not None and type(parent.nodes[partner].op) is type(node.op):
            found.partners[index] = partner
            for port in range(len(node.outputs)):
                found.stands_for[index, port] = (partner, port)
    tracer = _Tracer(found)
    for index, partner in found.partners.items():
        tracer.compare_inputs(child.nodes[index], parent.nodes[partner])
    for name, ref in child.outputs.items():
        if name in parent.outputs:
            tracer.trace(ref, parent.outputs[name], "the output")
        else:
            found.complain("the output", f"the parent has no '{name}'")
    return found


class _Tracer:
    """Follows what nodes of the child read back through new nodes to what the parent's read."""

    def __init__(self, found: Match):
        self.found, self.parent, self.child = found, found.parent, found.child

    def compare_inputs(self, node: Node, partner: Node) -> None:
        for ref, their in zip(node.inputs, partner.inputs, strict=False):
            self.trace(ref, their, node.name)
        extra = node.inputs[len(partner.inputs) :]
        if len(node.inputs) < len(partner.inputs):
            self.found.complain(node, f"reads {len(node.inputs)} tensors, the parent's {len(partner.inputs)}")
        for ref in extra:
            if isinstance(node.op, Merge) and node.op.kind == "add":
                self.zero(ref, node)
            elif not isinstance(node.op, Concat):
                self.found.complain(node, f"reads {self._name(self.child, ref)}, too")

    def trace(self, ref: Ref, their: Ref, reader: str) -> None:
        """Lets an output of the child stand for `their`; new nodes on the way get their roles."""
        while True:
            known = self.found.stands_for.get(ref)
            if known is not None:
                if known != their:
                    names = self._name(self.child, ref), self._name(self.parent, their)
                    self.found.complain(reader, f"reads {names[0]}, the parent's reads {names[1]}")
                return
            self.found.stands_for[ref] = their
            node = self.child.nodes[ref[0]]
            trunk = min(node.inputs, key=lambda one: self._distance(one, their), default=None)
            if trunk is None or self._distance(trunk, their) == math.inf:
                self.found.complain(node, f"takes the place of {self._name(self.parent, their)} and begins afresh")
                return
            self._be_identity(ref[0], node, trunk, their)
            ref, reader = trunk, node.name

    def zero(self, ref: Ref, reader: Node) -> None:
        """Lets an output of the child be zero, by the weights of the last new node that can still learn from there."""
        while ref[0] >= 0 and ref[0] not in self.found.partners:
            node = self.child.nodes[ref[0]]
            op = node.op
            if isinstance(op, _ZEROED) or (isinstance(op, _ZEROED_BY_SCALE) and op.scale):
                self.found.roles[ref[0]] = Role.ZERO
                return
            passes = op.training_only or isinstance(op, _KEEP_ZERO) or (isinstance(op, Rescale) and op.offset == 0)
            gate = isinstance(op, Merge) and op.kind == "multiply"
            if not (passes or gate or (isinstance(op, Activation) and op.kind in _SLOPED_AT_ZERO)):
                what = op.kind if isinstance(op, Activation) else type(op).__name__
                self.found.complain(node, f"cannot begin at zero and learn behind {what}")
                return
            ref = node.inputs[0]
        self.found.complain(reader, f"adds {self._name(self.child, ref)}, which is not zero")

    def _be_identity(self, index: int, node: Node, trunk: Ref, their: Ref) -> None:
        """Gives a new node on the trunk its role, or says why it cannot have it."""
        op, roles = node.op, self.found.roles
        same_size = node.outputs[0][:-1] == self.child.shape(trunk)[:-1]
        if isinstance(op, (Conv, DepthwiseConv)):
            roles[index] = Role.IDENTITY
            if not same_size or max(op.stride) > 1 or (isinstance(op, Conv) and op.groups > 1):
                self.found.complain(node, "a new convolution with stride, groups or another size is not the identity")
        elif isinstance(op, BatchNorm):
            roles[index] = Role.IDENTITY
        elif isinstance(op, Activation):
            if not changes_nothing(op, bounds(self.parent, their)):
                self.found.complain(node, f"{op.kind} of {self._name(self.parent, their)} is another function")
        elif isinstance(op, Merge) and op.kind == "add":
            for ref in node.inputs:
                if ref != trunk:
                    self.zero(ref, node)
        elif not (op.training_only or isinstance(op, Concat)):
            self.found.complain(node, f"a new {type(op).__name__} is not the identity")

    def _distance(self, ref: Ref, their: Ref) -> float:
        """How many new nodes lie between an output of the child and one that stands for `their`; infinity for none."""
        lengths: dict[Ref, float] = {}
        waiting = [ref]
        while waiting:
            one = waiting[-1]
            known = self.found.stands_for.get(one)
            if known is not None:
                lengths[one] = 0 if known == their else math.inf
            else:
                inputs = self.child.nodes[one[0]].inputs
                left = [other for other in inputs if other not in lengths]
                if left:
                    waiting += left
                    continue
                lengths[one] = 1 + min((lengths[other] for other in inputs), default=math.inf)
            waiting.pop()
        return lengths[ref]

    def _name(self, graph: Graph, ref: Ref) -> str:
        return graph.nodes[ref[0]].name if ref[0] >= 0 else "the input"

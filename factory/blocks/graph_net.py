"""The net builder that records a graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from factory.blocks.net import Limits, Net, Outputs, Stride, Tensor, stride_after
from factory.blocks.registry import BlockInfo
from factory.blocks.values import Conventions
from factory.errors import FactoryError, ShapeError
from factory.graph import INPUT, Node, Ref
from factory.graph.ops import ChoosePath, JoinColumns, Op, Shape, StochasticDepth

MAX_TEMPLATES = 20_000
_TEMPLATES: dict[Any, Any] = {}


class _Template(NamedTuple):
    """What a block recorded: nodes by the ends of their names, outputs, and what it has to do with stochastic depth.

    A reference (i, port) is the i-th node here, (-1 - k, 0) the k-th input. Drops are (node, residual call), both
    counted from the template's first.
    """

    nodes: list[tuple[str, Op, tuple[Ref, ...], tuple[Shape, ...]]]
    outputs: list[tuple[str, Ref, Shape, Stride]]
    residuals: int
    drops: list[tuple[int, int]]


class GraphNet(Net):
    """Records every operation as a named node.

    What a block records depends on its parameters, the shapes of its inputs and what holds in the whole net, so that it
    is kept as a template and only copied the next time, in this net and in later ones.
    """

    def __init__(
        self,
        conventions: Conventions,
        expand_rounding: Callable[[float], int] | None = None,
        *,
        depth_rate: float = 0.0,
        linear_decay: bool = True,
        limits: Limits | None = None,
    ):
        if len(_TEMPLATES) > MAX_TEMPLATES:
            _TEMPLATES.clear()
        super().__init__(conventions, expand_rounding, _TEMPLATES)
        self.nodes: list[Node] = []
        self.stage = ""
        self.scopes: dict[str, int] = {}
        self._names: dict[str, int] = {}
        self._limits = limits or Limits()
        self._depth_rate, self._linear_decay = depth_rate, linear_decay
        self._depth_nodes: list[tuple[int, int]] = []
        self._drop_path: tuple[float, Tensor] | None = None  # rate at each join, and every sample's own path
        self._recording = False  # inside a block whose nodes will be a template
        self._first_repeat = 0  # the first node of the repeat that owns the weights
        self._sharing: tuple[int, int] | None = None  # that, and the first node of the repeat that shares them

    def enter(self, name: str) -> None:
        self.path = self.unique(f"{self.path}.{name}" if self.path else name, self.scopes)

    @staticmethod
    def unique(name: str, taken: dict[str, int]) -> str:
        """The name, or the name with the first free number: conv, conv_2, conv_3."""
        if name not in taken:
            taken[name] = 1
            return name
        taken[name] += 1
        return GraphNet.unique(f"{name}_{taken[name]}", taken)

    def ops(self, op: Op, *inputs: Tensor, name: str = "") -> list[Tensor]:
        shapes = op.outputs(*[x.shape for x in inputs])
        index = len(self.nodes)
        self._check_limit(index)
        path = f"{self.path}.{name}" if name and self.path else name or self.path
        node = Node(self.unique(path, self._names), op, tuple([x.ref for x in inputs]), shapes, self.stage)
        if self._sharing:
            node.shared = self._owner(node, index, inputs)
        self.nodes.append(node)
        stride = stride_after(op, inputs) if inputs[0].stride else None
        if len(shapes) == 1:
            return [Tensor((index, 0), shapes[0], stride)]
        return [Tensor((index, port), shape, stride) for port, shape in enumerate(shapes)]

    def run(
        self,
        info: BlockInfo,
        inputs: tuple[Tensor, ...],
        params: dict[str, Any],
        changes: dict[str, Any],
        name: str | None,
    ) -> Outputs:
        if self._recording or self._sharing or name is None or info.takes_bodies:
            return super().run(info, inputs, params, changes, name)
        refs = [x.ref for x in inputs]
        seen = tuple([(x.shape, x.stride, refs.index(x.ref)) for x in inputs])
        depth = (self._depth_rate, self._linear_decay, self.residual_calls == 0, self._drop_path is None)
        key = (info, seen, tuple(params.items()), tuple(changes.items()), self.setting(bodies=False), depth)
        path = self.path
        self.enter(name)
        try:
            template = self._memo.get(key)
            if template is not None and self.path not in self._names:
                return self._copied(template, refs)
            return self._recorded(key, refs, lambda: super(GraphNet, self).run(info, inputs, params, changes, None))
        finally:
            self.path = path

    def _recorded(self, key: Any, refs: list[Ref], run: Callable[[], Outputs]) -> Outputs:
        """What `run` gives, its nodes kept as a template unless they have to do with more than their inputs."""
        first, drops, residuals = len(self.nodes), len(self._depth_nodes), self.residual_calls
        self._recording = True
        try:
            outputs = run()
        finally:
            self._recording = False

        def inside(ref: Ref) -> Ref:
            return (ref[0] - first, ref[1]) if ref[0] >= first else (-1 - refs.index(ref), 0)

        prefix = len(self.path)
        try:
            template = _Template(
                [(n.name[prefix:], n.op, tuple(map(inside, n.inputs)), n.outputs) for n in self.nodes[first:]],
                [(key, inside(x.ref), x.shape, x.stride) for key, x in outputs.items()],
                self.residual_calls - residuals,
                [(node - first, index - residuals) for node, index in self._depth_nodes[drops:]],
            )
        except ValueError:  # it reads a tensor from elsewhere
            return outputs
        own_names = all(suffix[:1] in ("", ".") for suffix, *_ in template.nodes)
        if own_names and all(index >= 0 for _, index in template.drops):
            self._memo[key] = template
        return outputs

    def _copied(self, template: _Template, refs: list[Ref]) -> Outputs:
        """The nodes of a template, recorded anew on these inputs."""
        first, path, stage = len(self.nodes), self.path, self.stage
        self._check_limit(first + len(template.nodes) - 1)

        def here(ref: Ref) -> Ref:
            return (ref[0] + first, ref[1]) if ref[0] >= 0 else refs[-1 - ref[0]]

        for suffix, op, inputs, shapes in template.nodes:
            name = path + suffix
            self._names[name] = 1
            self.nodes.append(Node(name, op, tuple([here(ref) for ref in inputs]), shapes, stage))
        self._depth_nodes += [(first + node, self.residual_calls + index) for node, index in template.drops]
        self.residual_calls += template.residuals
        return {key: Tensor(here(ref), shape, stride) for key, ref, shape, stride in template.outputs}

    def _check_limit(self, index: int) -> None:
        if index >= self._limits.nodes:
            raise FactoryError(f"more than {self._limits.nodes:,} operations, the limit; to raise it: --max-nodes")

    @contextmanager
    def sharing_weights(self, repeat: int) -> Iterator[None]:
        outside, first = self._sharing, self._first_repeat
        if repeat == 0:
            first = len(self.nodes)
        else:
            self._sharing = (first, len(self.nodes))
        try:
            yield
        finally:
            self._sharing, self._first_repeat = outside, first

    def _owner(self, node: Node, index: int, inputs: tuple[Tensor, ...]) -> int | None:
        first, here = self._sharing  # type: ignore[misc]
        twin_index = first + index - here
        twin = self.nodes[twin_index]
        shapes = tuple(self.nodes[i].outputs[port] if i >= 0 else None for i, port in twin.inputs)
        given = tuple(x.shape if x.ref != INPUT else None for x in inputs)
        if twin_index >= here or twin.op != node.op or (None not in shapes + given and shapes != given):
            raise ShapeError(
                f"share: true needs repeats that are alike, but {node.name} differs from {twin.name}",
                "keep filters and stride the same in all repeats, or drop share",
            )
        if not node.op.weights(*[x.shape for x in inputs]):
            return None
        return twin_index if twin.shared is None else twin.shared

    def drop_branch(self, x: Tensor) -> Tensor:
        if not self._depth_rate or (self._linear_decay and self._residual_index == 0):
            return x
        self._depth_nodes.append((len(self.nodes), self._residual_index))
        return self.op(StochasticDepth(self._depth_rate), x, name="drop")

    def finish_stochastic_depth(self) -> None:
        """Sets the rates, rate * i / n for the i-th of all n residual calls, once n is known (linear decay)."""
        if self._linear_decay:
            for node, index in self._depth_nodes:
                self.nodes[node].op = StochasticDepth(self._depth_rate * index / self.residual_calls)

    def choose_paths(self, x: Tensor, local: float, share: float) -> None:
        """Drop-path for all fractals that follow; x is any tensor of the batch."""
        self._drop_path = local, self.op(ChoosePath(share), x, name="path")

    def join_columns(self, columns: int, ends: list[Tensor]) -> Tensor:
        if self._drop_path is None or len(ends) == 1:
            return super().join_columns(columns, ends)
        rate, path = self._drop_path
        return self.op(JoinColumns(columns, rate), *ends, path, name="join")

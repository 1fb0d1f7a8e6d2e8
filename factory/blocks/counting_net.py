"""The net builder that only adds up costs: thousands of variations a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from factory.blocks.net import Net, Outputs, Tensor, stride_after
from factory.blocks.registry import BlockInfo
from factory.blocks.values import Conventions
from factory.graph import INPUT, Totals
from factory.graph.cost import op_totals
from factory.graph.ops import Op


class CountingNet(Net):
    """Only adds up costs; a block's cost is remembered by its parameters, its input shapes and the conventions.

    `memo` may be shared between nets of the same blocks. Nodes have no names here. `reads_sizes` tells that some tensor
    was read for its size alone: what made it may lead nowhere then, and count for nothing.
    """

    def __init__(
        self,
        conventions: Conventions,
        expand_rounding: Callable[[float], int] | None,
        memo: dict[Any, Any],
    ):
        super().__init__(conventions, expand_rounding, memo)
        self.totals = Totals()
        self.reads_sizes = False

    def remembered(self, key: Any, owner: object, run: Callable[[], Outputs]) -> Outputs:
        """What `run` gives, and adds to the totals; not run again for the same key and owner."""
        there = self._memo.get(key)
        if there is None or there[0] is not owner:
            outside = self.totals, self.reads_sizes, self.calls_run
            self.totals, self.reads_sizes = Totals(), False
            outputs = run()
            self._memo[key] = there = (owner, outputs, self.totals, self.reads_sizes, self.calls_run - outside[2])
            self.totals, self.reads_sizes, self.calls_run = outside
        _, outputs, totals, reads_sizes, calls = there
        self.totals = self.totals.plus(totals)
        self.calls_run += calls
        self.reads_sizes = self.reads_sizes or reads_sizes
        return outputs

    @contextmanager
    def sharing_weights(self, repeat: int) -> Iterator[None]:
        before = self.totals
        yield
        if repeat:
            self.totals = self.totals._replace(params=before.params, trainable=before.trainable)

    def read_size(self, like: Tensor) -> None:
        self.reads_sizes = True

    def ops(self, op: Op, *inputs: Tensor, name: str = "") -> list[Tensor]:
        shapes = tuple([x.shape for x in inputs])
        outputs = op.outputs(*shapes)
        self.totals = self.totals.plus(op_totals(op, shapes, outputs))
        stride = stride_after(op, inputs) if inputs[0].stride else None
        return [Tensor(INPUT, shape, stride) for shape in outputs]

    def run(
        self,
        info: BlockInfo,
        inputs: tuple[Tensor, ...],
        params: dict[str, Any],
        changes: dict[str, Any],
        name: str | None,
    ) -> Outputs:
        run = partial(super().run, info, inputs, params, changes, name)
        if info.takes_bodies:
            return run()
        seen = tuple([(x.shape, x.stride) for x in inputs])
        key = (info.name, seen, tuple(params.items()), tuple(changes.items()), self.setting(bodies=False))
        return self.remembered(key, info, run)

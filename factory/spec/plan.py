"""Planning: from a resolved spec to a graph in which every shape is known, or to its costs alone."""

from __future__ import annotations

from typing import Any

from factory.blocks import CountingNet, GraphNet, Limits, Net, Outputs, Tensor
from factory.blocks.net import Stride
from factory.errors import Problem, ShapeError, SpecError
from factory.graph import INPUT, Cost, Graph, Totals
from factory.graph.ops import ChannelGather, InputNorm, Rescale
from factory.spec.calls import Call, Sources
from factory.spec.headless import without_top
from factory.spec.running import MAX_CALLS, Runner, no_output, what_came_in
from factory.spec.sections import PREPROCESS, Preprocess
from factory.spec.spec import Spec

MAX_MEMO = 50_000


def plan(spec: Spec, *, top: bool = True, limits: Limits | None = None) -> Graph:
    """The graph of a spec. `top=False` drops the output stage and gives the features, or what the head would read.

    Raises SpecError with every mistake that planning finds: shapes, divisibility, sizes below 1, limits.
    """
    limits = limits or Limits()
    spec = spec if top else without_top(spec)
    depth = spec.stochastic_depth
    net = GraphNet(
        spec.conventions,
        spec.expand_rounding,
        depth_rate=depth.rate,
        linear_decay=depth.decay == "linear",
        limits=limits,
    )
    planner = Planner(spec, net, max_calls=max(limits.nodes, MAX_CALLS))
    planner.choose_paths()
    planner.stages()
    net.finish_stochastic_depth()
    outputs = planner.named(spec.outputs or {spec.stages.result: (spec.stages.result, None)})
    graph = Graph(
        spec.name,
        planner.input.shape,
        net.nodes,
        outputs,
        planner.named({name: (name, None) for name in spec.auxiliary}),
        planner.named({name: (name, None) for name in spec.features}),
    ).pruned()  # what is read for its size alone is not built
    params = graph.cost.params + graph.cost.auxiliary.params
    if params > limits.params:
        raise SpecError.single(
            f"{spec.name} has {params:,} parameters, the limit is {limits.params:,}",
            hint="lower scale.width, or raise the limit: --max-params",
        )
    return graph


def cost(spec: Spec, *, limits: Limits | None = None) -> Cost:
    """What a spec costs, exactly as it would be built, without TensorFlow."""
    return plan(spec, limits=limits).cost


def totals(spec: Spec) -> Totals:
    """Parameters, MACs and activations alone; about ten times faster than `cost` for variations of one spec.

    The costs of stages and blocks are remembered in the spec and shared with its overridden copies. Auxiliary heads are
    left out, as everywhere.
    """
    if spec.auxiliary or spec.outputs:
        return cost(spec).totals  # which stages count depends on who reads them
    memo = spec.cache.setdefault("memo", {})
    if len(memo) > MAX_MEMO:
        memo.clear()
    net = CountingNet(spec.conventions, spec.expand_rounding, memo)
    Planner(spec, net, memo).stages()
    return cost(spec).totals if net.reads_sizes else net.totals


def input_shape(spec: Spec) -> tuple[int | None, int | None, int]:
    """(height, width, channels) of the network's input after scaling; None for a resolution of any."""
    resolution = spec.input.resolution
    if resolution == "any":
        return None, None, spec.input.channels
    height, width = resolution if isinstance(resolution, tuple) else (resolution, resolution)
    if spec.scale.resolution != 1:
        height, width = (spec.rounding.round_resolution(size * spec.scale.resolution) for size in (height, width))
    return height, width, spec.input.channels


class Planner(Runner):
    """Runs the stages of a spec. With a memo, on a CountingNet, a stage's cost is remembered by its call and inputs."""

    def __init__(self, spec: Spec, net: Net, memo: dict[Any, Any] | None = None, max_calls: int = MAX_CALLS):
        super().__init__(spec, net, max_calls)
        self.problems: list[Problem] = []
        height, width, channels = input_shape(spec)
        stride: Stride = (1.0, 1.0) if None in (height, width) else None
        self.input = Tensor(INPUT, (height, width, channels), stride)
        self.results: dict[str, Outputs | None] = {"input": {"out": self.input}}
        if memo is not None:
            scaled = tuple(spec.scaled.items())
            context = (spec.scale.width, spec.scale.depth, scaled, spec.rounding, spec.conventions, spec.classes)
            self.context = memo.setdefault(context, len(memo))

    def choose_paths(self) -> None:
        """The first operation of a network with drop-path: one choice a sample for all its fractals."""
        drop_path = self.spec.drop_path
        if isinstance(self.net, GraphNet) and (drop_path.local or drop_path.global_):
            self.net.stage = self.spec.stages.calls[0].name
            with self.net.scope("input"):
                self.net.choose_paths(self.input, drop_path.local, drop_path.global_)

    def stages(self) -> None:
        """Plans every stage; raises SpecError with the mistakes of all."""
        self.start("input", {"out": self.input})
        for call, sources in zip(self.spec.stages.calls, self.spec.stages.sources, strict=True):
            self.stage(call, sources)
        for port, (name, output) in self.spec.outputs.items():
            there = self.results.get(name)
            if there is not None and output is not None and output not in there:
                self.problems.append(
                    no_output("outputs", name, output, there, self.spec.document.values_at.get("outputs"), port)
                )
        self.check()

    def start(self, name: str, outputs: Outputs) -> None:
        """Begins with what a stage, or the input, has given; the input is preprocessed."""
        self.results[name] = outputs
        if name != "input":
            return
        try:
            self._preprocess()
        except ShapeError as error:
            mark = self.spec.document.values_at.get("input")
            self.problems.append(Problem("input.preprocess", error.message, mark, error.hint))

    def stage(self, call: Call, sources: Sources | None) -> None:
        """Plans one stage on the results so far; its mistakes are added to `problems`."""
        try:
            inputs = self.gather(call, sources, (self.results["input"] or {}), self.results)
            # None: it reads a stage that could not be planned
            self.results[call.name] = None if inputs is None else self._stage(call, inputs)
        except SpecError as error:
            self.problems += error.problems
            self.results[call.name] = None
        except RecursionError:
            raise SpecError.single("blocks are nested too deeply", path=call.path, mark=call.mark) from None

    def check(self) -> None:
        """Raises SpecError with the mistakes of all stages."""
        if self.problems:
            raise SpecError(self.problems)

    def named(self, sources: dict[str, tuple[str, str | None]]) -> dict[str, tuple[int, int]]:
        """References of outputs by name."""
        found = {}
        for key, (name, port) in sources.items():
            outputs = self.results[name] or {}
            found[key] = (outputs[port] if port else next(iter(outputs.values()))).ref
        return found

    def _stage(self, call: Call, inputs: tuple[Tensor, ...]) -> Outputs:
        if isinstance(self.net, GraphNet):
            self.net.stage = call.name
            return self._run_stage(call, inputs)
        net = self.net
        assert isinstance(net, CountingNet)
        key = ("stage", id(call), tuple([(x.shape, x.stride) for x in inputs]), self.context)
        return net.remembered(key, call, lambda: self._run_stage(call, inputs))

    def _run_stage(self, call: Call, inputs: tuple[Tensor, ...]) -> Outputs:
        return self.call(call, inputs, self.frame(what_came_in(inputs)), call.name)

    def _preprocess(self) -> None:
        """Brings pixels 0 to 255 to what the first stage expects."""
        given = self.spec.input.preprocess
        preprocess = given if isinstance(given, Preprocess) else PREPROCESS[given]
        if preprocess is None:
            return
        if isinstance(self.net, GraphNet):
            self.net.stage = self.net.path = "input"
        x, channels = self.input, self.spec.input.channels
        if preprocess.flip:
            x = self.net.op(ChannelGather(tuple(reversed(range(channels)))), x, name="flip")
        mean = preprocess.mean or (0.0,) * channels
        std = preprocess.std or (1.0,) * channels
        scale, offset = preprocess.scale, preprocess.offset
        if preprocess.as_ == "weights":
            if (scale, offset) != (1, 0):
                x = self.net.op(Rescale(scale, offset), x, name="rescale")
            x = self.net.op(InputNorm(mean, std), x, name="normalize")
        elif preprocess.mean or preprocess.std:
            scales = tuple(scale / s for s in std)
            offsets = tuple((offset - m) / s for m, s in zip(mean, std, strict=True))
            x = self.net.op(Rescale(scales, offsets), x, name="rescale")
        elif (scale, offset) != (1, 0):
            x = self.net.op(Rescale(scale, offset), x, name="rescale")
        if isinstance(self.net, GraphNet):
            self.net.path = ""
        self.results["input"] = {"out": x}

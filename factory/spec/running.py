"""Running compiled calls on tensors: repeats, ports, bodies, blocks written in YAML, values worked out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from factory.blocks import CountingNet, Net, Outputs, Tensor
from factory.blocks.registry import BlockInfo
from factory.blocks.types import DILATION, KERNEL, STRIDE, WIDTH
from factory.blocks.values import Invalid
from factory.errors import FactoryError, Problem, ShapeError, SpecError
from factory.spec.calls import ALL, Block, BranchesCode, Call, Code, Sources, Value, YamlBlock, filled
from factory.spec.expressions import ExpressionError
from factory.spec.locate import locate
from factory.spec.spec import Spec
from factory.spec.values import evaluate_template

MAX_CALLS = 100_000
_PAIRS = (KERNEL, STRIDE, DILATION)


@dataclass(slots=True)
class Frame:
    """Where a call stands: what its expressions see, what is scaled, and whether an outer call repeats already."""

    scope: dict[str, Any]
    scale_width: bool
    scale_depth: bool
    repeated: bool = False


class Runner:
    """Runs the calls of one spec on one net. Mistakes are raised as SpecError, with where they stand."""

    def __init__(self, spec: Spec, net: Net, max_calls: int = MAX_CALLS):
        self.spec, self.net = spec, net
        self.max_calls = max_calls
        self.context = 0  # a number for all that a call's cost depends on beside its parameters and inputs
        self.arithmetic: dict[int, str] = {}
        self.operations: dict[Any, tuple[Call, Call]] = {}  # with what they leave open filled in
        net.classes = spec.classes
        frame = self.frame({})
        for name, call in spec.defaults.items():
            if isinstance(call.block, BlockInfo):
                net.defaults[name] = self._evaluated(call, frame)

    def frame(self, scope: dict[str, Any], above: Frame | None = None) -> Frame:
        """A place for calls whose expressions see this scope, `above` the place of the call around them."""
        wide = above.scale_width if above else self.spec.scaled.get("width", True)
        deep = above.scale_depth if above else self.spec.scaled.get("depth", True)
        frame = Frame(scope, wide, deep, above.repeated if above else False)
        scope["classes"] = self.spec.classes
        scope["width()"] = lambda value: self._width(value, frame)
        return frame

    def gather(
        self, call: Call, sources: Sources | None, previous: Outputs, results: dict[str, Outputs | None]
    ) -> tuple[Tensor, ...] | None:
        """The tensors that a call reads, None when one of them could not be planned."""
        block = call.block
        if sources is None:
            return taken(block, previous)
        tensors: list[Tensor] = []
        for name, port in sources:
            outputs = results[name]
            if outputs is None:
                return None
            if port == ALL or (port is None and len(sources) == 1 and block is not None and not block.variadic):
                tensors += taken(block, outputs)
            elif port is None:
                tensors.append(next(iter(outputs.values())))
            elif port in outputs:
                tensors.append(outputs[port])
            else:
                raise SpecError([no_output(f"{call.path}.from", name, port, outputs, call.sources_mark)])
        return tuple(tensors)

    def call(
        self,
        call: Call,
        inputs: tuple[Tensor, ...],
        frame: Frame,
        name: str | None,
        given: Mapping[str, Any] | None = None,
    ) -> Outputs:
        """Runs a call with its repeats; `given` is what the block around an operation has for it."""
        if call.placeholder is not None:
            return call.placeholder(frame.scope)(*inputs, name=name, **(given or {}))
        if given:
            call = self._filled(call, given)
        try:
            if call.scaled is not None:
                frame = replace(
                    frame,
                    scale_width=call.scaled.get("width", frame.scale_width),
                    scale_depth=call.scaled.get("depth", frame.scale_depth),
                )
                frame.scope = {**frame.scope, "width()": lambda value, f=frame: self._width(value, f)}
            if call.repeats is None and call.variants is None:
                return self._once(call, inputs, frame, name, 0, 1)
            count = self._count(call, frame)
            inner = replace(frame, repeated=True) if call.repeats is not None else frame
            if call.repeats is None:
                return self._once(call.variant(0, 1), inputs, inner, name, 0, 1)
            with self.net.scope(name):
                return self._repeat(call, inputs, inner, count)
        except (ShapeError, Invalid, ExpressionError) as error:
            raise SpecError([self._problem(error, call)]) from None
        except SpecError:
            raise
        except FactoryError as error:
            raise SpecError.single(str(error), path=call.path, mark=call.mark, length=max(1, len(call.name))) from None

    def _repeat(self, call: Call, inputs: tuple[Tensor, ...], frame: Frame, count: int) -> Outputs:
        """Runs a call `count` times, each on the outputs of the one before; their names are numbers from 0."""
        if self.net.calls_run + count > self.max_calls:
            raise FactoryError(f"the network has more than {self.max_calls:,} block calls")
        given = [x.shape for x in inputs]
        outputs: Outputs = {}
        for index in range(count):
            variant = call.variant(index, count)
            if call.share and index and [x.shape for x in inputs] != given:
                hint = "keep filters and stride the same in all"
                raise ShapeError("share: true needs repeats that keep the shape", hint)
            with self.net.sharing_weights(index) if call.share else nullcontext():
                outputs = self._once(variant, inputs, frame, str(index), index, count)
            inputs = taken(variant.block, outputs)
        return outputs

    def _once(
        self, call: Call, inputs: tuple[Tensor, ...], frame: Frame, name: str | None, index: int, count: int
    ) -> Outputs:
        block = call.block
        assert block is not None
        self.net.calls_run += 1
        if self.net.calls_run > self.max_calls:
            raise FactoryError(f"the network has more than {self.max_calls:,} block calls")
        if not block.variadic and not len(block.inputs) - block.optional <= len(inputs) <= len(block.inputs):
            raise _wrong_inputs(block, len(inputs))
        if block.variadic and not inputs:
            raise ShapeError(f"block '{block.name}' was given no tensor")
        if call.values or call.convention_values:
            frame = replace(frame, scope={**frame.scope, "index": index, "count": count})
        params, changes = self._evaluated(call, frame)
        if isinstance(block, BlockInfo):
            return self.net.run(block, inputs, params, changes, name)
        return self._yaml_block(call, block, inputs, params, changes, name, frame)

    def _yaml_block(
        self,
        call: Call,
        block: YamlBlock,
        inputs: tuple[Tensor, ...],
        params: dict[str, Any],
        changes: dict[str, Any],
        name: str | None,
        frame: Frame,
    ) -> Outputs:
        default_call = self.spec.defaults.get(block.name)
        if default_call is not None:
            default_params, default_changes = self._evaluated(default_call, frame)
            params, changes = {**default_params, **params}, {**default_changes, **changes}
        run = partial(self._yaml_body, call, block, inputs, params, changes, name, frame)
        if not isinstance(self.net, CountingNet) or any(p.type.is_code for p in block.parameters.values()):
            return run()
        # its parameters and inputs are all that it sees of the outside
        seen = tuple([(x.shape, x.stride) for x in inputs])
        where = (self.context, frame.scale_width, frame.scale_depth, frame.repeated)
        key = (block.name, seen, tuple(params.items()), tuple(changes.items()), self.net.setting(), where)
        return self.net.remembered(key, block, run)

    def _yaml_body(
        self,
        call: Call,
        block: YamlBlock,
        inputs: tuple[Tensor, ...],
        params: dict[str, Any],
        changes: dict[str, Any],
        name: str | None,
        frame: Frame,
    ) -> Outputs:
        scope = what_came_in(inputs)
        inner = self.frame(scope, frame)
        for key, parameter in block.parameters.items():
            if key in params:
                scope[key] = params[key]
            else:
                default = parameter.default
                if isinstance(default, Code):
                    scope[key] = self._bound(default, inner)
                else:
                    scope[key] = self._scaled(default, frame) if isinstance(default, Value) else default
            if (
                isinstance(scope[key], tuple)
                and len(scope[key]) == 2
                and scope[key][0] == scope[key][1]
                and parameter.type in _PAIRS
            ):
                scope[key] = scope[key][0]  # in expressions a square size is one number
        outside = self.net.conventions
        if changes:
            self.net.conventions = outside.with_(changes)
        try:
            with self.net.scope(name or block.name):
                return self.body(block.body, inputs, inner, None, block.inputs, block.outputs)  # type: ignore[arg-type]
        except SpecError as error:
            for problem in error.problems:
                problem.notes.append(f"in block '{block.name}', called by {call.path} at {call.mark}")
            raise
        finally:
            self.net.conventions = outside

    def body(
        self,
        code: Code,
        inputs: tuple[Tensor, ...],
        frame: Frame,
        name: str | None,
        ports: tuple[str, ...] = ("input",),
        outputs: dict[str, tuple[str, str | None]] | None = None,
        given: Mapping[str, Any] | None = None,
    ) -> Outputs:
        """Runs the calls of a body; a list's only call takes the body's own name, and what it is given."""
        previous: Outputs = dict(zip(ports, inputs, strict=False)) if len(ports) == len(inputs) else _numbered(inputs)
        results: dict[str, Outputs | None] = {port: {port: tensor} for port, tensor in previous.items()}
        result = previous
        alone = len(code.calls) == 1 and not code.names
        for call, sources in zip(code.calls, code.sources, strict=True):
            tensors = self.gather(call, sources, previous, results)
            assert tensors is not None
            label = call.name or (name if alone else getattr(call.block, "name", None))
            made = self.call(call, tensors, frame, label, given if alone else None)
            if code.names:
                results[call.name] = made
                if call.name == code.result:
                    result = made
            else:
                previous = result = made
        if outputs is None:
            return result
        chosen: Outputs = {}
        for key, (source, port) in outputs.items():
            there = results[source] or {}
            if port is not None and port not in there:
                raise SpecError([no_output(f"{code.path}.outputs", source, port, there, code.mark, key)])
            chosen[key] = there[port] if port else next(iter(there.values()))
        return chosen

    def _bound(self, code: Code, frame: Frame) -> _BoundBody:
        return _BoundBody(self, code, frame)

    def _filled(self, call: Call, given: Mapping[str, Any]) -> Call:
        key = (id(call), *given.values())
        if key not in self.operations:
            self.operations[key] = (call, filled(call, given))
        return self.operations[key][1]

    def _evaluated(self, call: Call, frame: Frame) -> tuple[dict[str, Any], dict[str, Any]]:
        """Final parameters and conventions of a call."""
        params = call.constants
        for key, constant in params.items():
            if isinstance(constant, (Code, BranchesCode)):
                if params is call.constants:
                    params = dict(params)
                params[key] = (
                    self._bound(constant, frame)
                    if isinstance(constant, Code)
                    else _BoundBranches(self, constant, frame)
                )
        if call.values:
            params = {**params, **{key: self._worked_out(value, frame) for key, value in call.values.items()}}
        changes = call.conventions
        if call.convention_values:
            more = {key: self._worked_out(value, frame) for key, value in call.convention_values.items()}
            changes = {**changes, **more}
        return params, changes

    def _worked_out(self, value: Value, frame: Frame) -> Any:
        if value.kind == "scaled":
            return self._scaled(value, frame)
        try:
            return value.type.parse(evaluate_template(value.content, frame.scope))
        except (Invalid, ExpressionError) as error:
            raise SpecError.single(
                f"{error.message} (from {_text(value.content)})", path=value.path, mark=value.mark, hint=error.hint
            ) from None

    def _scaled(self, value: Value, frame: Frame) -> int:
        if value.type.name == WIDTH.name:
            return self._width(value.content, frame)
        factor = self.spec.scale.depth
        if factor == 1 or not frame.scale_depth:
            return value.content
        return self.spec.rounding.round_depth(value.content * factor)

    def _width(self, value: float, frame: Frame) -> Any:
        factor = self.spec.scale.width
        if factor == 1 or not frame.scale_width:
            return value
        result = self.spec.rounding.round_width(value * factor)
        text, there = f"{value} x {factor} -> {result}", self.arithmetic.get(result, "")
        if text not in there:
            self.arithmetic[result] = f"{there}, {text}" if there else text
        return result

    def _count(self, call: Call, frame: Frame) -> int:
        repeats = call.repeats
        if repeats is None:
            return 1
        if isinstance(repeats, int):
            return repeats
        if repeats.kind == "scaled" and frame.repeated:
            return repeats.content  # only the outermost repeats scales
        return self._worked_out(repeats, frame)

    def _problem(self, error: Any, call: Call) -> Problem:
        path, mark, length = locate(self.spec.document, call, getattr(error, "loc", ()))
        problem = Problem(path, error.message, mark, error.hint, length)
        for value in dict.fromkeys(getattr(error, "values", ())):
            if value in self.arithmetic:
                problem.notes.append(f"{value} comes from scaling: {self.arithmetic[value]}")
        return problem


@dataclass(slots=True, eq=False)
class _BoundBody:
    """A body with where it stands; called with its inputs and, an operation, with what it leaves open."""

    runner: Runner
    code: Code
    frame: Frame

    def __call__(self, *inputs: Tensor, name: str | None = None, **given: Any) -> Outputs:
        return self.runner.body(self.code, inputs, self.frame, name, given=given)

    def __repr__(self) -> str:
        return f"code {self.code.serial}"  # it tells apart what nets remember


class _BoundBranches:
    """The bodies of `branches` with where they stand, called with one tensor a body; operations, by name."""

    def __init__(self, runner: Runner, code: BranchesCode, frame: Frame):
        self.runner, self.code, self.frame = runner, code, frame

    def __len__(self) -> int:
        return len(self.code.bodies)

    def __repr__(self) -> str:
        return f"codes {[code.serial for code in self.code.bodies.values()]}"

    def keys(self) -> Iterable[str]:
        return self.code.bodies.keys()

    def __getitem__(self, name: str) -> _BoundBody:
        return self.runner._bound(self.code.bodies[name], self.frame)

    def __call__(self, parts: list[Tensor]) -> list[Tensor]:
        results = []
        for (name, code), part in zip(self.code.bodies.items(), parts, strict=True):
            alone = len(code.calls) == 1 and not code.names
            with self.runner.net.scope(None if alone else name):
                outputs = self.runner.body(code, (part,), self.frame, name if alone else None)
            results.append(next(iter(outputs.values())))
        return results


def taken(block: Block | None, outputs: Outputs) -> tuple[Tensor, ...]:
    """What a block takes where nothing says which: as many outputs as it needs, in order; an optional input is taken
    from the output of its name alone."""
    tensors = tuple(outputs.values())
    if block is None or block.variadic:
        return tensors
    needed = len(block.inputs) - block.optional
    tensors = tensors[:needed]
    for name in block.inputs[needed:]:
        if name not in outputs:
            break
        tensors += (outputs[name],)
    return tensors


def what_came_in(inputs: tuple[Tensor, ...]) -> dict[str, Any]:
    """What `in.channels`, `in.height` and `in.width` are inside a block."""
    if not inputs:
        return {}
    shape = inputs[0].shape
    scope: dict[str, Any] = {"in.channels": shape[-1]}
    if len(shape) == 3 and shape[0] is not None and shape[1] is not None:
        scope["in.height"], scope["in.width"] = shape[0], shape[1]
    return scope


def _numbered(inputs: tuple[Tensor, ...]) -> Outputs:
    return {"input" if number == 1 else f"input{number}": x for number, x in enumerate(inputs, 1)}


def _text(template: Any) -> str:
    if isinstance(template, dict):
        return "{" + ", ".join(f"{key}: {_text(item)}" for key, item in template.items()) + "}"
    if isinstance(template, list):
        return "[" + ", ".join(map(_text, template)) + "]"
    return str(template)


def no_output(path: str, name: str, port: str, outputs: Outputs, mark: Any, label: str = "") -> Problem:
    hint = f"its outputs: {', '.join(outputs)}"
    return Problem(path, f"'{name}' has no output '{port}'", mark, hint, len(name) + len(port) + 1)


def _wrong_inputs(block: Block, given: int) -> ShapeError:
    name, ports = block.name, block.inputs
    tensors = "1 tensor" if given == 1 else f"{given} tensors"
    if len(ports) == 1:
        hint = "bring them together first, with a concat or add"
        return ShapeError(f"block '{name}' takes one input, it was given {tensors}", hint)
    return ShapeError(
        f"block '{name}' takes {len(ports)} inputs ({', '.join(ports)}), it was given {tensors}", "from: [a, b]"
    )

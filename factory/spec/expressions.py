"""Expressions: `$name` and `$(arithmetic)`, parsed with `ast`, compiled once into closures, never run by Python."""

from __future__ import annotations

import ast
import math
import operator
import re
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from factory.blocks.values import Multiple, nearest_int
from factory.errors import FactoryError, did_you_mean

Scope = Mapping[str, Any]
_NAME = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*")
_IN = re.compile(r"\bin\.(?=[a-z])")
MAX_LENGTH = 1_000
MAX_POWER = 64
MAX_NUMBER = 10**18
INPUT_NAMES = ("in.channels", "in.height", "in.width")


class ExpressionError(FactoryError):
    """An expression that cannot be read or has no value."""

    def __init__(self, message: str, hint: str = ""):
        super().__init__(message)
        self.message, self.hint = message, hint


def is_expression(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("$")


class Expression:
    """A compiled expression: `names` are what it reads, calling it with a scope gives its value."""

    __slots__ = ("_evaluate", "names", "text")

    def __init__(self, text: str, names: frozenset[str], evaluate: Callable[[Scope], Any]):
        self.text, self.names, self._evaluate = text, names, evaluate

    def __call__(self, scope: Scope) -> Any:
        try:
            return self._evaluate(scope)
        except ZeroDivisionError:
            raise ExpressionError(f"{self.text} divides by zero") from None
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise ExpressionError(f"{self.text} has no value: {error}") from None

    def __repr__(self) -> str:
        return self.text


@lru_cache(maxsize=4096)
def compile_expression(text: str) -> Expression:
    """Compiles `$name` or `$(...)`. Raises ExpressionError for anything else, with a hint."""
    if _NAME.fullmatch(text):
        name = text[1:]
        return Expression(text, frozenset([name]), lambda scope: _lookup(scope, name))
    if not (text.startswith("$(") and text.endswith(")")):
        raise ExpressionError(f"'{text}' is not an expression", "write $name or $(arithmetic)")
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"an expression of {len(text)} characters, the limit is {MAX_LENGTH}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Python warns of `1if a else b`; here it cannot be read
            tree = ast.parse(_IN.sub("in_.", text[2:-1].strip()), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ExpressionError(f"cannot read the expression {text}", _syntax_hint(text)) from None
    compiler = _Compiler(text)
    try:
        evaluate = compiler.compile(tree.body)
    except RecursionError:
        raise ExpressionError(f"{text} is nested too deeply") from None
    return Expression(text, frozenset(compiler.names), evaluate)


def _syntax_hint(text: str) -> str:
    if "&&" in text or "||" in text or "?" in text:
        return "a choice is written: a if condition else b"
    return "allowed: + - * / // % **, comparisons, a if c else b, " + ", ".join(FUNCTIONS)


def _lookup(scope: Scope, name: str) -> Any:
    try:
        return scope[name]
    except KeyError:
        raise ExpressionError(f"'{name}' has no value here", did_you_mean(name, _visible(scope))) from None


def _visible(scope: Scope) -> list[str]:
    return [name for name in scope if not name.endswith("()")]


def _bounded(value: Any) -> Any:
    if isinstance(value, (int, float)) and not abs(value) <= MAX_NUMBER:
        raise ValueError(f"a number beyond {MAX_NUMBER:.0e}")
    return value


def _power(base: Any, exponent: Any) -> Any:
    if abs(exponent) > MAX_POWER:
        raise ValueError(f"an exponent beyond {MAX_POWER}")
    result = base**exponent
    if isinstance(result, complex):
        raise ValueError("the root of a negative number")
    return result


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"arithmetic needs numbers, received {value!r}")
    return value


def _divisible(value: float, to: float = 8, keep: float = 0.9) -> int:
    if _number(to) != int(to) or to < 1 or not 0 <= _number(keep) <= 1:
        raise ValueError("divisible(x, to, keep) needs a whole number to >= 1 and 0 <= keep <= 1")
    return Multiple(to=int(to), keep=float(keep))(_number(value))


def _round(value: float) -> int:
    return nearest_int(_number(value))


def _smallest(*values: float) -> float:
    return min(_number(value) for value in values)


def _largest(*values: float) -> float:
    return max(_number(value) for value in values)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": _smallest,
    "max": _largest,
    "round": _round,
    "ceil": lambda value: math.ceil(_number(value) - 1e-9),
    "floor": lambda value: math.floor(_number(value) + 1e-9),
    "divisible": _divisible,
    "width": lambda value: value,  # replaced by the spec's scaling while planning
}

_MOST_ARGUMENTS = {"min": 64, "max": 64, "divisible": 3}

_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}
_COMPARE: dict[type, Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


class _Compiler:
    """Turns the syntax tree into closures; everything that is not listed here is refused."""

    def __init__(self, text: str):
        self.text = text
        self.names: set[str] = set()

    def compile(self, node: ast.AST) -> Callable[[Scope], Any]:
        method = getattr(self, "on_" + type(node).__name__.lower(), None)
        if method is None:
            raise ExpressionError(
                f"{type(node).__name__.lower()} is not allowed in {self.text}", _syntax_hint(self.text)
            )
        return method(node)

    def on_constant(self, node: ast.Constant) -> Callable[[Scope], Any]:
        value = node.value
        if not isinstance(value, (int, float, str)):
            raise ExpressionError(f"{value!r} is not allowed in {self.text}")
        if not isinstance(value, str) and not abs(value) <= MAX_NUMBER:
            raise ExpressionError(f"a number beyond {MAX_NUMBER:.0e} in {self.text}")
        return lambda scope: value

    def on_name(self, node: ast.Name) -> Callable[[Scope], Any]:
        name = node.id
        if name in ("true", "false"):
            return lambda scope: name == "true"
        self.names.add(name)
        return lambda scope: _lookup(scope, name)

    def on_attribute(self, node: ast.Attribute) -> Callable[[Scope], Any]:
        if not (isinstance(node.value, ast.Name) and node.value.id == "in_"):
            raise ExpressionError(f"only in.channels, in.height and in.width have a dot, in {self.text}")
        name = f"in.{node.attr}"
        if name not in INPUT_NAMES:
            raise ExpressionError(f"'{name}' is not known in {self.text}", did_you_mean(name, INPUT_NAMES))
        self.names.add(name)
        return lambda scope: _lookup(scope, name)

    def on_binop(self, node: ast.BinOp) -> Callable[[Scope], Any]:
        if type(node.op) not in _BINARY:
            raise ExpressionError(
                f"{type(node.op).__name__.lower()} is not allowed in {self.text}", _syntax_hint(self.text)
            )
        apply, left, right = _BINARY[type(node.op)], self.compile(node.left), self.compile(node.right)
        return lambda scope: _bounded(apply(_number(left(scope)), _number(right(scope))))

    def on_unaryop(self, node: ast.UnaryOp) -> Callable[[Scope], Any]:
        operand = self.compile(node.operand)
        if isinstance(node.op, ast.USub):
            return lambda scope: -_number(operand(scope))
        if isinstance(node.op, ast.UAdd):
            return lambda scope: _number(operand(scope))
        if isinstance(node.op, ast.Not):
            return lambda scope: not operand(scope)
        raise ExpressionError(
            f"{type(node.op).__name__.lower()} is not allowed in {self.text}", _syntax_hint(self.text)
        )

    def on_boolop(self, node: ast.BoolOp) -> Callable[[Scope], Any]:
        parts = [self.compile(value) for value in node.values]
        decide = all if isinstance(node.op, ast.And) else any
        return lambda scope: decide(part(scope) for part in parts)

    def on_compare(self, node: ast.Compare) -> Callable[[Scope], Any]:
        if unknown := [op for op in node.ops if type(op) not in _COMPARE]:
            raise ExpressionError(f"{type(unknown[0]).__name__.lower()} is not allowed in {self.text}")
        tests = [_COMPARE[type(op)] for op in node.ops]
        values = [self.compile(value) for value in (node.left, *node.comparators)]

        def compare(scope: Scope) -> bool:
            numbers = [value(scope) for value in values]
            return all(test(a, b) for test, a, b in zip(tests, numbers, numbers[1:], strict=False))

        return compare

    def on_ifexp(self, node: ast.IfExp) -> Callable[[Scope], Any]:
        test, body, other = self.compile(node.test), self.compile(node.body), self.compile(node.orelse)
        return lambda scope: body(scope) if test(scope) else other(scope)

    def on_call(self, node: ast.Call) -> Callable[[Scope], Any]:
        if not isinstance(node.func, ast.Name) or node.keywords:
            raise ExpressionError(
                f"a call of that kind is not allowed in {self.text}", "functions: " + ", ".join(FUNCTIONS)
            )
        name = node.func.id
        if name not in FUNCTIONS:
            raise ExpressionError(f"unknown function '{name}' in {self.text}", did_you_mean(name, FUNCTIONS))
        arguments = [self.compile(argument) for argument in node.args]
        if not 1 <= len(arguments) <= _MOST_ARGUMENTS.get(name, 1):
            raise ExpressionError(f"{name} cannot take {len(arguments)} values in {self.text}")
        if name == "width":
            self.names.add("width()")
            return lambda scope: scope["width()"](*[argument(scope) for argument in arguments])
        function = FUNCTIONS[name]
        return lambda scope: function(*[argument(scope) for argument in arguments])

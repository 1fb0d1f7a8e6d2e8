"""From a value in a spec to what a block is given: expressions found, types checked, mistakes collected."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from factory.blocks.types import Type
from factory.blocks.values import Invalid, show
from factory.errors import Mark, Problem, did_you_mean
from factory.spec.calls import Value
from factory.spec.expressions import Expression, ExpressionError, compile_expression, is_expression
from factory.spec.problems import length_of, problems_in
from factory.spec.reading import Map, Seq

BAD: Any = object()
"""In place of a value with a mistake, which has been told."""


class ValueReader:
    """Reads values. Mistakes are collected in `problems`, so that all are told in one run."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def fail(self, path: str, message: str, mark: Mark | None, hint: str = "", length: int = 1) -> None:
        self.problems.append(Problem(path, message, mark, hint, length))

    def fail_at(self, error: Invalid, raw: Any, mark: Mark | None, path: str) -> None:
        """A mistake somewhere inside a value, and its further ones."""
        self.problems += problems_in(raw, error, path, mark)

    def value(self, raw: Any, kind: Type, path: str, mark: Mark | None, names: frozenset[str]) -> Any:
        """A final value, a Value to be worked out while planning, or BAD with a problem told."""
        expressions: list[Expression] = []
        try:
            template = _template(raw, expressions)
        except ExpressionError as error:
            self.fail(path, error.message, mark, error.hint, length_of(raw))
            return BAD
        free: set[str] = set().union(*(expression.names for expression in expressions))
        if unknown := sorted(free - names):
            hint = did_you_mean(unknown[0], [n for n in names if not n.endswith("()")], many=20)
            self.fail(path, f"'{unknown[0]}' is not known in {show(raw)}", mark, hint, length_of(raw))
            return BAD
        if free:
            return Value("expression", template, kind, mark, path)
        try:
            if expressions:
                raw = evaluate_template(template, {})
            parsed = kind.parse(raw)
        except ExpressionError as error:
            self.fail(path, error.message, mark, error.hint, length_of(raw))
            return BAD
        except Invalid as error:
            self.fail_at(error, raw, mark, path)
            return BAD
        if not expressions and kind.name in ("width", "depth"):
            return Value("scaled", parsed, kind, mark, path)
        return parsed


def evaluate_template(template: Any, scope: Mapping[str, Any]) -> Any:
    """The value of a template: its expressions replaced by their values."""
    if isinstance(template, Expression):
        return template(scope)
    if isinstance(template, dict):
        return {key: evaluate_template(item, scope) for key, item in template.items()}
    if isinstance(template, list):
        return [evaluate_template(item, scope) for item in template]
    return template


def _template(raw: Any, found: list[Expression]) -> Any:
    if is_expression(raw):
        expression = compile_expression(raw)
        found.append(expression)
        return expression
    if isinstance(raw, Map):
        return {key: _template(item, found) for key, item in raw.items()}
    if isinstance(raw, Seq):
        return [_template(item, found) for item in raw]
    return raw

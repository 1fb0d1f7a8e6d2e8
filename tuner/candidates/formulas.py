"""Formulas over metrics and costs, such as `val_accuracy * (macs / 300M) ** -0.07`: safe, of known names alone."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from factory.errors import FactoryError, did_you_mean
from factory.spec.expressions import Expression, ExpressionError, compile_expression

_PREFIXES = {"k": 1, "K": 1, "M": 2, "G": 3, "T": 4}
_AMOUNT = re.compile(r"(?<![\w.])(\d+\.?\d*|\.\d+)([kKMGT])(i?)B?\b")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_HINT = "arithmetic, comparisons, min, max; numbers may end in k, M, G or T: macs <= 400M"


class FormulaError(FactoryError):
    """A formula that cannot be read. `part` is what is wrong in it, or all of it."""

    def __init__(self, message: str, hint: str, part: str):
        super().__init__(message)
        self.message, self.hint, self.part = message, hint, part


@dataclass(frozen=True)
class Formula:
    """text: as it was written; names: what it reads. Made by `parse_formula`."""

    text: str
    names: frozenset[str]

    def __call__(self, values: Mapping[str, Any]) -> Any:
        """Its value. Raises FactoryError where a name has no value, and where there is none, as of 1 / 0."""
        if unknown := sorted(name for name in self.names if values.get(name) is None):
            raise FactoryError(f"'{unknown[0]}' is not known, which {self.text} needs")
        try:
            return _expression(self.text)(values)
        except ExpressionError as error:
            raise FactoryError(_as_written(error.message, self.text)) from None


def parse_formula(text: str, known: Collection[str]) -> Formula:
    """The formula in a text. Raises FormulaError for what is no formula, and for names that are not known."""
    if dotted := _DOTTED.search(text):
        raise FormulaError(f"'{dotted.group()}' is not known: names have no dots", "", dotted.group())
    try:
        names = _expression(text).names
    except ExpressionError as error:
        raise FormulaError(_as_written(error.message, text), _hint(error, text), text) from None
    for name in sorted(names, key=text.find):
        if name not in known:
            raise FormulaError(f"'{name}' is not known", did_you_mean(name, known, many=24), name)
    return Formula(text, names)


def parse_amount(text: str) -> float:
    """A number above 0 such as `1.8G` or `300k`. Raises FactoryError for anything else."""
    value = parse_formula(text, ())({})
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < math.inf:
        raise FactoryError(f"'{text}' is no number above 0")
    return value


def _expression(text: str) -> Expression:
    return compile_expression(_source(text))


def _source(text: str) -> str:
    """The formula in the language of specs: `400M` is 400000000 there."""
    return f"$({_AMOUNT.sub(_number, text)})"


def _number(match: re.Match[str]) -> str:
    figure, prefix, binary = match.groups()
    value = float(figure) * (1024 if binary else 1000) ** _PREFIXES[prefix]
    return str(int(value)) if value == int(value) else repr(value)


def _as_written(message: str, text: str) -> str:
    return message.replace(_source(text), f"'{text}'")


def _hint(error: ExpressionError, text: str) -> str:
    if error.hint.startswith("did you mean"):
        return error.hint
    if re.search(r"(?<![<>=!])=(?!=)", text):
        return "write <=, >= or =="
    return _HINT

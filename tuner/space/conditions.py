"""When a dimension takes part: tests of the values of dimensions before it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal: 1 is 1.0, but true is neither, whatever Python says."""
    return isinstance(a, bool) == isinstance(b, bool) and a == b


TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, operand: same(value, operand),
    "ne": lambda value, operand: not same(value, operand),
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "in": lambda value, allowed: any(same(value, one) for one in allowed),
}


@dataclass(frozen=True)
class Condition:
    """Holds where the dimension `name` takes part and its value passes a test: Condition("scale.width", "lt", 1.0)."""

    name: str
    test: str
    operand: Any

    def holds(self, point: Mapping[str, Any]) -> bool:
        return self.name in point and TESTS[self.test](point[self.name], self.operand)

"""When a dimension takes part: tests of the values of dimensions before it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "in": lambda value, allowed: value in allowed,
}


@dataclass(frozen=True)
class Condition:
    """Holds where the dimension `name` takes part and its value passes a test: Condition("scale.width", "lt", 1.0)."""

    name: str
    test: str
    operand: Any

    def holds(self, point: Mapping[str, Any]) -> bool:
        return self.name in point and TESTS[self.test](point[self.name], self.operand)

"""JSON as the store writes it, standard JSON with NaN and infinities too, and checksums of it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

_NOT_FINITE = "$float"
"""{"$float": "nan"}: JSON has no such numbers, and a loss that became one is what somebody wants to see."""


def dumps(value: Any) -> str:
    """The JSON of plain data, NumPy's scalars and arrays among them. Raises TypeError for anything else."""
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False, default=_plain)
    except ValueError:
        return json.dumps(_finite(value), separators=(",", ":"), allow_nan=False)


def loads(text: str | bytes) -> Any:
    """What `dumps` was given, tuples as lists. Raises ValueError."""
    marked = _NOT_FINITE.encode() if isinstance(text, bytes) else _NOT_FINITE
    return json.loads(text, object_hook=_number if marked in text else None)  # type: ignore[operator]


def checksum(*fields: Any) -> str:
    """32 hexadecimal digits that differ where any of the fields, in canonical JSON, does."""
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"{value!r} is no plain data: {type(value).__name__}")


def _finite(value: Any) -> Any:
    """The same with every number that JSON cannot say replaced."""
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {_NOT_FINITE: repr(float(value))}
    if isinstance(value, Mapping):
        return {key: _finite(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(one) for one in value]
    if isinstance(value, (np.generic, np.ndarray)):
        return _finite(value.tolist())
    return value


def _number(found: dict[str, Any]) -> Any:
    return float(found[_NOT_FINITE]) if found.keys() == {_NOT_FINITE} else found

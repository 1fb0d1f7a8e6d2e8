"""What every network of the zoo costs, for `factory list`."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from factory.errors import FactoryError, did_you_mean
from factory.spec.plan import input_shape, totals
from factory.spec.resolve import load
from factory.spec.zoo import zoo_names


def matching_names(pattern: str | None = None) -> list[str]:
    """Names of the zoo that contain a text, or fit a pattern with * ? [...]. Raises FactoryError where none does."""
    names = zoo_names()
    if pattern is None:
        return names
    wild = any(sign in pattern for sign in "*?[")
    found = [name for name in names if fnmatchcase(name, pattern) or (not wild and pattern in name)]
    if not found:
        hint = did_you_mean(pattern, names, many=0)
        raise FactoryError(
            f"no network of the zoo fits '{pattern}'; " + (hint if "mean" in hint else "see: factory list")
        )
    return found


def overview(pattern: str | None = None) -> list[dict[str, Any]]:
    """name, resolution ([height, width], None for any), params, trainable, macs and activations of each network."""
    entries = []
    for name in matching_names(pattern):
        spec = load(name)
        height, width, _ = input_shape(spec)
        resolution = None if height is None else [height, width]
        entries.append({"name": name, "resolution": resolution, **totals(spec)._asdict()})
    return entries

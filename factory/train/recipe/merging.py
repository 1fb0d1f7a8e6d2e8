"""How one recipe goes over another: `extends`, and overrides."""

from __future__ import annotations

from factory.errors import Problem, did_you_mean
from factory.spec.reading import Map
from factory.train.recipe.variants import VARIANTS

ITS_OWN = ("recipe", "note")
"""Keys that are not inherited: what a parent is called and good for says nothing about its child."""
NETWORK = "spec"
"""The key of the overrides of the network: they are replaced path by path, and null is one of their values."""


def merge(base: Map, child: Map, problems: list[Problem], path: str = "") -> Map:
    """`child` over `base`, key by key; null removes, lists replace. Neither is changed.

    Where a choice changes, of an optimiser, a schedule, a loss, a split or a method, the base's values that the new one
    has use for stay and all others are dropped. A null that names nothing is added to `problems`.
    """
    result = _kept(base, child, path)
    for key, value in child.items():
        here = f"{path}.{key}" if path else str(key)
        if value is None:
            if key not in base:
                hint = did_you_mean(key, map(str, base)) if base else ""
                message = "null removes nothing: there is no such key"
                problems.append(Problem(here, message, child.keys_at.get(key), hint, len(str(key))))
            result.remove(key)
        elif isinstance(value, Map) and isinstance(result.get(key), Map):
            old = result[key]
            result[key] = _network(old, value) if key == NETWORK else merge(old, value, problems, here)
        else:
            result.take(key, child)
    return result


def _kept(base: Map, child: Map, path: str) -> Map:
    """What stays of a base under a child that may change its choice."""
    result = base.copy()
    variants = VARIANTS.get(path)
    if variants and variants.key in child:
        before, now = (mapping.get(variants.key) or variants.default for mapping in (base, child))
        if before != now:
            for key in variants.unused(now) & base.keys():
                result.remove(key)
    return result


def _network(base: Map, child: Map) -> Map:
    """The overrides of both, the child's behind the base's: what comes later wins."""
    result = base.copy()
    for key in child:
        result.remove(key)
        result.take(key, child)
    return result

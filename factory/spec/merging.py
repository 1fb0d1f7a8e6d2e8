"""How one mapping goes over another: extends, first and last, overrides, searched values."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from factory.blocks.types import Type
from factory.errors import Problem, SpecError, did_you_mean
from factory.spec.reading import Map

Signature = Callable[[str], Mapping[str, Type] | None]
"""The parameter types of a block by its name, None for an unknown block."""

KEPT_OVER_BLOCKS = ("block", "from", "repeats", "after", "scaled", "share")


def merge(base: Map, child: Map, signature: Signature, path: str = "", problems: list[Problem] | None = None) -> Map:
    """`child` over `base`, key by key; null removes, `after` places, lists replace. Neither is changed.

    Where `block` changes, `repeats`, `from` and parameters of the same name and type stay and all others are dropped;
    where `kind` changes, all are. A null or an `after` that names nothing is added to `problems`, or raises SpecError
    where no list is given.
    """
    found: list[Problem] = [] if problems is None else problems
    result = _kept(base, child, signature)
    for key, value in child.items():
        here = f"{path}.{key}" if path else str(key)
        if value is None:
            if key not in base:
                hint = did_you_mean(key, map(str, base)) if base else ""
                message = "null removes nothing: there is no such key"
                found.append(Problem(here, message, child.keys_at.get(key), hint, len(str(key))))
            result.remove(key)
        elif isinstance(value, Map) and "after" in value and not isinstance(base.get("block"), str):
            old = result.get(key)
            merged = merge(old, value, signature, here, found) if isinstance(old, Map) else value.copy()
            result = _placed(result, key, merged, child, here, found)
        elif isinstance(value, Map) and isinstance(result.get(key), Map):
            result[key] = merge(result[key], value, signature, here, found)
        else:
            result.take(key, child)
    if found and problems is None:
        raise SpecError(found)
    return result


def _kept(base: Map, child: Map, signature: Signature) -> Map:
    """What stays of the base under a child that may change `block` or `kind`."""
    if "kind" in child and child["kind"] != base.get("kind") and "block" not in base:
        return Map(base.mark)
    old, new = base.get("block"), child.get("block")
    if not (isinstance(old, str) and isinstance(new, str)) or old == new:
        return base.copy()
    before, behind = signature(old) or {}, signature(new) or {}
    result = Map(base.mark)
    for key in base:
        if key in KEPT_OVER_BLOCKS or (key in before and before.get(key) == behind.get(key)):
            result.take(key, base)
    return result


def _placed(base: Map, key: str, value: Map, child: Map, path: str, problems: list[Problem]) -> Map:
    """`base` with the entry right behind the one that its `after` names; `input` is before all."""
    after = value["after"]
    names = [name for name in base if name != key]
    if after != "input" and after not in names:
        mark, hint = value.values_at.get("after"), did_you_mean(after, names)
        message = f"there is no '{after}' to come after"
        problems.append(Problem(f"{path}.after", message, mark, hint, len(str(after))))
        after = names[-1] if names else "input"
    value = value.copy()
    value.remove("after")
    result = Map(base.mark)

    def insert() -> None:
        result.put(key, value, child.keys_at.get(key), child.values_at.get(key))

    if after == "input":
        insert()
    for name in names:
        result.take(name, base)
        if name == after:
            insert()
    return result

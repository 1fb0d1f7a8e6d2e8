"""What does not fit, told so that a person can act on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import TypeVar

from factory.models.torch.align import Ambiguous, Contradiction, NotAligned, Unequal
from factory.models.torch.modules import Key, Module, kind_of
from factory.models.torch.names import Names
from factory.models.torch.places import Place, Places

_SHOWN = 8

Item = TypeVar("Item", Module, Place)


def report(failure: NotAligned, source: str, modules: list[Module], places: Places, names: Names) -> str:
    """The message for weights that do not fit a model."""
    lines = [f"the weights in {source} do not fit {places.name}"]
    if isinstance(failure, Unequal):
        lines += _unequal(names.in_order(modules), places) or _shortcuts(failure, names, places)
    elif isinstance(failure, Ambiguous):
        lines.append(f"there is no telling which of two belongs where: {failure.reason}")
        lines += [f"    in the file: {module}" for module in failure.modules]
        lines += [f"    in {places.name}: {place}" for place in failure.places]
    elif isinstance(failure, Contradiction):
        lines.append("by their shapes these belong together, but then they are in another order")
        for module, place in zip(failure.modules, failure.places, strict=True):
            lines.append(f"    {module} -> {place.name}")
    return "\n".join(lines)


def _unequal(modules: list[Module], places: Places) -> list[str]:
    """Missing and spare modules, found by laying both networks beside each other in their order; [] without any."""
    spare: list[Module] = []
    missing: list[Place] = []
    wrong: list[tuple[Module, Place]] = []
    matcher = SequenceMatcher(None, [m.key for m in modules], [p.key for p in places.all], autojunk=False)
    for tag, i, j, k, n in matcher.get_opcodes():
        if tag == "equal":
            continue
        found = modules[i:j]
        for place in places.all[k:n]:
            if found and _alike(found[0].key, place.key):
                wrong.append((found.pop(0), place))
            else:
                missing.append(place)
        spare += found
    spare, missing = _without_equals(spare, missing)
    if not (spare or missing or wrong):
        return []
    return [
        *_hints(modules, places.all),
        *_listed("of other entries or shapes:", [f"{place}: the file has {module}" for module, place in wrong]),
        *_listed("missing, wanted by these layers:", [_with_nearest(place, spare) for place in missing]),
        *_listed("spare, wanted by no layer:", [_with_nearest(module, missing) for module in spare]),
    ]


def _shortcuts(failure: Unequal, names: Names, places: Places) -> list[str]:
    """The same modules, but not the same of them on the shortcuts of residual blocks."""
    modules = [f"{module}{', by its name a shortcut' * names.is_shortcut(module)}" for module in failure.modules]
    layers = [f"{place}{', by the wiring a shortcut' * places.is_shortcut(place)}" for place in failure.places]
    return [
        "other modules than layers run on the shortcuts of residual blocks",
        *_listed("in the file:", modules),
        *_listed(f"in {places.name}:", layers),
    ]


def _without_equals(spare: list[Module], missing: list[Place]) -> tuple[list[Module], list[Place]]:
    """Both without those that only stand elsewhere in the order."""
    common = Counter(module.key for module in spare) & Counter(place.key for place in missing)
    return _left(spare, common.copy()), _left(missing, common)


def _left(items: list[Item], common: Counter[Key]) -> list[Item]:
    left = []
    for item in items:
        if common[item.key]:
            common[item.key] -= 1
        else:
            left.append(item)
    return left


def _with_nearest(item: Module | Place, others: Sequence[Module] | Sequence[Place]) -> str:
    """The item, and the one of the others that is of its kind and has the nearest shape."""
    alike = [other for other in others if _alike(other.key, item.key)]
    if not alike:
        return str(item)
    return f"{item}; nearest: {min(alike, key=lambda other: _distance(item.key, other.key))}"


def _alike(a: Key, b: Key) -> bool:
    """Whether two are of one kind, batch norms with scale and without among them."""
    return kind_of(a).split()[0] == kind_of(b).split()[0]


def _hints(modules: list[Module], places: list[Place]) -> list[str]:
    """What a whole spec may have to say otherwise."""
    hints = []
    theirs, ours = ({kind_of(item.key) for item in items} for items in (modules, places))
    if (theirs ^ ours) == {"batch norm", "batch norm without scale"}:
        value = str("batch norm" in theirs).lower()
        hints.append(f"batch norm has a scale on one side only; perhaps --set conventions.norm.scale={value}")
    last, wanted = dict(modules[-1].key).get("weight", ()), dict(places[-1].key).get("weight", ())
    if len(last) == len(wanted) == 2 and last[1:] == wanted[1:] and last != wanted:
        hints.append(f"the file is for {last[0]} classes, the model for {wanted[0]}; perhaps --set classes={last[0]}")
    return hints


def _distance(a: Key, b: Key) -> int:
    """How many axes and entries differ."""
    left, right = dict(a), dict(b)
    return sum(
        sum(x != y for x, y in zip_longest(left.get(entry, ()), right.get(entry, ()))) for entry in {*left, *right}
    )


def _listed(title: str, items: Sequence[object]) -> list[str]:
    more = [f"    ... and {len(items) - _SHOWN} more"] if len(items) > _SHOWN else []
    return [title, *(f"    {item}" for item in items[:_SHOWN]), *more] if items else []

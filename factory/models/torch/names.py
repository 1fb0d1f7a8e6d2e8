"""What the names of modules say about their order."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from factory.models.torch.families import Family
from factory.models.torch.modules import Module

_NUMBERS = re.compile(r"(\d+(?:x\d+)+|\d+[a-z]?(?=_|$)|\d+)")
_NUMBER = re.compile(r"(\d+)([a-z]?)")

Numbers = tuple[tuple[int, str], ...]


@cache
def stem_and_numbers(part: str) -> tuple[str, Numbers]:
    """A part of a name without its numbers, and those: branch3x3dbl_3a -> ("branch3x3dbl_#", ((3, "a"),)).

    3x3 is no number but a kernel.
    """
    stem, numbers = "", []
    for piece in _NUMBERS.split(part):
        if number := _NUMBER.fullmatch(piece):
            stem += "#"
            numbers.append((int(number[1]), number[2]))
        else:
            stem += piece
    return stem, tuple(numbers)


class Names:
    """The order of modules by their names, as a family of networks writes them.

    A module comes before another by the first part in which their names differ: the family lists what comes before
    what, parts that differ in their numbers alone follow those, and where the file is in the order of registration,
    that decides about the rest. Otherwise nobody knows.
    """

    def __init__(self, family: Family, modules: Sequence[Module], ordered: bool):
        self._family = family
        self._ordered = ordered
        self._names = {module.name: tuple(module.name.split(".")) for module in modules}
        self._first: dict[tuple[str, ...], int] = {}
        for module in modules:
            parts = self._names[module.name]
            for end in range(len(parts)):
                self._first.setdefault((*parts[:end], stem_and_numbers(parts[end])[0]), module.position)
        self._rank = cache(self._rank_of)

    def in_order(self, modules: Sequence[Module]) -> list[Module]:
        return sorted(modules, key=self._sort_key())

    def before(self, a: Module, b: Module) -> bool | None:
        """Whether a comes before b; None where names and file do not tell."""
        known = self.named_before(a, b)
        return a.position < b.position if known is None and self._ordered else known

    def named_before(self, a: Module, b: Module) -> bool | None:
        """Whether a comes before b by their names alone."""
        left, right = self._names[a.name], self._names[b.name]
        return next((self._part_before(x, y) for x, y in zip(left, right, strict=False) if x != y), None)

    def is_shortcut(self, module: Module) -> bool:
        """Whether a module stands on the shortcut of a residual block."""
        return any(part in self._family.shortcuts for part in self._names[module.name])

    def _part_before(self, x: str, y: str) -> bool | None:
        (rank_x, at_x), (rank_y, at_y) = self._rank(x), self._rank(y)
        known = rank_x is not None and rank_y is not None
        if known and rank_x != rank_y:
            return rank_x < rank_y  # type: ignore[operator]
        (stem_x, numbers_x), (stem_y, numbers_y) = stem_and_numbers(x), stem_and_numbers(y)
        comparable = (known or stem_x == stem_y) and (numbers_x, at_x) != (numbers_y, at_y)
        return (numbers_x, at_x) < (numbers_y, at_y) if comparable else None

    def _rank_of(self, part: str) -> tuple[int | None, int]:
        """The place of a part in the family's list, and among those that share the place; None where it has none."""
        stem = stem_and_numbers(part)[0]
        names = (part, stem.rstrip("#_"), stem.partition("#")[0].rstrip("_"))
        return next((self._family.ranks[name] for name in names if name in self._family.ranks), (None, 0))

    def _sort_key(self) -> Callable[[Module], tuple]:
        """Total and in keeping with `before`; what that does not know is sorted by place in the file, then by name."""
        last = len(self._family.order)

        def key(module: Module) -> tuple:
            parts = self._names[module.name]
            result: list[tuple] = []
            for end, part in enumerate(parts):
                rank, at = self._rank(part)
                stem, numbers = stem_and_numbers(part)
                if rank is None:
                    place = self._first[*parts[:end], stem] if self._ordered else 0
                    result.append((last, place, stem, numbers, 0))
                else:
                    result.append((rank, 0, "", numbers, at))
            return tuple(result)

        return key

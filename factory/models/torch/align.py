"""Which module's weights belong to which place: equal entries and shapes, in the order that names and wiring prove."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations, pairwise

from factory.models.torch.modules import Key, Module
from factory.models.torch.names import Names
from factory.models.torch.places import Place, Places

Pairs = list[tuple[Module, Place]]


class NotAligned(Exception):
    """Why modules and places do not fit together."""


@dataclass
class Unequal(NotAligned):
    """Some modules have no place, or some places no module."""

    modules: list[Module]
    places: list[Place]


@dataclass
class Ambiguous(NotAligned):
    """Two modules and two places that nothing tells apart; `reason` says what is missing."""

    modules: tuple[Module, Module]
    places: tuple[Place, Place]
    reason: str


@dataclass
class Contradiction(NotAligned):
    """By its shapes the first module belongs before the second, by their names after it."""

    modules: tuple[Module, Module]
    places: tuple[Place, Place]


def align(modules: list[Module], places: Places, names: Names) -> Pairs:
    """A place for every module. Raises NotAligned where there is none, or no telling which.

    Modules and places of equal entries and shapes go together in their order. Those on the shortcut of a residual
    block, which runs beside the others, are kept apart: by name on one side, by wiring on the other.
    """
    try:
        return _Alignment(modules, places, names, shortcuts=True).pairs()
    except Unequal as failure:  # what one side calls a shortcut may run in a branch of its own on the other
        try:
            return _Alignment(modules, places, names, shortcuts=False).pairs()
        except NotAligned:
            raise failure from None


class _Alignment:
    def __init__(self, modules: list[Module], places: Places, names: Names, shortcuts: bool):
        self.places, self.names = places, names
        self.modules_of: dict[tuple[Key, bool], list[Module]] = defaultdict(list)
        self.places_of: dict[tuple[Key, bool], list[Place]] = defaultdict(list)
        there = {module.key for module in modules}
        for module in modules:
            self.modules_of[module.key, shortcuts and names.is_shortcut(module)].append(module)
        for place in places.all:
            if place.flattened and place.key not in there:
                place = place.as_convolution()
            self.places_of[place.key, shortcuts and places.is_shortcut(place)].append(place)

    def pairs(self) -> Pairs:
        self._check_numbers()
        pairs: Pairs = []
        for kind, places in self.places_of.items():
            made = list(zip(self.names.in_order(self.modules_of[kind]), places, strict=True))
            self._check_order(made)
            pairs += made
        self._check_wiring(pairs)
        return pairs

    def _check_numbers(self) -> None:
        kinds = dict.fromkeys([*self.places_of, *self.modules_of])
        wrong = [kind for kind in kinds if len(self.places_of[kind]) != len(self.modules_of[kind])]
        if wrong:
            raise Unequal(
                [module for kind in wrong for module in self.modules_of[kind]],
                [place for kind in wrong for place in self.places_of[kind]],
            )

    def _check_order(self, pairs: Pairs) -> None:
        """That every two modules of equal shapes are known to be in the order of their places."""
        for (left, place), (right, other) in pairwise(pairs):
            if self.names.before(left, right) is None:
                reason = "neither the names nor the file say which of these modules comes first"
                raise Ambiguous((left, right), (place, other), reason)
            if self.places.before(place, other) is None:
                meeting = self.places.meeting_of(place, other)
                reason = f"they run side by side into {meeting}, in no order of their own"
                raise Ambiguous((left, right), (place, other), reason)
        for (left, place), (right, other) in combinations(pairs, 2):
            if self.names.before(left, right) is False or self.places.before(place, other) is False:
                raise Contradiction((left, right), (place, other))

    def _check_wiring(self, pairs: Pairs) -> None:
        """That no module comes, by its name, before one that its place reads."""
        module_at = {place.index: module for module, place in pairs}
        for module, place in pairs:
            for source in self.places.read_by(place):
                if self.names.named_before(module, module_at[source.index]):
                    raise Contradiction((module_at[source.index], module), (source, place))

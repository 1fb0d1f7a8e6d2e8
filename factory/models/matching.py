"""Matching the units of two structures: colours refined in both at once, and a proof that the result is a match."""

from __future__ import annotations

from collections import Counter, defaultdict

from factory.models.structure import Edge, Structure, Unit

Pairs = list[int]
"""For every unit of the first structure the number of its partner in the second."""

Colours = tuple[list[int], list[int]]


class NoMatch(Exception):
    """The structures do not fit each other; `tie` has two units that look alike where that is what stood in the way."""

    def __init__(self, tie: tuple[int, int] | None = None):
        super().__init__()
        self.tie = tie


def match(a: Structure, b: Structure) -> Pairs:
    """The partner of every unit. Raises NoMatch where there is none, or no telling which.

    First everything between the units must agree: activations, pooling. Units that are then still alike can stand
    for each other. Where that fails, what has no weights may differ, and units that are alike are refused.
    """
    try:
        return _Matching(a, b, labels=True).pairs()
    except NoMatch:
        return _Matching(a, b, labels=False).pairs()


class _Matching:
    def __init__(self, a: Structure, b: Structure, labels: bool):
        self.sides = (a, b)
        self.labels = labels
        self.numbers: dict[tuple, int] = {}
        self.uses = tuple(_uses(side) for side in self.sides)
        self.siblings = tuple(_siblings(side) for side in self.sides)

    def pairs(self) -> Pairs:
        colours = self._refined(
            tuple([self._number(unit.signature) for unit in side.units] for side in self.sides)  # type: ignore[arg-type]
        )
        while tie := self._tie(colours):
            if not self.labels:
                raise NoMatch(tie)
            chosen = self._number((colours[0][tie[0]], "chosen"))
            for side, index in zip(colours, tie, strict=True):
                side[index] = chosen
            colours = self._refined(colours)
        partner = {colour: index for index, colour in enumerate(colours[1])}
        pairs = [partner[colour] for colour in colours[0]]
        if not self._fits(pairs):
            raise NoMatch
        return pairs

    def _number(self, key: tuple) -> int:
        return self.numbers.setdefault(key, len(self.numbers))

    def _refined(self, colours: Colours) -> Colours:
        """The colours told apart by what lies above and below, until nothing more is told apart."""
        count = 0
        while True:
            if Counter(colours[0]) != Counter(colours[1]):
                raise NoMatch
            if count == (count := len(set(colours[0]))):
                return colours
            colours = tuple(self._pass(side, list(colours[side])) for side in (0, 1))  # type: ignore[assignment]

    def _pass(self, side: int, colours: list[int]) -> list[int]:
        """One walk down and one up, each reading colours that the walk itself has made."""
        units, uses, siblings = self.sides[side].units, self.uses[side], self.siblings[side]
        for index, unit in enumerate(units):
            reads = [(colours[edge.source], self._label(edge)) for edge in unit.inputs]
            colours[index] = self._number((colours[index], *(sorted(reads) if unit.commutative else reads)))
        for index in range(len(units) - 1, -1, -1):
            read_by = [(colours[user] if user >= 0 else -1, at, self._label(edge)) for user, at, edge in uses[index]]
            colours[index] = self._number((colours[index], *sorted(read_by)))
        shared = [sorted(colours[other] for other in others) for others in siblings]
        return [self._number((colour, *others)) for colour, others in zip(colours, shared, strict=True)]

    def _label(self, edge: Edge) -> tuple[str, ...]:
        return edge.label if self.labels else ()

    def _tie(self, colours: Colours) -> tuple[int, int] | None:
        """The first two units, one of each side, that share their colour with others."""
        counts = Counter(colours[0])
        for index, colour in enumerate(colours[0]):
            if counts[colour] > 1:
                return index, colours[1].index(colour)
        return None

    def _fits(self, pairs: Pairs) -> bool:
        """Whether the pairs keep signatures, edges, outputs and the sharing of weights."""
        a, b = self.sides
        partners: dict[int | None, int | None] = {}
        for unit, partner in zip(a.units, (b.units[index] for index in pairs), strict=True):
            theirs = [(edge.source, self._label(edge)) for edge in partner.inputs]
            mine = [(pairs[edge.source], self._label(edge)) for edge in unit.inputs]
            if unit.commutative:
                mine, theirs = sorted(mine), sorted(theirs)
            if unit.signature != partner.signature or mine != theirs:
                return False
            if partners.setdefault(unit.identity, partner.identity) != partner.identity:
                return False
        return [pairs[edge.source] for edge in a.outputs] == [edge.source for edge in b.outputs]


def _uses(structure: Structure) -> list[list[tuple[int, int, Edge]]]:
    """For every unit who reads it, at which position (-1 where that does not matter), and how; outputs are user -1."""
    uses: list[list[tuple[int, int, Edge]]] = [[] for _ in structure.units]
    for index, unit in enumerate(structure.units):
        for position, edge in enumerate(unit.inputs):
            uses[edge.source].append((index, -1 if unit.commutative else position, edge))
    for position, edge in enumerate(structure.outputs):
        uses[edge.source].append((-1, position, edge))
    return uses


def _siblings(structure: Structure) -> list[list[int]]:
    """For every unit the others that are calls of the same layer."""
    calls: dict[int, list[int]] = defaultdict(list)
    for index, unit in enumerate(structure.units):
        if unit.identity is not None:
            calls[unit.identity].append(index)
    siblings: list[list[int]] = [[] for _ in structure.units]
    for family in calls.values():
        for index in family:
            siblings[index] = [other for other in family if other != index]
    return siblings


def unmatched(a: Structure, b: Structure) -> tuple[list[Unit], list[Unit]]:
    """Units of each side for which the other has none of that kind and shape left."""
    left = []
    for mine, other in ((a, b), (b, a)):
        there = Counter(unit.signature for unit in other.units)
        alone = []
        for unit in mine.units:
            if there[unit.signature]:
                there[unit.signature] -= 1
            else:
                alone.append(unit)
        left.append(alone)
    return left[0], left[1]


def diverging(a: Structure, b: Structure) -> tuple[list[Unit], list[Unit]]:
    """Units of each side that have no like on the other side in what lies above them, nearest the input first."""
    numbers: dict[tuple, int] = {}
    colours: list[list[int]] = []
    for side in (a, b):
        seen: list[int] = []
        for unit in side.units:
            reads = [seen[edge.source] for edge in unit.inputs]
            key = (unit.signature, *(sorted(reads) if unit.commutative else reads))
            seen.append(numbers.setdefault(key, len(numbers)))
        colours.append(seen)
    return (
        [unit for unit, colour in zip(a.units, colours[0], strict=True) if colour not in colours[1]],
        [unit for unit, colour in zip(b.units, colours[1], strict=True) if colour not in colours[0]],
    )

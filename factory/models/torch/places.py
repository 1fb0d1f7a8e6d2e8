"""The places in a Keras model that take weights, their order, and what the wiring says about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from factory.errors import FactoryError
from factory.models.structure import Shape, Structure, Unit
from factory.models.torch.layout import Slot, as_convolution, slots
from factory.models.torch.modules import Key, describe, key_of

_OF_THE_INPUT = "Normalization"  # the spec's own preprocessing: PyTorch's networks have none inside


@dataclass(frozen=True)
class Place:
    """A unit of the model that takes weights.

    `index` is its number in the structure, `flattened` the (h, w, c) of an image that is flattened before it.
    """

    unit: Unit
    index: int
    slots: tuple[Slot, ...]
    flattened: Shape | None

    @property
    def name(self) -> str:
        return self.unit.name

    @cached_property
    def key(self) -> Key:
        return key_of({slot.entry: slot.theirs for slot in self.slots})

    def as_convolution(self) -> Place:
        assert self.flattened
        return replace(self, slots=as_convolution(self.slots, self.flattened))

    def __str__(self) -> str:
        return f"{self.name} ({describe(self.key)})"


class Places:
    """All places of a model in the order of execution, the branches of a merge in the order of its inputs."""

    def __init__(self, structure: Structure):
        self.name = structure.name
        self.outputs = len(structure.outputs)
        self._units = structure.units
        self._ends = [edge.source for edge in structure.outputs]
        self._reads = [[edge.source for edge in unit.inputs] for unit in self._units]
        self._above = self._closure(range(len(self._units)), self._reads)
        self._below = self._closure(range(len(self._units) - 1, -1, -1), self._read_by())
        self._shortcuts = self._found_shortcuts()
        owners: dict[int | None, int] = {}
        self.all = [
            self._place(index)
            for index in self._order()
            if self._takes_weights(index) and owners.setdefault(self._units[index].identity, index) == index
        ]
        self._places = {place.index: place for place in self.all}

    def is_shortcut(self, place: Place) -> bool:
        """Whether a place stands on the shorter way into a sum of two."""
        return bool(self._shortcuts >> place.index & 1)

    def before(self, a: Place, b: Place) -> bool | None:
        """Whether a comes before b: it runs before it, or in an earlier branch of a concatenation.

        None for parallel branches whose order means nothing, as those of a sum.
        """
        if self._above[b.index] >> a.index & 1:
            return True
        if self._above[a.index] >> b.index & 1:
            return False
        meeting = self._meeting(a, b)
        if meeting is not None and self._units[meeting].commutative:
            return None
        ends = self._ends if meeting is None else self._reads[meeting]
        first, second = (self._first_reaching(ends, place.index) for place in (a, b))
        return None if first == second else first < second

    def meeting_of(self, a: Place, b: Place) -> str:
        """Where two parallel places meet, in words."""
        meeting = self._meeting(a, b)
        return "different outputs" if meeting is None else self._units[meeting].name

    def read_by(self, place: Place) -> Iterator[Place]:
        """The places that a place reads, through whatever takes no weights."""
        waiting, seen = list(self._reads[place.index]), set()
        while waiting:
            index = waiting.pop()
            if index in self._places:
                yield self._places[index]
            elif index not in seen:
                seen.add(index)
                waiting += self._reads[index]

    def _takes_weights(self, index: int) -> bool:
        return bool(self._units[index].weights) and self._units[index].kind != _OF_THE_INPUT

    def _place(self, index: int) -> Place:
        unit = self._units[index]
        flattened = unit.inputs[0].flattened if unit.kind == "Linear" else None
        try:
            return Place(unit, index, slots(unit), flattened)
        except (KeyError, ValueError):
            raise FactoryError(
                f"{self.name}: {unit} is like no layer of PyTorch: its weights are not imported"
            ) from None

    def _read_by(self) -> list[list[int]]:
        users: list[list[int]] = [[] for _ in self._units]
        for index, sources in enumerate(self._reads):
            for source in sources:
                users[source].append(index)
        return users

    def _closure(self, order: Iterable[int], steps: list[list[int]]) -> list[int]:
        """For every unit all that are reached by these steps, as a bit each of a number."""
        reached = [0] * len(steps)
        for index in order:
            for step in steps[index]:
                reached[index] |= reached[step] | 1 << step
        return reached

    def _order(self) -> list[int]:
        """Every unit after what it reads; what the first input of a merge needs comes before what the second needs."""
        order: list[int] = []
        placed: set[int] = set()
        waiting = [(end, False) for end in reversed(self._ends)]
        while waiting:
            index, done = waiting.pop()
            if index in placed:
                continue
            if done:
                placed.add(index)
                order.append(index)
            else:
                waiting.append((index, True))
                waiting += [(source, False) for source in reversed(self._reads[index])]
        return order

    def _found_shortcuts(self) -> int:
        """The units on the shorter way into a sum of two, a bit each."""
        takers = sum(1 << index for index in range(len(self._units)) if self._takes_weights(index))
        found = 0
        for unit, reads in zip(self._units, self._reads, strict=True):
            if unit.kind == "Add" and len(reads) == 2:
                a, b = ((self._above[index] | 1 << index) & takers for index in reads)
                short, long = sorted((a & ~b, b & ~a), key=int.bit_count)
                if short.bit_count() < long.bit_count():
                    found |= short
        return found

    def _meeting(self, a: Place, b: Place) -> int | None:
        """The first unit that needs both, None where they go to different outputs."""
        both = self._below[a.index] & self._below[b.index]
        return (both & -both).bit_length() - 1 if both else None

    def _first_reaching(self, ends: list[int], index: int) -> int:
        """The first of these units that needs this one, or is it."""
        return next(at for at, end in enumerate(ends) if end == index or self._above[end] >> index & 1)

"""The widths of a network that can be chosen: filters that layers have in common, NetAdapt's layers."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np

from factory.graph import Graph, Ref
from tuner.netadapt.channels import Channels


@dataclass(frozen=True)
class Width:
    """Filters any of which can be removed, from all layers that have them at once.

    name: that of the first layer, with a number where it has several widths; layers: of all that make them, the first
    included; numbers: those of the filters, (n,), in `Channels`.
    """

    name: str
    layers: tuple[str, ...]
    numbers: np.ndarray

    @property
    def filters(self) -> int:
        """How many there are; of a grouped convolution, how many in each group."""
        return len(self.numbers)


def find_widths(graph: Graph, channels: Channels) -> list[Width]:
    """All widths of two filters or more, in the order of the network.

    Filters belong to one width where the same tensors have them, each as often: removing one costs as much as removing
    another, and while one is left no tensor is empty. What is split, or concatenated and then added to something else,
    has several widths.
    """
    places: dict[int, list[tuple[Ref, int]]] = defaultdict(list)
    for ref, numbers in channels.of.items():
        for number, count in Counter(numbers.tolist()).items():
            places[number].append((ref, count))
    makers: dict[int, list[int]] = defaultdict(list)
    for index, numbers in channels.made.items():
        for number in dict.fromkeys(numbers.tolist()):
            makers[number].append(index)
    alike: dict[tuple[tuple[Ref, int], ...], list[int]] = defaultdict(list)
    for number in sorted(makers):
        if not channels.fixed[number]:
            alike[tuple(places[number])].append(number)
    widths: list[Width] = []
    taken: Counter[str] = Counter()
    for filters in alike.values():
        if len(filters) > 1:
            layers = tuple(graph.nodes[index].name for index in makers[filters[0]])
            taken[layers[0]] += 1
            name = layers[0] if taken[layers[0]] == 1 else f"{layers[0]}-{taken[layers[0]]}"
            widths.append(Width(name, layers, np.array(filters)))
    return widths

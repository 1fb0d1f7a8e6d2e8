"""Sobol' sequence (Sobol' 1967), scrambled (Owen 1998; Matousek 1998): random search without gaps and clusters."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from factory.blocks.values import Section
from tuner.algorithms.algorithm import Algorithm, Proposal, Trial
from tuner.space import Point

if TYPE_CHECKING:
    from scipy.stats.qmc import Sobol as Sequence

SCRAMBLING = 1
"""The stream of random numbers that scrambles the sequence."""


class Sobol(Algorithm[Section]):
    """Feasible points of a low-discrepancy sequence in its order, none twice; the seed scrambles it.

    Every dimension of the space has a coordinate of its own, which has no effect where the dimension takes no part. The
    state is the place in the sequence.
    """

    _next = 0
    """Where in the sequence the next proposal begins to look."""
    _looked = 0
    """Where the last one ended."""

    def ask(self) -> Proposal | None:
        proposal = super().ask()
        self._next = self._looked
        return proposal

    def propose(self, number: int, random: np.random.Generator) -> Proposal:
        self._looked = self._next
        return Proposal(self.fresh(self._draw))

    def state(self) -> dict[str, Any]:
        return {"next": self._next}

    def restore(self, state: dict[str, Any], trials: Iterable[Trial]) -> None:
        super().restore(state, trials)
        self._next = state.get("next", 0)

    def _draw(self) -> Point:
        """The next point of the sequence."""
        sequence, index = self._sequence, self._looked
        if sequence.num_generated > index:
            sequence.reset()
        if sequence.num_generated < index:
            sequence.fast_forward(index - sequence.num_generated)
        self._looked = index + 1
        return self.space.at(sequence.random(1)[0])

    @cached_property
    def _sequence(self) -> Sequence:
        """It keeps its place, so that a point seldom costs more than one step."""
        from scipy.stats.qmc import Sobol as Sequence

        return Sequence(len(self.space), scramble=True, rng=self.random(0, stream=SCRAMBLING))

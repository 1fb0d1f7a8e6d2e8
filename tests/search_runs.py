"""Searches without training: an algorithm, made-up scores, workers that finish in any order, interruptions."""

from __future__ import annotations

import json
import random as chance
from dataclasses import replace

from tuner.algorithms.algorithm import Exhausted, Proposal, Result


class Search:
    """Runs an algorithm as a driver with several workers does.

    make: makes the algorithm anew. score: of a proposal, the scores of its trial, None for a failure. order: seed of
    the order in which the workers finish. interrupts: after which of the events (proposals and results, counted from
    0) everything is lost but the trials and the state, which have been through JSON.
    """

    def __init__(self, make, score, *, workers=1, order=0, interrupts=()):
        self.make, self.score, self.workers, self.interrupts = make, score, workers, set(interrupts)
        self.algorithm, self.order, self.events = make(), chance.Random(order), 0
        self.proposals: list[Proposal] = []
        self.results: list[tuple[int, Result]] = []
        self.running: list[int] = []
        self.exhausted = False

    def run(self, trials: int) -> Search:
        """Until so many trials have been proposed and have ended, or there is nothing left to propose."""
        while self._start(trials) or self.running:
            if self.running:
                self._finish()
        return self

    def _start(self, trials: int) -> bool:
        """Gives every free worker something to do; whether a proposal is worth asking for again."""
        while not self.exhausted and len(self.proposals) < trials and len(self.running) < self.workers:
            try:
                proposal = self.algorithm.ask()
            except Exhausted:
                self.exhausted = True
                return False
            if proposal is None:
                assert self.running, "an algorithm waits for nothing"
                return True
            self.running.append(len(self.proposals))
            self.proposals.append(proposal)
            self._event()
        return not self.exhausted and len(self.proposals) < trials

    def _finish(self) -> None:
        number = self.running.pop(self.order.randrange(len(self.running)))
        result = Result(self.score(self.proposals[number]))
        self.results.append((number, result))
        self.algorithm.tell(number, result)
        self._event()

    def _event(self) -> None:
        if self.events in self.interrupts:
            state = json.loads(json.dumps(self.algorithm.state()))
            trials = [
                replace(t, proposal=replace(t.proposal, point=json.loads(json.dumps(t.proposal.point))))
                for t in self.algorithm.trials
            ]
            self.algorithm = self.make()
            self.algorithm.restore(state, trials)
        self.events += 1

    @property
    def points(self) -> list[dict]:
        return [proposal.point for proposal in self.proposals]

    def best(self, trials: int | None = None) -> float:
        """The best first score of the first so many results."""
        return max(result.score for _, result in self.results[:trials])

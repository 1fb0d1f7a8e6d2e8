"""Helpers to test guided searches: spaces, a landscape, a search with workers and failures, a restart in the middle."""

from __future__ import annotations

import json
import math

import numpy as np

from tuner.algorithms import algorithm
from tuner.algorithms.algorithm import Exhausted, Proposal, Result
from tuner.space import Choice, Condition, Float, Int, Space

SEPARABLE = Space([Choice(f"stage{i}", (3, 5, 7, "skip")) for i in range(5)] + [Int("depth", 1, 8)])
"""8,192 points."""

CONDITIONAL = Space(
    [
        Choice("block", ("conv", "mbconv", None)),
        Int("expand", 1, 6, when=(Condition("block", "eq", "mbconv"),)),
        Choice("squeeze", (True, False), when=(Condition("expand", "ge", 3),)),
        Choice("kernel", (3, 5, 7), ordered=True, when=(Condition("block", "in", ("conv", "mbconv")),)),
        Float("width", 0.5, 1.5, step=0.1),
        Float("rate", 1e-4, 1e-1, log=True),
        Int("batch", 8, 512, log=True, when=(Condition("width", "lt", 1.0),)),
        Choice("alone", ("only",)),
    ]
)


def landscape(point, space=SEPARABLE):
    """A score from 0 to 1 that adds up over the dimensions: each has a best place and falls off on both sides."""
    places = [space.by_name[name].place(value) for name, value in point.items()]
    best = [0.1 + 0.8 * ((7 * i + 3) % 10) / 9 for i, _ in enumerate(places)]
    return 1 - float(np.mean([abs(p - b) for p, b in zip(places, best, strict=True)]))


def outcome(number, point, space, objectives=1):
    """What comes of a trial; every sixth fails."""
    if number % 6 == 4:
        return Result(None)
    return Result(tuple(landscape(point, space) if i == 0 else math.cos(i + number) for i in range(objectives)))


def make(name, space, *, seed=0, **options):
    """An algorithm by name; what is not one of its own options is a parameter."""
    kind = algorithm(name)
    own = {key: options.pop(key) for key in ("feasible", "objectives", "epochs") if key in options}
    return kind(space, kind.Parameters(**options), seed=seed, **own)


def search(made, trials, *, workers=1, restart=(), again=None):
    """The proposals of a search with several workers, results out of order, restarted before the trials `restart`.

    again: makes the algorithm that goes on. Its state goes through JSON, as in a store.
    """
    proposals: list[Proposal] = []
    running: list[int] = []
    while len(proposals) < trials:
        if len(proposals) in restart and len(proposals) == len(made.trials):
            state, told = json.loads(json.dumps(made.state())), list(made.trials)
            made = again()
            made.restore(state, told)
        try:
            proposal = made.ask() if len(running) < workers else None
        except Exhausted:
            break
        if proposal is not None:
            running.append(len(proposals))
            proposals.append(proposal)
            continue
        number = running.pop((7 * len(proposals)) % len(running))
        made.tell(number, outcome(number, proposals[number].point, made.space, made.objectives))
    return proposals


def check_restart(name, space, *, trials=40, workers=3, restart=(7, 8, 23), **options):
    """A search that is restarted, with trials running and failed ones, goes on as if nothing had happened."""
    whole = search(make(name, space, **options), trials, workers=workers)
    again = search(
        make(name, space, **options),
        trials,
        workers=workers,
        restart=restart,
        again=lambda: make(name, space, **options),
    )
    assert whole == again
    assert all(space.contains(proposal.point) for proposal in whole)
    return whole


def regret(name, trials, seed, *, space=SEPARABLE, **options):
    """How far the best of a search is from the best of the landscape, without failures."""
    made, best = make(name, space, seed=seed, **options), -math.inf
    for _ in range(trials):
        proposal = made.ask()
        score = landscape(proposal.point, space)
        made.tell(len(made.trials) - 1, Result((score,)))
        best = max(best, score)
    return -best

"""What an algorithm knows, made anew from the trials so far: after a restart, or when its space has grown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tuner.algorithms.algorithm import Algorithm, Result, Trial
from tuner.oracles.hyperparameters import point_of
from tuner.oracles.records import Record
from tuner.space import Dimension, Point, Space


def relive(algorithm: Algorithm, records: Sequence[Record], state: dict[str, Any], learned: int) -> None:
    """Gives a new algorithm the trials so far, which it numbers anew without gaps; their records are told the numbers.

    state: of the algorithm when it had learned from the results that ended before place `learned` in the order of ends;
    from the others it learns now, in that order. With an empty state it makes of all results what it can. A trial that
    went on from one whose record is lost began by itself, and so did one that inherited its weights.
    """
    numbers = {record.identity: number for number, record in enumerate(records)}
    history, later = [], []
    for number, record in enumerate(records):
        known = record.ended is not None and (not state or record.ended < learned)
        continues, inherits = (
            None if one is None else numbers.get(one) for one in (record.proposal.continues, record.proposal.inherits)
        )
        point = grown(algorithm.space, record)
        proposal = replace(record.proposal, point=point, continues=continues, inherits=inherits)
        history.append(Trial(number, proposal, record.result if known else None))
        record.number = number
        if record.ended is not None and not known:
            later.append(record)
    algorithm.restore(state, history)
    for record in sorted(later, key=lambda record: record.ended or 0):
        algorithm.tell(record.number, record.result or Result(None))


def grown(space: Space, record: Record) -> Point:
    """The point of a trial in a space that may have grown since: new dimensions have the value that its build used."""
    old, values = record.proposal.point, record.trial.hyperparameters.values
    point: Point = {}
    for dimension in space:
        if space.takes_part(dimension, point):
            known = dimension.name in old and dimension.contains(old[dimension.name])
            point[dimension.name] = old[dimension.name] if known else _used(dimension, values)
    return point


def _used(dimension: Dimension, values: Mapping[str, Any]) -> Any:
    """The value that a build used, the dimension's first where it did not ask for it."""
    alone = Space([replace(dimension, when=())])  # type: ignore[call-arg]
    try:
        return point_of(alone, values)[dimension.name]
    except (KeyError, ValueError):
        return dimension.at(0.0)

"""Trials in groups, by the values of some of their settings: how good each is on average, and how far it spreads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any, NamedTuple

from factory.errors import FactoryError, did_you_mean
from factory.spec.reading import Map, read_text
from factory.train.recipe.overrides import PREFIX
from tuner.analysis.ranking import reach
from tuner.store import Status, TrialRecord
from tuner.sweep.expanding import NOTHING, value_at


class Spread(NamedTuple):
    """Of an objective's values over so many networks. std: sample standard deviation (n - 1), None of a single one."""

    networks: int
    mean: float
    std: float | None
    low: float
    high: float


@dataclass(frozen=True)
class Group:
    """Trials with equal settings, each network once. settings: their values, None where a trial has no such setting."""

    settings: tuple[Any, ...]
    records: tuple[TrialRecord, ...]

    def spread(self, objective: str) -> Spread:
        """Of an objective's values over the networks of the group."""
        values = [record.values[objective] for record in self.records]
        std = stdev(values) if len(values) > 1 else None
        return Spread(len(values), fmean(values), std, min(values), max(values))


def grouped(records: Iterable[TrialRecord], paths: Sequence[str]) -> list[Group]:
    """The trials that have scores that compare, by their values at these paths, groups in the order of the values.

    paths: dimensions of the space, or any path of the trials' resolved specs, or with `recipe.` before it of their
    recipes. A network that was proposed twice in a group counts once: its copy tells nothing new; in another group it
    counts there, too. Where an algorithm begins with short trials, only those with the most epochs count. Raises
    FactoryError for a path that no trial has.
    """
    found: dict[tuple[str, ...], tuple[tuple[Any, ...], dict[str, TrialRecord]]] = {}
    found_scores = [record for record in records if record.scores is not None]
    most = max(map(reach, found_scores), default=0)
    scored = [record for record in found_scores if reach(record) == most]
    documents = {record.number: _Documents(record) for record in scored}
    for path in paths:
        if scored and all(documents[record.number].at(path) is NOTHING for record in scored):
            known = dict.fromkeys(name for record in scored for name in record.point)
            raise FactoryError(f"no trial has anything at '{path}'; {did_you_mean(path, known, many=24)}")
    for record in sorted(scored, key=lambda record: (record.status is Status.COPIED, record.number)):
        values = tuple(documents[record.number].at(path) for path in paths)
        settings = tuple(None if value is NOTHING else value for value in values)
        _, networks = found.setdefault(tuple(map(repr, settings)), (settings, {}))
        networks.setdefault(record.key or str(record.number), record)
    groups = [Group(settings, tuple(networks.values())) for settings, networks in found.values()]
    return sorted(groups, key=lambda group: [_order(value) for value in group.settings])


class _Documents:
    """The point, spec and recipe of a trial, the last two read when they are first asked for."""

    def __init__(self, record: TrialRecord):
        self.record = record
        self.read: dict[bool, Map] = {}

    def at(self, path: str) -> Any:
        if path in self.record.point:
            return self.record.point[path]
        recipe = path.startswith(PREFIX)
        if recipe not in self.read:
            text = self.record.recipe if recipe else self.record.spec
            self.read[recipe] = read_text(text, f"trial {self.record.number}")
        return value_at(self.read[recipe], path.removeprefix(PREFIX))


def _order(value: Any) -> tuple[int, float, str]:
    """Numbers by size, then texts by the alphabet."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return (0, float(value), "") if number else (1, 0.0, str(value))

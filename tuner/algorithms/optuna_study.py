"""A study of Optuna's in memory, in step with the trials of a search. Imports Optuna: to be imported late."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.storages import InMemoryStorage
from optuna.study import StudyDirection
from optuna.trial import TrialState, create_trial

from tuner.algorithms.algorithm import Result, Trial
from tuner.algorithms.scores import finite_scores
from tuner.space import Choice, Dimension, Point, Space

optuna.logging.set_verbosity(optuna.logging.WARNING)  # otherwise it reports every study on the terminal

DRAFT = -1
"""The id of the trial that is being drawn."""


class Study:
    """The trials of a search as Optuna's samplers see them: same numbers, all scores maximised.

    Samplers see a choice without order as a category, everything else as a number: the position of the value where
    there are finitely many equally probable ones, otherwise its place from 0 to 1, so that what is logarithmic to us is
    even to them. Dimensions with one value they do not see.

    Points are drawn without entering the study (Optuna's `ask` would leave a trial behind for every redraw).
    """

    def __init__(self, space: Space, objectives: int):
        self.space = space
        self.storage = _Storage()
        self.distributions = {d.name: _distribution(d) for d in space if d.count != 1}
        self.always = {d.name: self.distributions[d.name] for d in space if d.count != 1 and not d.when}
        categories = CategoricalDistribution
        self.numbers = {name: one for name, one in self.always.items() if not isinstance(one, categories)}
        directions = [StudyDirection.MAXIMIZE] * objectives
        self._study = optuna.create_study(
            storage=self.storage, sampler=RandomSampler(seed=0), study_name="sweep", directions=directions
        )

    def add(self, trial: Trial, attributes: Mapping[str, Any] | None = None) -> None:
        """A trial, running or finished, with what the sampler noted on it."""
        point = trial.proposal.point
        names = [name for name in self.distributions if name in point]
        template = create_trial(
            state=TrialState.RUNNING,
            params={name: self._parameter(name, point[name]) for name in names},
            distributions={name: self.distributions[name] for name in names},
            system_attrs=dict(attributes or {}),
        )
        self._study.add_trial(template)
        if trial.result is not None:
            self.finish(trial.number, trial.result)

    def finish(self, number: int, result: Result) -> None:
        """Results; without scores, or with one that is not finite, the trial has failed."""
        scores = finite_scores(result)
        if scores is None:
            self._study.tell(number, state=TrialState.FAIL)
        else:
            self._study.tell(number, list(scores[: len(self._study.directions)]))

    def attribute(self, name: str) -> Any:
        """What a sampler noted on the study, None where it did not."""
        return self.storage.get_study_system_attrs(self._study._study_id).get(name)

    def set_attribute(self, name: str, value: Any) -> None:
        """Notes what a sampler noted in an earlier life."""
        self.storage.set_study_system_attr(self._study._study_id, name, value)

    def drawing(self, sampler: BaseSampler, number: int) -> Drawing:
        """A source of points for the trial of this number."""
        return Drawing(self, sampler, number)

    def _parameter(self, name: str, value: Any) -> Any:
        dimension = self.space.by_name[name]
        place = dimension.place(value)
        return place if isinstance(self.distributions[name], FloatDistribution) else dimension.index(value)


class Drawing:
    """Draws points for one trial by a sampler, over the dimensions as they come to take part (define-by-run)."""

    def __init__(self, study: Study, sampler: BaseSampler, number: int):
        self.study, self.sampler = study, sampler
        # A study of its own: Optuna keeps the list of trials with the study as long as one trial is drawn.
        self._view = optuna.load_study(study_name="sweep", storage=study.storage, sampler=sampler)
        self._trial = create_trial(state=TrialState.RUNNING)
        self._trial.number, self._trial._trial_id = number, DRAFT

    def point(self, *, jointly: Mapping[str, BaseDistribution] | None = None) -> Point:
        """A point; `jointly` are the dimensions drawn at once, by default those that the sampler names."""
        self.study.storage.draft.clear()
        if jointly is None:
            jointly = self.sampler.infer_relative_search_space(self._view, self._trial)
        joint = self.sampler.sample_relative(self._view, self._trial, dict(jointly))
        point: Point = {}
        for dimension in self.study.space:
            name = dimension.name
            if not self.study.space.takes_part(dimension, point):
                continue
            distribution = self.study.distributions.get(name)
            if distribution is None:
                point[name] = dimension.nth(0)
            else:
                alone = name not in joint
                drawn = self._alone(name, distribution) if alone else joint[name]
                continuous = isinstance(distribution, FloatDistribution)
                point[name] = dimension.at(float(drawn)) if continuous else dimension.nth(int(drawn))
        return point

    @property
    def notes(self) -> dict[str, Any]:
        """What the sampler noted on the trial while it drew the last point."""
        return dict(self.study.storage.draft)

    def _alone(self, name: str, distribution: BaseDistribution) -> Any:
        return self.sampler.sample_independent(self._view, self._trial, name, distribution)


class _Storage(InMemoryStorage):
    """Keeps what a sampler notes on the draft aside, since it may not become a trial."""

    def __init__(self) -> None:
        super().__init__()
        self.draft: dict[str, Any] = {}

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        if trial_id == DRAFT:
            self.draft[key] = value
        else:
            super().set_trial_system_attr(trial_id, key, value)


def _distribution(dimension: Dimension) -> BaseDistribution:
    count = dimension.count
    if count is None or getattr(dimension, "log", False):
        return FloatDistribution(0.0, 1.0)
    if isinstance(dimension, Choice) and not dimension.ordered:
        return CategoricalDistribution(list(range(count)))
    return IntDistribution(0, count - 1)

"""Optuna's samplers as algorithms: TPE, GP, CMA-ES, NSGA-II."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import Field

from factory.blocks.values import Section
from tuner.algorithms.algorithm import Trial
from tuner.algorithms.cmaes_memory import Memory
from tuner.algorithms.optuna_algorithm import OptunaAlgorithm
from tuner.space import Point

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

    from tuner.algorithms.optuna_study import Drawing, Study


class TPEParameters(Section):
    """The parameters of TPE."""

    startup: int = Field(10, ge=1, description="so many results come from random points first")
    candidates: int = Field(24, ge=1, description="points of which the most promising is taken")


class TPE(OptunaAlgorithm[TPEParameters]):
    """Tree-structured Parzen estimator (Bergstra et al. 2011), of all dimensions jointly.

    With conditions, jointly within each group of dimensions that take part together. Running trials count as bad ones
    (constant liar), so that workers keep apart.
    """

    Parameters = TPEParameters
    many_objectives = True
    redraws = 2

    def sampler(self, seed: int) -> BaseSampler:
        from optuna.samplers import TPESampler

        return TPESampler(
            seed=seed,
            n_startup_trials=self.parameters.startup,
            n_ei_candidates=self.parameters.candidates,
            multivariate=True,
            group=self._grouped,
            constant_liar=True,
        )

    def draw(self, drawing: Drawing) -> Point:
        return drawing.point() if self._grouped else super().draw(drawing)

    @property
    def _grouped(self) -> bool:
        return any(dimension.when for dimension in self.space)


class GPParameters(Section):
    """The parameters of GP."""

    startup: int = Field(10, ge=1, description="so many results come from random points first")


class GP(OptunaAlgorithm[GPParameters]):
    """Gaussian process, Matern 5/2, with log expected improvement (Ament et al. 2023). Needs PyTorch.

    Dimensions with conditions are drawn at random.
    """

    Parameters = GPParameters
    many_objectives = True
    redraws = 2
    needs = {"torch": "keras-model-factory[gp]"}  # noqa: RUF012

    def sampler(self, seed: int) -> BaseSampler:
        from optuna.samplers import GPSampler

        return GPSampler(seed=seed, n_startup_trials=self.parameters.startup, warn_independent_sampling=False)


class CMAESParameters(Section):
    """The parameters of CMA-ES."""

    population: int | None = Field(None, ge=2, description="points of a generation; none: 4 + 3 ln(dimensions)")


class CMAES(OptunaAlgorithm[CMAESParameters]):
    """Covariance matrix adaptation (Hansen & Ostermeier 2001) of the numbers; the rest is drawn at random.

    The rest are choices without order and dimensions with conditions. Of several objectives it sees the first.
    """

    Parameters = CMAESParameters
    needs = {"cmaes": "keras-model-factory[optuna]"}  # noqa: RUF012

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self._memory = Memory()

    def sampler(self, seed: int) -> BaseSampler:
        from optuna.samplers import CmaEsSampler

        return CmaEsSampler(seed=seed, popsize=self.parameters.population, warn_independent_sampling=False)

    def draw(self, drawing: Drawing) -> Point:
        return drawing.point(jointly=drawing.study.numbers)

    def learn(self, trial: Trial) -> None:
        super().learn(trial)
        self._memory.finish(trial)

    def keep(self, number: int, notes: Mapping[str, Any]) -> Mapping[str, Any]:
        self._memory.note(number, notes)
        return notes

    def state(self) -> dict[str, Any]:
        return self._memory.state() if self._study is not None else self._restored

    def recall(self, study: Study, state: dict[str, Any]) -> dict[int, dict[str, Any]]:
        self._memory = Memory(state)
        for trial in self.trials:
            if trial.result is not None:
                self._memory.finish(trial)
        return {trial.number: self._memory.notes(trial.number) for trial in self.trials}


class NSGA2Parameters(Section):
    """The parameters of Optuna's NSGA-II."""

    population: int = Field(20, ge=2, description="parents of a generation, and trials before the next one")
    crossover: float = Field(0.9, ge=0, le=1, description="probability that a child has two parents")
    swapping: float = Field(0.5, ge=0, le=1, description="probability of each value to come from the second one")
    mutation: float | None = Field(None, ge=0, le=1, description="of each value; none: 1 / dimensions")


class OptunaNSGA2(OptunaAlgorithm[NSGA2Parameters]):
    """NSGA-II (Deb et al. 2002): a population that follows the front; for one objective, a genetic algorithm.

    Dimensions with conditions are drawn at random.
    """

    Parameters = NSGA2Parameters
    many_objectives = True

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self._generation, self._start = 0, 0

    def sampler(self, seed: int) -> BaseSampler:
        from optuna.samplers import NSGAIISampler

        parameters = self.parameters
        return NSGAIISampler(
            seed=seed,
            population_size=parameters.population,
            crossover_prob=parameters.crossover,
            swapping_prob=parameters.swapping,
            mutation_prob=parameters.mutation,
        )

    def keep(self, number: int, notes: Mapping[str, Any]) -> Mapping[str, Any]:
        if notes[GENERATION] > self._generation:
            self._generation, self._start = notes[GENERATION], number
        return notes

    def state(self) -> dict[str, Any]:
        if self._study is None:
            return self._restored
        parents = self._study.attribute(f"{PARENTS}{self._generation}")
        return {"generation": self._generation, "start": self._start, "parents": parents}

    def recall(self, study: Study, state: dict[str, Any]) -> dict[int, dict[str, Any]]:
        """Earlier generations are as good as the last but one: only its being full matters."""
        self._generation, self._start = state.get("generation", 0), state.get("start", 0)
        if state.get("parents"):
            study.set_attribute(f"{PARENTS}{self._generation}", state["parents"])
        return {t.number: {GENERATION: self._generation - (t.number < self._start)} for t in self.trials}


GENERATION = "NSGAIISampler:generation"
PARENTS = "NSGAIISampler:parent:"
"""Under these names Optuna's NSGA-II notes the generation on a trial and a generation's parents on the study."""

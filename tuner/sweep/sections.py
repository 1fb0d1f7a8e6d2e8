"""The sections of a sweep file: closed, typed, every field with its meaning, unit and default."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from factory.blocks.values import Positive, Section

Whole = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _whole_or_part(value: float) -> float:
    if value > 1 and not value.is_integer():
        raise PydanticCustomError("whole_or_part", "expected whole GPUs, or a part of one")
    return value


class ObjectiveSection(Section):
    """What is better: more or less of a metric, or of an expression of metrics and costs."""

    maximize: str | None = Field(None, description="val_accuracy, or val_accuracy * (macs / 300M) ** -0.07")
    minimize: str | None = Field(None, description="val_loss, or macs; one of the two is given")
    take: Literal["best", "last", "average"] = Field("best", description="the epoch whose value counts")
    name: str | None = Field(None, description="what reports call it; else as it is written")


class Budget(Section):
    """How much is tried."""

    trials: Whole = Field(100, description="trials, failed ones among them")
    hours: Positive | None = Field(None, description="no trial begins after so many hours; else there is no limit")
    epochs: Whole | None = Field(None, description="of each trial; else the recipe's")


class Repeats(Section):
    """Several runs of one trial, whose values are averaged."""

    seeds: Whole = Field(1, description="runs, each with a seed of its own")
    folds: Annotated[int, Field(ge=2)] | None = Field(None, description="a run for each of so many folds of the data")


class StopRule(Section):
    """When a trial ends early because the others were better after as many epochs."""

    rule: Literal["median"] = Field("median", description="its best so far is below the median of the others' means")
    after: Whole = Field(3, description="no trial ends before so many epochs")
    trials: Whole = Field(5, description="no trial ends before so many others have come as far")


class TrialLimits(Section):
    """What a single trial may take."""

    minutes: Positive | None = Field(None, description="a longer trial is ended as timed out; else there is no limit")
    retries: Count = Field(0, description="how often a failed trial is tried again")
    memory_gb: Positive | None = Field(
        None, description="a larger worker is replaced; else one beyond its share of memory"
    )
    cpus: Whole | None = Field(None, description="threads of a worker; else its share of the cores, 1 on a cluster")
    gpus: Annotated[float, Field(ge=0), AfterValidator(_whole_or_part)] = Field(
        0, description="of a node of a cluster; 0.25: four trials share one"
    )


class SweepFile(Section):
    """A search in one file."""

    sweep: str | None = Field(None, description="its name; else the file's")
    note: str | None = Field(None, description="what it is for, the time it takes, the result to expect")
    spec: str | dict[str, Any] = Field(..., description="the network around which is searched: a name, a path, a spec")
    space: dict[str, Any] = Field(..., description="what is searched: values by path of the spec, or recipe.PATH")
    constraints: Annotated[tuple[str, ...], BeforeValidator(_as_tuple)] = Field(
        (), description="conditions on costs that every candidate fulfils: macs <= 400M"
    )
    objective: ObjectiveSection | Annotated[tuple[ObjectiveSection, ...], BeforeValidator(_as_tuple)] = Field(
        ObjectiveSection(maximize="val_accuracy"), description="what is better; a list for a Pareto front"
    )
    algorithm: str | dict[str, Any] = Field("random", description="how points are proposed: a name, or with parameters")
    budget: Budget = Field(Budget(), description="how much is tried")
    workers: Whole = Field(1, description="trials at the same time, each in a process of its own")
    data: str = Field("digits", description="what is learnt: as factory train --data")
    recipe: str | dict[str, Any] = Field("base", description="how each candidate is trained: a name, a path, a recipe")
    seed: Count = Field(0, description="of all proposals")
    repeats: Repeats = Field(Repeats(), description="runs of one trial, whose values are averaged")
    stop: StopRule | None = Field(None, description="when weak trials end early")
    trial: TrialLimits = Field(TrialLimits(), description="what a single trial may take")
    keep: Count = Field(1, description="so many best trials keep weights and checkpoints; the others their records")

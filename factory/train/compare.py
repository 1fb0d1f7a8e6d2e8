"""Runs beside each other: how far they came, what they cost, in which settings they differ. Knows no TensorFlow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from factory.errors import FactoryError, did_you_mean
from factory.spec import cost, load
from factory.spec.plain import plain
from factory.spec.reading import read_file
from factory.train.run import METRICS_JSONL, RECIPE, RESULT, RUN, SPEC
from factory.train.stopping import improves

Measures = dict[str, float]
State = Literal["finished", "stopped early", "unfinished"]

HEADLINES = {"classes": "accuracy", "labels": "f1", "values": "mean_absolute_error", "pixels": "mean_iou"}
"""The measure by which the epochs of a task are ranked, as factory.train.measures has it."""
_VALIDATION = "val_"
_NOT_COMPARED = {"spec": ("factory", "about", "expect"), "recipe": ("note", "spec")}
"""What is no setting; the recipe's overrides of the network are in the resolved spec already."""


@dataclass(frozen=True)
class Run:
    """A run folder as it stands. `epochs` are finished, `planned` is what the recipe asks for.

    `train`, `validation` and `test` are measures after the best epoch, empty where a part has none; `headline` names
    the one that chose that epoch. `settings` are data, spec and recipe.
    """

    name: str
    folder: Path
    state: State
    epochs: int
    planned: int
    best_epoch: int | None
    headline: str
    train: Measures
    validation: Measures
    test: Measures
    params: int
    macs: int | None
    seconds: float
    images_per_second: float | None
    settings: dict[str, Any]


class Difference(NamedTuple):
    """A setting in which runs differ: its path, and its value in every run, None where one has none."""

    path: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Comparison:
    """What `factory compare` shows."""

    runs: tuple[Run, ...]
    differences: tuple[Difference, ...]


class _Facts(BaseModel):
    """What is needed of run.json."""

    data: str
    task: str


class _Result(BaseModel):
    """What is needed of result.json."""

    epochs: int
    best_epoch: int
    train: Measures
    validation: Measures
    test: Measures
    params: int
    macs: int | None
    seconds: float
    images_per_second: float


class _Row(BaseModel, extra="allow"):
    """A row of metrics.jsonl; whatever it holds beside these is a measure. `seconds` are those since the run began."""

    epoch: int
    step: int
    learning_rate: float
    seconds: float
    images_per_second: float
    __pydantic_extra__: Measures


M = TypeVar("M", bound=BaseModel)


def compare(folders: Sequence[str | Path]) -> Comparison:
    """The runs in these folders and the settings in which they differ. Raises FactoryError for what is no run."""
    names = short_names(folders)
    runs = tuple(read_run(folder, name) for folder, name in zip(folders, names, strict=True))
    return Comparison(runs, tuple(differences([run.settings for run in runs])))


def short_names(paths: Sequence[str | Path]) -> list[str]:
    """What to call each path: its last part, or all of it where those are not distinct; .keras is left out.

    Raises FactoryError where one is given twice.
    """
    resolved = [Path(path).resolve() for path in paths]
    for index, path in enumerate(resolved):
        if path in resolved[:index]:
            raise FactoryError(f"{paths[index]}: given twice")
    names = [path.stem if path.suffix == ".keras" else path.name for path in resolved]
    return names if len(set(names)) == len(names) else [str(path) for path in paths]


def read_run(folder: str | Path, name: str | None = None) -> Run:
    """A run, finished or not, as its files tell it.

    Of an unfinished one the best epoch so far counts, and parameters and MACs are worked out from its spec. Raises
    FactoryError for a folder that is none or has no run in it, and for damaged files.
    """
    folder = Path(folder)
    facts = _parsed(_Facts, folder / RUN, _run_text(folder))
    settings = _settings(folder, facts.data)
    planned = settings["recipe"].get("epochs")
    if not isinstance(planned, int):
        raise FactoryError(f"{folder / RECIPE}: damaged: expected 'epochs', a whole number, received {planned!r}")
    headline = HEADLINES.get(facts.task)
    if headline is None:
        raise FactoryError(f"{folder / RUN}: unknown task '{facts.task}'; {did_you_mean(facts.task, HEADLINES)}")
    result = folder / RESULT
    known = _finished(result, planned) if result.exists() else _unfinished(folder, headline)
    return Run(
        name=name or folder.resolve().name,
        folder=folder,
        planned=planned,
        headline=headline,
        settings=settings,
        **known,
    )


def _finished(path: Path, planned: int) -> dict[str, Any]:
    result = _parsed(_Result, path, _text(path))
    return {**dict(result), "state": "finished" if result.epochs >= planned else "stopped early"}


def _unfinished(folder: Path, headline: str) -> dict[str, Any]:
    rows = _rows(folder / METRICS_JSONL)
    network = cost(load(folder / SPEC))
    best = _best(rows, headline)
    measures = best.__pydantic_extra__ if best else {}
    return {
        "state": "unfinished",
        "epochs": rows[-1].epoch if rows else 0,
        "best_epoch": best.epoch if best else None,
        "train": {name: value for name, value in measures.items() if not name.startswith(_VALIDATION)},
        "validation": {
            name.removeprefix(_VALIDATION): value for name, value in measures.items() if name.startswith(_VALIDATION)
        },
        "test": {},
        "params": network.params,
        "macs": network.macs,
        "seconds": rows[-1].seconds if rows else 0.0,
        "images_per_second": median(row.images_per_second for row in rows) if rows else None,
    }


def _best(rows: Sequence[_Row], headline: str) -> _Row | None:
    """The best epoch so far, by the rule of training itself."""
    best, found = None, None
    for row in rows:
        measures = row.__pydantic_extra__
        value = measures.get(_VALIDATION + headline, measures.get(headline))
        if value is not None and improves(headline, value, best):
            best, found = value, row
    return found


def differences(values: Sequence[Any], path: str = "") -> Iterator[Difference]:
    """The paths at which nested mappings and lists differ, in the order of their keys."""
    first = values[0]
    if all(isinstance(value, dict) for value in values):
        for key in dict.fromkeys(key for value in values for key in value):
            yield from differences([value.get(key) for value in values], f"{path}.{key}" if path else str(key))
    elif all(isinstance(value, list) and len(value) == len(first) for value in values):
        for index, items in enumerate(zip(*values, strict=True)):
            yield from differences(items, f"{path}.{index}")
    elif any(value != first or isinstance(value, bool) != isinstance(first, bool) for value in values):
        yield Difference(path, tuple(values))


def _settings(folder: Path, data: str) -> dict[str, Any]:
    read = {"spec": read_file(folder / SPEC), "recipe": read_file(folder / RECIPE)}
    kept = {
        part: {key: plain(value) for key, value in values.items() if key not in _NOT_COMPARED[part]}
        for part, values in read.items()
    }
    return {"data": data, **kept}


def _run_text(folder: Path) -> str:
    """run.json, which makes a folder a run."""
    if not folder.exists():
        there = folder.parent.glob("*/run.json") if folder.parent.is_dir() else ()
        hint = did_you_mean(str(folder), [str(path.parent) for path in there])
        raise FactoryError(f"{folder}: there is no such folder" + (f"; {hint}" if hint else ""))
    if not folder.is_dir():
        raise FactoryError(f"{folder}: expected the folder of a run, this is a file")
    if not (folder / RUN).is_file():
        inside = sorted(str(path.parent) for path in folder.glob(f"*/{RUN}"))
        hint = f"; there are runs in it: {did_you_mean('', inside, many=4).removeprefix('known: ')}" if inside else ""
        raise FactoryError(f"{folder}: expected the folder of a run, but it has no {RUN}{hint}")
    return _text(folder / RUN)


def _rows(path: Path) -> list[_Row]:
    """The finished epochs; a run that was killed in its first has none."""
    if not path.exists():
        return []
    return [_parsed(_Row, path, line) for line in _text(path).splitlines()]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FactoryError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _parsed(kind: type[M], path: Path, text: str) -> M:
    try:
        return kind.model_validate(json.loads(text))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise FactoryError(f"{path}: damaged: {where + ': ' if where else ''}{first['msg']}") from None
    except ValueError as error:
        raise FactoryError(f"{path}: damaged: {error}") from None

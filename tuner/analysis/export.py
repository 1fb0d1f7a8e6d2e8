"""A sweep's results for use elsewhere: trials as CSV, the best network as a spec with its recipe and its weights."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any

from factory.errors import FactoryError
from factory.files import write_whole
from factory.train.run import MODEL
from tuner.analysis.ranking import best, objectives, pareto_front
from tuner.store import Store, TrialRecord

TRIALS, BEST, FRONT = "trials.csv", "best", "front"
_BEFORE = ("number", "status", "copied_from", "continues", "inherits")
_AFTER = ("epochs", "seconds", "attempts", "seed", "worker", "device", "created", "started", "ended", "key", "error")


def export(store: Store, output: Path, *, weights: bool = False) -> list[Path]:
    """Writes trials.csv, and best.yaml, best.recipe.yaml and, if asked, best.keras; returns what was written.

    With several objectives the best is the knee, and a folder `front` has the same files for each trial of the front,
    named by its number. Without a trial that has scores there is only the table. Raises FactoryError for weights that
    the sweep does not keep, and where a file cannot be written.
    """
    records = store.trials()
    chosen = best(records)
    named = [] if chosen is None else [(output / BEST, chosen)]
    if objectives(records) > 1:
        named += [(output / FRONT / f"{record.number:04}", record) for record in pareto_front(records)]
    models = {record.number: model_of(store, record) for _, record in named} if weights else {}
    try:
        return [_table(output, records), *(path for stem, record in named for path in _network(stem, record, models))]
    except OSError as error:
        raise FactoryError(f"{output}: cannot be written: {error.strerror or error}") from error


def trials_csv(records: Sequence[TrialRecord]) -> str:
    """A line a trial. Objectives, costs and dimensions are columns of their own names; `front` where there is one.

    A dimension that takes no part in a trial is empty; null, true and false are written as in YAML.
    """
    several = objectives(records) > 1
    on_front = {record.number for record in pareto_front(records)} if several else set()
    values = _names(record.values for record in records)
    costs = [name for name in _names(record.costs for record in records) if name not in values]
    dimensions = _names(record.point for record in records)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*_BEFORE, *values, *(["front"] if several else []), *costs, *dimensions, *_AFTER])
    for record in records:
        row = [_cell(getattr(record, name)) for name in _BEFORE]
        row += [_cell(record.values.get(name)) for name in values]
        row += [_cell(record.number in on_front)] if several else []
        row += [_cell(record.costs.get(name)) for name in costs]
        row += [_label(record.point[name]) if name in record.point else "" for name in dimensions]
        table.writerow(row + [_cell(getattr(record, name)) for name in _AFTER])
    return text.getvalue()


def model_of(store: Store, record: TrialRecord) -> Path:
    """The trained network of a trial, of its first run where it has several. Raises FactoryError where none is kept."""
    found = sorted(store.folder(record.number).glob(f"run-*/{MODEL}"))
    if not found:
        raise FactoryError(
            f"{store.directory}: the weights of trial {record.number} are not there; a sweep keeps those of the best "
            "trials that were trained to the end, as many as 'keep' says"
        )
    return found[0]


def _table(output: Path, records: Sequence[TrialRecord]) -> Path:
    output.mkdir(parents=True, exist_ok=True)
    write_whole(output / TRIALS, trials_csv(records))
    return output / TRIALS


def _network(stem: Path, record: TrialRecord, models: dict[int, Path]) -> list[Path]:
    """Spec, recipe and, where there is a model, that: files that share a stem."""
    about = "".join(f", {name} {value:.6g}" for name, value in record.values.items())
    texts = {
        stem.with_name(f"{stem.name}.yaml"): record.spec,
        stem.with_name(f"{stem.name}.recipe.yaml"): record.recipe,
    }
    stem.parent.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        write_whole(path, f"# trial {record.number} of a sweep{about}\n{text}")
    if not models:
        return list(texts)
    model = stem.with_name(f"{stem.name}.keras")

    def copy(target: IO[bytes]) -> None:
        with models[record.number].open("rb") as source:
            shutil.copyfileobj(source, target)

    write_whole(model, copy)
    return [*texts, model]


def _names(mappings: Iterable[dict[str, Any]]) -> list[str]:
    """All keys, in the order in which they come up."""
    return list(dict.fromkeys(name for mapping in mappings for name in mapping))


def _cell(value: Any) -> str:
    return "" if value is None else _label(value)


def _label(value: Any) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)

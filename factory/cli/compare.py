"""`factory compare`: runs beside each other."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from factory.cli.options import Json

if TYPE_CHECKING:
    from factory.train.compare import Comparison, Run

PARTS = ("train", "validation", "test")
_WIDEST = 40  # characters of a setting in a table; JSON and CSV have all of it


def run(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of runs, such as runs/*.")],
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, a line a run.")] = False,
) -> None:
    """Compare runs: measures, costs, and the settings in which they differ.

    A run that is not finished is shown as it stands. Measures are those after the best epoch.
    """
    from factory.errors import FactoryError
    from factory.train.compare import compare

    if json and csv:
        raise FactoryError("--json and --csv: take one of them")
    found = compare(runs)
    if json:
        print(_as_json(found))
    elif csv:
        _print_csv(found)
    else:
        _print_tables(found)


def _print_tables(found: Comparison) -> None:
    from factory.cli.output import count, human, print_table
    from factory.spec.writing import flow

    headlines = list(dict.fromkeys(run.headline for run in found.runs if run.validation))
    tested = list(dict.fromkeys(name for run in found.runs for name in run.test))
    rows = [
        [
            run.name,
            run.state,
            str(run.epochs) if run.epochs == run.planned else f"{run.epochs}/{run.planned}",
            count(run.best_epoch),
            *(_measure(run.validation.get(name) if name == run.headline else None) for name in headlines),
            *(_measure(run.test.get(name)) for name in tested),
            human(run.params),
            human(run.macs),
            f"{run.seconds:,.1f}",
            human(run.images_per_second),
        ]
        for run in found.runs
    ]
    measures = [*(f"val {_words(name)}" for name in headlines), *(f"test {_words(name)}" for name in tested)]
    columns = ["run", "state", "epochs", "best", *measures, "params", "MACs", "seconds", "images/s"]
    print_table(columns, rows, left={"run", "state"})
    if found.differences:
        print()
        names = [run.name for run in found.runs]
        settings = [[path, *(_setting(value, flow) for value in values)] for path, values in found.differences]
        print_table(["setting", *names], settings, left={"setting", *names})
    elif len(found.runs) > 1:
        print("\nno setting differs")


def _words(name: str) -> str:
    return name.replace("_", " ")


def _measure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _setting(value: Any, flow: Any) -> str:
    text = "-" if value is None else value if isinstance(value, str) else flow(value)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 3] + "..."


def _as_json(found: Comparison) -> str:
    from json import dumps

    runs = [_facts(run) | {part: getattr(run, part) for part in PARTS} for run in found.runs]
    settings = [{"path": path, "values": list(values)} for path, values in found.differences]
    return dumps({"runs": runs, "differences": settings}, indent=2)


def _print_csv(found: Comparison) -> None:
    from csv import DictWriter

    from factory.spec.writing import flow

    facts = [_facts(run) for run in found.runs]
    measures = [
        {f"{part}_{name}": value for part in PARTS for name, value in getattr(run, part).items()} for run in found.runs
    ]
    settings = [
        {path: _cell(values[run], flow) for path, values in found.differences} for run in range(len(found.runs))
    ]
    columns = dict.fromkeys(column for group in (facts, measures, settings) for row in group for column in row)
    writer = DictWriter(sys.stdout, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(fact | measure | setting for fact, measure, setting in zip(facts, measures, settings, strict=True))


def _facts(run: Run) -> dict[str, Any]:
    return {
        "run": run.name,
        "folder": str(run.folder),
        "state": run.state,
        "epochs": run.epochs,
        "planned_epochs": run.planned,
        "best_epoch": run.best_epoch,
        "params": run.params,
        "macs": run.macs,
        "seconds": run.seconds,
        "images_per_second": run.images_per_second,
    }


def _cell(value: Any, flow: Any) -> Any:
    """A setting in a cell: structured values on one line of YAML."""
    return flow(value) if isinstance(value, (dict, list, bool)) else value

"""`factory evaluate`: how good trained networks are, alone and together."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from factory.cli.options import Json

if TYPE_CHECKING:
    from factory.train.assess import Assessment


def run(
    models: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of finished runs, or .keras files.")],
    data: Annotated[
        str | None, typer.Option("--data", metavar="DATA", help="Data to evaluate on, by default each run's own.")
    ] = None,
    part: Annotated[
        Literal["train", "validation", "test"] | None,
        typer.Option("--part", help="Part of the data, by default test where there is one."),
    ] = None,
    flip: Annotated[
        bool | None, typer.Option("--flip/--no-flip", help="Average over mirrored images, too.", show_default=False)
    ] = None,
    crops: Annotated[
        Literal["1", "5", "10"] | None,
        typer.Option("--crops", help="Average over the centre (1), the corners, too (5), all mirrored, too (10)."),
    ] = None,
    scale: Annotated[
        float | None, typer.Option("--scale", min=1.0, help="Image size over crop size: 256/224 = 1.143.")
    ] = None,
    dense: Annotated[
        bool | None,
        typer.Option(
            "--dense/--no-dense", help="Run the network over the whole scaled image (VGG).", show_default=False
        ),
    ] = None,
    ensemble: Annotated[bool, typer.Option("--ensemble", help="The mean of all networks' predictions, too.")] = False,
    per_class: Annotated[
        bool, typer.Option("--per-class", help="A line for every class, and the classes most often confused.")
    ] = False,
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", min=1, help="Images at a time, by default the recipe's.")
    ] = None,
    json: Json = False,
) -> None:
    """Evaluate trained networks on data.

    Views of images (--flip, --crops, --scale, --dense) are those of the run's recipe unless given here; of a .keras
    file, one view.
    """
    from factory.cli.output import progress
    from factory.models.quiet import quiet_tensorflow
    from factory.train.subjects import find_subjects

    subjects = find_subjects(models)
    given = {"flip": flip, "crops": crops and int(crops), "scale": scale, "dense": dense}
    with progress("starting TensorFlow"):
        quiet_tensorflow()
    from factory.train.assess import assess

    with progress("evaluating"):
        found = assess(
            subjects,
            data=data,
            part=part,
            views={name: value for name, value in given.items() if value is not None},
            ensemble=ensemble,
            per_class=per_class,
            batch_size=batch_size,
            say=_note,
        )
    if json:
        from dataclasses import asdict
        from json import dumps

        print(dumps([asdict(entry) | {"measures": _known(entry.measures)} for entry in found], indent=2))
        return
    _print(found)


def _known(measures: dict[str, float]) -> dict[str, float | None]:
    """JSON knows no nan: what is undefined is null."""
    return {name: None if isnan(value) else value for name, value in measures.items()}


def _note(line: str) -> None:
    import sys

    print(line, file=sys.stderr)  # standard output is for results


def _print(found: list[Assessment]) -> None:
    from factory.cli.output import count, print_table

    measures = list(dict.fromkeys(name for entry in found for name in entry.measures))
    rows = [
        [entry.name, entry.data, entry.part, count(entry.samples), *(_number(entry.measures.get(m)) for m in measures)]
        for entry in found
    ]
    titles = [name.replace("_", " ") for name in measures]
    print_table(["network", "data", "part", "images", *titles], rows, left={"network", "data", "part"})
    for entry in found:
        if entry.classes:
            print(f"\n{entry.name}" if len(found) > 1 else "")
            _print_rows(entry.classes)
        if entry.confused:
            print()
            _print_rows(entry.confused)


def _print_rows(rows: list[dict[str, Any]]) -> None:
    from factory.cli.output import print_table

    titles = {key: key.replace("_", " ") for key in rows[0]}
    cells = [[_number(value) if not isinstance(value, str) else value for value in row.values()] for row in rows]
    print_table(list(titles.values()), cells, left={"class", "taken for"})


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.4f}"

"""`factory space`: what a search space is like, before a sweep and after one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Json
from factory.cli.sweep import complete_sweep

if TYPE_CHECKING:
    from tuner import Sweep


def run(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE|DIR",
            help="A sweep file or the name of one that comes along; or the directory of a sweep with trials.",
            autocompletion=complete_sweep,
        ),
    ],
    samples: Annotated[
        int | None, typer.Option("--samples", min=100, help="Points of FILE that are drawn, by default 1,000.")
    ] = None,
    objective: Annotated[
        str | None, typer.Option("--objective", metavar="NAME", help="What to look at in DIR, by default the first.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of all that is drawn.")] = 0,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Where to put pictures and tables as CSV.")
    ] = None,
    json: Json = False,
) -> None:
    """Tell what a search space is like.

    Of a FILE: its size, the share of it that is feasible, what its points cost, and how each value moves that. Of the
    DIR of a sweep: how its errors are distributed in each part of the space, how much each dimension matters, where
    the best points lie, and whether points that are near each other are alike.
    """
    from factory.errors import FactoryError

    directory = Path(file)
    if directory.is_dir():
        if samples is not None:
            raise FactoryError(f"--samples is for a sweep file: in {directory} the trials are looked at")
        _analyse(directory, objective, seed, output, json)
        return
    if objective is not None:
        raise FactoryError(f"--objective is for the directory of a sweep; {file} is a file, before any trial")
    import tuner

    _survey(tuner.load(file), samples, seed, output, json)


def _survey(sweep: Sweep, samples: int | None, seed: int, output: Path | None, json: bool) -> None:
    from factory.cli.output import progress
    from factory.cli.space_survey import print_survey, survey_as_json, write_survey
    from factory.draw.figures import check_drawing
    from tuner.candidates.estimate import SAMPLES
    from tuner.landscape import survey

    if output:
        check_drawing()
    with progress("looking at the space"):
        found = survey(sweep.candidates, samples=samples or SAMPLES, seed=seed)
    files = write_survey(found, output) if output else []
    if json:
        print(survey_as_json(sweep, found))
        return
    print_survey(sweep, found)
    _tell(files)


def _analyse(directory: Path, objective: str | None, seed: int, output: Path | None, json: bool) -> None:
    from factory.cli.output import progress
    from factory.cli.space_analysis import analysis_as_json, print_analysis, write_analysis
    from factory.draw.figures import check_drawing
    from tuner.landscape import analyse, read_landscape
    from tuner.store import Store

    if output:
        check_drawing()
    with Store.open(directory) as store:
        landscape = read_landscape(store, objective)
    with progress("looking at the trials"):
        found = analyse(landscape, seed=seed)
    files = write_analysis(found, output) if output else []
    if json:
        print(analysis_as_json(found))
        return
    print_analysis(found)
    _tell(files)


def _tell(files: list[Path]) -> None:
    for path in files:
        print(f"wrote {path}")

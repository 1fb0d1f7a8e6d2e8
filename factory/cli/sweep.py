"""`factory sweep`: a search in one file, and what is known of one in its directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.sweep_group import RUN, FileOrCommand, RunCommand

if TYPE_CHECKING:
    from tuner.store import Store

app = typer.Typer(cls=FileOrCommand, no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Search for better networks, as a sweep file says.

    The same command goes on with a sweep that was stopped or killed. A file that is named like a command: ./status.
    """


def complete_sweep(incomplete: str) -> list[str]:
    """Names of sweeps, for the shell; paths it completes itself when none fits."""
    from factory.spec.zoo import names_in, zoo_directory

    return [name for name in names_in(zoo_directory() / "sweeps") if name.startswith(incomplete)]


Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The directory of a sweep.")]


@app.command(RUN, cls=RunCommand, hidden=True)
def run(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="A YAML file, or the name of a sweep that comes along.", autocompletion=complete_sweep
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="The sweep's directory; by default runs/sweep-NAME."),
    ] = None,
    workers: Annotated[int | None, typer.Option("--workers", min=1, help="Processes that train at a time.")] = None,
    cluster: Annotated[
        str | None,
        typer.Option("--cluster", metavar="auto|ADDRESS", help="Train on a Ray cluster: this machine's, or HOST:PORT."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be searched, and train nothing.")
    ] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew where the directory holds a sweep.")] = False,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="PATH=VALUE", help="Change a value of the file, such as data=FOLDER; repeatable."
        ),
    ] = None,
) -> None:
    """Search for better networks; the same command goes on with a sweep that was stopped or killed."""
    import tuner
    from factory.spec.overrides import Setting

    sweep = tuner.load(file, **{setting.path: setting for setting in map(Setting, settings or [])})
    directory = output or Path("runs") / f"sweep-{sweep.name}"
    if dry_run:
        from factory.cli.sweep_dry_run import print_dry_run

        print_dry_run(sweep, directory, workers or sweep.workers)
        return
    from factory.cli.sweep_running import run_sweep

    run_sweep(sweep, directory, workers, fresh=fresh, cluster=cluster)


@app.command()
def status(directory: Directory) -> None:
    """Tell how far a sweep is.

    Trials of each kind, the best so far, what runs, what failed, what was found damaged, and the time that is left.
    """
    from factory.cli.sweep_tables import print_status
    from tuner.analysis.status import read_state

    with _opened(directory) as store:
        print_status(read_state(store), directory)


@app.command()
def best(directory: Directory) -> None:
    """Print the best trial, or the front of several objectives."""
    from factory.cli.sweep_tables import print_best

    with _opened(directory) as store:
        print_best(store.trials(), directory)


@app.command()
def groups(
    directory: Directory,
    by: Annotated[
        list[str], typer.Option("--by", metavar="PATH", help="A dimension, or a path of the trials' specs; repeatable.")
    ],
) -> None:
    """Print mean and spread of the objective for each value of a setting.

    Trials are grouped by their values at each PATH: a dimension of the space, any path of their resolved specs, such as
    defaults.random_graph.generator.kind, or recipe.PATH. Each network counts once in a group.
    """
    from factory.cli.sweep_tables import print_groups

    with _opened(directory) as store:
        print_groups(store.trials(), by, directory)


@app.command()
def export(
    directory: Directory,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="OUT", help="A folder; by default export in DIR.")
    ] = None,
    weights: Annotated[bool, typer.Option("--weights", help="The trained network, too, as best.keras.")] = False,
) -> None:
    """Write the trials as CSV and the best as a spec.

    trials.csv, best.yaml and its recipe best.recipe.yaml, with --weights best.keras; of several objectives the best is
    the knee, and a folder front has the same for each trial of the front. None of it needs the sweep any more.
    """
    from factory.cli.output import size
    from tuner.analysis.export import export as write

    with _opened(directory) as store:
        for path in write(store, output or directory / "export", weights=weights):
            print(f"wrote {path} ({size(path.stat().st_size)})")


@app.command()
def stop(directory: Directory) -> None:
    """Ask a sweep that runs to finish.

    The same command as before goes on with it later.
    """
    with _opened(directory) as store:
        driver = store.driver()
        if driver is None:
            print(f"{directory}: nobody runs this sweep; nothing to stop")
            return
        store.request_stop()
    print(f"{directory}: asked process {driver['pid']} on {driver['host']} to stop")


def _opened(directory: Path) -> Store:
    from tuner.store import Store

    return Store.open(directory)

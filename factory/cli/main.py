"""The `factory` command: its subcommands, and what happens to mistakes, Ctrl-C and closed pipes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from factory.cli import (
    adapt,
    blocks,
    build,
    check,
    compare,
    diff,
    evaluate,
    info,
    latency,
    list,
    lr_find,
    new,
    predict,
    recipe,
    render,
    scale,
    schema,
    similarity,
    space,
    sweep,
    train,
    weights,
)
from factory.errors import FactoryError

USER_MISTAKE = 2

app = typer.Typer(
    help="A model factory for Keras and TensorFlow: networks as short YAML specs, exact costs, built and scaled.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help starts without importing rich
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
COMMANDS = (
    list, info, check, render, diff, scale, new, blocks, schema, build, train, evaluate, predict, lr_find, compare,
    similarity, latency, space, adapt,
)  # fmt: skip
for command in COMMANDS:
    app.command(command.__name__.rpartition(".")[2].replace("_", "-"))(command.run)
app.add_typer(weights.app, name="weights")
app.add_typer(recipe.app, name="recipe")
app.add_typer(sweep.app, name="sweep")


def _print_version(wanted: bool) -> None:
    if wanted:
        from factory import __version__

        print(f"factory {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: bool = typer.Option(
        False, "--version", help="Print the version and exit.", is_eager=True, callback=_print_version
    ),
) -> None:
    """Options of the command itself."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit code: 0, 2 for a mistake of the user's, 130 for Ctrl-C.

    Anything else that goes wrong is a fault of ours: Python prints it and exits with 1.
    """
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # who read our output has seen enough; without this Python complains while it exits
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code


def _run(arguments: Sequence[str] | None) -> int:
    try:
        app(args=arguments, prog_name="factory")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    except FactoryError as error:
        sys.stdout.flush()  # what was printed before the mistake comes before it
        print(error, file=sys.stderr)
        return USER_MISTAKE
    except KeyboardInterrupt:
        return 130
    return 0

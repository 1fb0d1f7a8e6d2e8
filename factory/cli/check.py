"""`factory check`: whether specs are right, and cost what they expect to."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from factory.cli.options import (
    MAX_NODES,
    MAX_PARAMS,
    Depth,
    MaxNodes,
    MaxParams,
    Resolution,
    Settings,
    Width,
    complete_spec,
    limits,
    load_spec,
)
from factory.cli.output import count, human


def run(
    specs: Annotated[
        list[str],
        typer.Argument(metavar="SPEC...", help="YAML files or names of the zoo.", autocompletion=complete_spec),
    ],
    settings: Settings = None,
    width: Width = None,
    depth: Depth = None,
    resolution: Resolution = None,
    max_params: MaxParams = MAX_PARAMS,
    max_nodes: MaxNodes = MAX_NODES,
) -> None:
    """Check specs, and that they cost what they expect to.

    Every rule of the language, every shape, and the numbers under 'expect'; all mistakes of all files in one run.
    """
    from factory.errors import FactoryError
    from factory.spec.check import check

    wrong = False
    for name in specs:
        try:
            cost = check(load_spec(name, settings, width, depth, resolution), limits=limits(max_params, max_nodes))
            print(f"{name}: ok, {count(cost.params)} parameters, {human(cost.macs)} MACs")
        except FactoryError as error:
            wrong = True
            print(error, file=sys.stderr)
    if wrong:
        raise typer.Exit(2)

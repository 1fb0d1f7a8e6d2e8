"""`factory list`: the zoo with resolution, parameters and MACs."""

from __future__ import annotations

from typing import Annotated

import typer

from factory.cli.options import Json
from factory.cli.output import count, human, print_table


def run(
    pattern: Annotated[
        str | None, typer.Argument(metavar="[PATTERN]", help="Part of a name, or a pattern: '*_b[0-3]'.")
    ] = None,
    json: Json = False,
) -> None:
    """List the networks of the zoo with what they cost."""
    from factory.spec.overview import overview

    entries = overview(pattern)
    if json:
        from json import dumps

        print(dumps(entries, indent=2))
        return
    rows = [
        [entry["name"], _resolution(entry["resolution"]), count(entry["params"]), human(entry["macs"])]
        for entry in entries
    ]
    print_table(["name", "resolution", "params", "MACs"], rows, left={"name"})


def _resolution(sizes: list[int] | None) -> str:
    if sizes is None:
        return "any"
    return str(sizes[0]) if sizes[0] == sizes[1] else "x".join(map(str, sizes))

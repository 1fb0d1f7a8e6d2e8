"""`factory list`: what there is in the zoo, what it costs, what it was checked against."""

from __future__ import annotations

from typing import Annotated

import typer

from factory.cli.options import Json
from factory.cli.output import human, print_table


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
        [
            entry["name"],
            entry["authors"] or "-",
            resolution(entry["resolution"]),
            human(entry["params"]),
            human(entry["macs"]),
            human(entry["activations"]),
            entry["equals"] or entry["source"] or "-",
        ]
        for entry in entries
    ]
    print_table(
        ["name", "paper", "size", "params", "MACs", "acts", "checked against"],
        rows,
        left={"name", "paper", "checked against"},
    )


def resolution(sizes: list[int] | None) -> str:
    """[224, 224] -> 224, [1024, 2048] -> 1024x2048, None -> any."""
    if sizes is None:
        return "any"
    return str(sizes[0]) if sizes[0] == sizes[1] else "x".join(map(str, sizes))

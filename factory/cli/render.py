"""`factory render`: the resolved spec with every default filled in."""

from __future__ import annotations

from typing import Annotated

import typer

from factory.cli.options import Depth, Resolution, Settings, SpecName, Width, load_spec


def run(
    spec: SpecName,
    settings: Settings = None,
    width: Width = None,
    depth: Depth = None,
    resolution: Resolution = None,
    flat: Annotated[
        bool, typer.Option("--flat", help="Apply the multipliers: every number is the network's own, scale is 1.")
    ] = False,
    freeze: Annotated[
        bool, typer.Option("--freeze", help="Write the edges of random graphs in place of generator, nodes and seed.")
    ] = False,
) -> None:
    """Print a spec with every default filled in.

    Inheritance and overrides are applied, so that it stands by itself; it is the same network as before.
    """
    from factory.spec.render import render

    print(render(load_spec(spec, settings, width, depth, resolution), flat=flat, frozen=freeze), end="")

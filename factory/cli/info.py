"""`factory info`: what a network is made of and costs."""

from __future__ import annotations

from typing import Annotated

import typer

from factory.cli.options import (
    MAX_NODES,
    MAX_PARAMS,
    Depth,
    Json,
    MaxNodes,
    MaxParams,
    NoTop,
    Resolution,
    Settings,
    Width,
    complete_spec,
    limits,
    load_spec,
)


def run(
    spec: Annotated[
        str,
        typer.Argument(
            metavar="SPEC|MODEL", help="A YAML file, a name of the zoo, or a built model.", autocompletion=complete_spec
        ),
    ],
    settings: Settings = None,
    width: Width = None,
    depth: Depth = None,
    resolution: Resolution = None,
    batch: Annotated[int, typer.Option("--batch", min=1, help="Batch size for the memory estimates.")] = 1,
    layers: Annotated[bool, typer.Option("--layers", help="A line for each operation.")] = False,
    no_top: NoTop = False,
    json: Json = False,
    max_params: MaxParams = MAX_PARAMS,
    max_nodes: MaxNodes = MAX_NODES,
) -> None:
    """Show what a network is made of and costs, stage by stage.

    Parameters, MACs (multiply-accumulates) and activations are exact, memory is an estimate. Field is the receptive
    field in pixels of the input. MODEL is a .keras file or a SavedModel folder that `factory build` wrote.
    """
    from factory.cli.stages import print_layers, print_stages, print_totals
    from factory.spec import plan
    from factory.spec.summary import layers as layers_of
    from factory.spec.summary import summarize

    loaded = load_spec(spec, settings, width, depth, resolution)
    graph = plan(loaded, top=not no_top, limits=limits(max_params, max_nodes))
    summary = summarize(loaded, graph, batch=batch)
    if json:
        from json import dumps

        print(dumps({**summary, "layers": layers_of(graph)} if layers else summary, indent=2))
        return
    if layers:
        print_layers(layers_of(graph))
    else:
        print_stages(summary)
    print()
    print_totals(summary)

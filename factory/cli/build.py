"""`factory build`: from a spec to saved models."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Literal

import typer

from factory.cli.options import (
    MAX_NODES,
    MAX_PARAMS,
    Depth,
    MaxNodes,
    MaxParams,
    NoTop,
    Resolution,
    Settings,
    SpecName,
    Width,
    limits,
    load_spec,
)


def run(
    spec: SpecName,
    settings: Settings = None,
    width: Width = None,
    depth: Depth = None,
    resolution: Resolution = None,
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Where models are written.")] = Path(
        "models"
    ),
    format: Annotated[
        str, typer.Option("--format", help="keras, saved_model, or both with a comma between.")
    ] = "keras",
    weights: Annotated[
        str | None,
        typer.Option(
            "--weights",
            metavar="FILE",
            help="Start from the weights in a .keras or .weights.h5 file, in a .h5 file of keras.applications, "
            "or, with imagenet, from those that it downloads.",
        ),
    ] = None,
    classes: Annotated[int | None, typer.Option("--classes", min=1, help="Number of classes.")] = None,
    no_top: NoTop = False,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, gpu or gpu:0, gpu:1, ...")] = "auto",
    precision: Annotated[
        Literal["float32", "mixed_float16", "mixed_bfloat16"], typer.Option("--precision", help="What it computes in.")
    ] = "float32",
    jit: Annotated[Literal["auto", "on", "off"], typer.Option("--jit", help="Compile with XLA.")] = "auto",
    strategy: Annotated[Literal["none", "mirrored"], typer.Option("--strategy", help="Over several GPUs.")] = "none",
    seed: Annotated[int | None, typer.Option("--seed", help="The same initial weights in every run.")] = None,
    labels: Annotated[
        Path | None,
        typer.Option("--labels", metavar="FILE", help="Names of the classes, a line each, kept in the model."),
    ] = None,
    max_params: MaxParams = MAX_PARAMS,
    max_nodes: MaxNodes = MAX_NODES,
) -> None:
    """Build a Keras model with fresh weights and save it."""
    from factory.cli.output import progress, size
    from factory.cli.stages import print_stages
    from factory.models.choices import FORMATS, check_choice, check_device_name
    from factory.models.labels import read_label_file
    from factory.models.quiet import quiet_tensorflow
    from factory.spec import plan
    from factory.spec.headless import without_top
    from factory.spec.render import render
    from factory.spec.summary import summarize

    formats = [check_choice("format", name, FORMATS) for name in format.split(",")]
    check_device_name(device)
    settings = [*(settings or []), *([f"classes={classes}"] if classes else [])]
    loaded = load_spec(spec, settings, width, depth, resolution)
    if no_top:
        loaded = without_top(loaded)
    graph = plan(loaded, limits=limits(max_params, max_nodes))
    names = read_label_file(labels, loaded.classes) if labels else None
    print_stages(summarize(loaded, graph))
    start = time.perf_counter()
    with progress("starting TensorFlow"):
        quiet_tensorflow()
    from factory.models.build import build_graph
    from factory.models.save import save
    from factory.models.weights import load_weights

    with progress(f"building {loaded.name}"):
        model = build_graph(graph, seed=seed, precision=precision, jit=jit, device=device, strategy=strategy)
        if weights:
            load_weights(model, weights, top=not no_top)
    with progress(f"saving {loaded.name}"):
        files = save(model, output, loaded.name, formats, render(loaded), names)
    print(f"built {loaded.name}: {model.count_params():,} parameters, {len(model.layers)} layers")
    for file in files:
        parts = [part for part in file.rglob("*") if part.is_file()] if file.is_dir() else [file]
        print(f"wrote {file} ({size(sum(part.stat().st_size for part in parts))})")
    print(f"took {time.perf_counter() - start:.1f} s")

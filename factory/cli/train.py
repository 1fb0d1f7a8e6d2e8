"""`factory train`: a network learns from data as a recipe says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from factory.cli.options import MAX_NODES, MAX_PARAMS, MaxNodes, MaxParams, SpecName

if TYPE_CHECKING:
    from factory.spec import Spec
    from factory.train.recipe.sections import Recipe

DataName = Annotated[
    str,
    typer.Option(
        "--data",
        metavar="DATA",
        help="digits (comes along), a folder of class folders, images/ with masks/, a .npz or .tfrecord file, "
        "keras:NAME or tfds:NAME.",
    ),
]

RecipeName = Annotated[
    str, typer.Option("--recipe", metavar="RECIPE", help="A YAML file, or a name (see: factory recipe list).")
]
TrainSettings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="Change a value of the spec, stages.s3.kernel=5, or of the recipe, recipe.epochs=3; repeatable.",
    ),
]


def run(
    spec: SpecName,
    data: DataName = "digits",
    recipe: RecipeName = "base",
    settings: TrainSettings = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="The run's folder; by default runs/SPEC-DATA-RECIPE."),
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew where the folder holds a run.")] = False,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, gpu or gpu:0, gpu:1, ...")] = "auto",
    strategy: Annotated[Literal["none", "mirrored"], typer.Option("--strategy", help="Over several GPUs.")] = "none",
    jit: Annotated[Literal["auto", "on", "off"], typer.Option("--jit", help="Compile with XLA.")] = "auto",
    max_params: MaxParams = MAX_PARAMS,
    max_nodes: MaxNodes = MAX_NODES,
) -> None:
    """Train a network; the same command goes on with a run that was stopped or killed."""
    from factory.cli.options import limits
    from factory.cli.output import progress
    from factory.cli.training import TrainingReporter, print_result
    from factory.models.choices import check_device_name
    from factory.models.quiet import quiet_tensorflow
    from factory.spec import plan

    loaded, chosen = load_both(spec, recipe, settings)
    allowed = limits(max_params, max_nodes)
    plan(loaded, limits=allowed)  # mistakes are told before TensorFlow starts
    check_device_name(device)
    with progress("starting TensorFlow"):
        quiet_tensorflow()
    from factory.models.devices import make_strategy
    from factory.train.fit import fit_spec
    from factory.train.learner import Machine

    with TrainingReporter() as reporter:
        machine = Machine(device, make_strategy(strategy), jit, allowed)
        done = fit_spec(loaded, data, chosen, output, machine, fresh, [], reporter)
    print_result(done.folder, done.result)


def load_both(spec: str, recipe: str, settings: list[str] | None) -> tuple[Spec, Recipe]:
    """The spec and the recipe: what the recipe changes in the spec, then what the command line changes in both."""
    from factory.cli.options import load_spec
    from factory.spec.overrides import Setting
    from factory.train.adapt import overridden
    from factory.train.recipe.overrides import split_settings
    from factory.train.recipe.reading import load_recipe

    for_spec, for_recipe = split_settings(settings)
    chosen = load_recipe(recipe, **for_recipe)
    return overridden(load_spec(spec), chosen, {setting.path: setting for setting in map(Setting, for_spec)}), chosen

"""`factory adapt`: a trained network made smaller, filter by filter, to what it may cost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer


def run(
    network: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a finished run, or a .keras file.")],
    macs: Annotated[
        str | None,
        typer.Option("--macs", metavar="AMOUNT", help="What may be left: 50%, or 150M multiply-accumulates."),
    ] = None,
    params: Annotated[
        str | None, typer.Option("--params", metavar="AMOUNT", help="The same for parameters: 50%, 1.2M.")
    ] = None,
    latency_ms: Annotated[
        str | None,
        typer.Option("--latency-ms", metavar="AMOUNT", help="The same for milliseconds an image: 50%, 8.5."),
    ] = None,
    data: Annotated[
        str | None, typer.Option("--data", metavar="DATA", help="Data to learn from, by default the run's own.")
    ] = None,
    recipe: Annotated[
        str | None, typer.Option("--recipe", metavar="RECIPE", help="How it learns, by default the run's own recipe.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change a value of the recipe, epochs=10; repeatable."),
    ] = None,
    first: Annotated[
        float,
        typer.Option("--first-step", help="Reduction of the first step, a share of the start."),
    ] = 0.08,
    decay: Annotated[float, typer.Option("--decay", help="Each reduction is so many times the one before.")] = 0.96,
    multiple: Annotated[int, typer.Option("--multiple", help="Numbers of filters are multiples of this.")] = 1,
    short_steps: Annotated[
        int, typer.Option("--short-steps", help="Steps of training for each proposal before it is judged.")
    ] = 40,
    short_rate: Annotated[
        float, typer.Option("--short-rate", help="Their learning rate, as a share of the recipe's peak.")
    ] = 0.1,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="The folder; by default RUN-adapted.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Begin anew where the folder holds an adaptation.")] = False,
    device: Annotated[str, typer.Option("--device", help="auto, cpu, gpu or gpu:0, gpu:1, ...")] = "auto",
    jit: Annotated[Literal["auto", "on", "off"], typer.Option("--jit", help="Compile with XLA.")] = "auto",
) -> None:
    """Make a trained network smaller, filter by filter (NetAdapt); the same command goes on where one was killed."""
    from factory.cli.output import progress
    from factory.cli.training import TrainingReporter
    from factory.errors import FactoryError
    from factory.models.choices import check_device_name
    from factory.models.embedded import read_spec
    from factory.models.quiet import quiet_tensorflow
    from factory.spec import plan
    from factory.train.recipe.overrides import recipe_settings
    from factory.train.recipe.reading import load_recipe
    from factory.train.subjects import find_subjects
    from factory.train.trained import recipe_of
    from tuner.netadapt.resources import Settings

    given = {"macs": macs, "params": params, "latency_ms": latency_ms}
    [subject] = find_subjects([network])
    if subject.data is None and data is None:
        raise FactoryError(f"{network}: a .keras file does not say what it learned from: give --data")
    chosen = recipe_of(subject) if recipe is None else load_recipe(recipe)
    chosen = load_recipe(chosen, **recipe_settings(settings))
    targets = [(resource, amount) for resource, amount in given.items() if amount is not None]
    if len(targets) != 1:
        raise FactoryError("expected one target: --macs 50%, --params 1.2M or --latency-ms 8.5")
    [(resource, target)] = targets
    how = Settings(resource, target, first, decay, multiple, short_steps, short_rate)
    graph = plan(read_spec(subject.file)).for_inference()
    how.steps(graph)  # mistakes are told before TensorFlow starts
    check_device_name(device)
    with progress("starting TensorFlow"):
        quiet_tensorflow()
    from factory.train.learner import Machine
    from tuner.netadapt.adapting import adapt

    folder = output or network.with_name(f"{network.stem}-adapted")
    with TrainingReporter() as reporter:
        done = adapt(
            network,
            folder,
            data=data,
            recipe=chosen,
            settings=how,
            machine=Machine(device, jit=jit),
            reporter=reporter,
            fresh=fresh,
        )
    _print(done.result, folder)


def _print(result: dict[str, Any], folder: Path) -> None:
    """What is left of the network, and what it reached."""
    from factory.cli.output import count, human, print_facts
    from factory.cli.training import print_result

    def left(name: str, text: Callable[[Any], str]) -> str:
        before, after = result[f"start_{name}"], result[name]
        return f"{text(before)} -> {text(after)}, {after / before:.1%}"

    facts = [("MACs", left("macs", human)), ("parameters", left("params", count))]
    if result["resource"] == "latency_ms":
        facts.append(("latency", left("cost", "{:.2f} ms".format)))
    print_facts([*facts, ("steps", str(result["steps"])), ("spec", str(folder / "spec.yaml"))])
    print_result(folder / "trained", result["trained"])

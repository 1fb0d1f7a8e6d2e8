"""Arguments and options that several commands share, and the spec that they describe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from factory.spec import Limits, Spec

_OVERRIDES = "Overrides"


def complete_spec(incomplete: str) -> list[str]:
    """Zoo names, for the shell; paths it completes itself when none fits."""
    from factory.spec.zoo import zoo_names

    return [name for name in zoo_names() if name.startswith(incomplete)]


SpecName = Annotated[
    str,
    typer.Argument(
        metavar="SPEC", help="A YAML file, or a name of the zoo (see: factory list).", autocompletion=complete_spec
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a value, such as stages.s3.kernel=5; repeatable."),
]
Width = Annotated[float | None, typer.Option("--width", help="Multiplier of channels (scale.width).")]
Depth = Annotated[float | None, typer.Option("--depth", help="Multiplier of repeats (scale.depth).")]
Resolution = Annotated[
    float | None,
    typer.Option(
        "--resolution", help="Multiplier of the image size (scale.resolution); pixels: --set input.resolution=240."
    ),
]
MaxParams = Annotated[int, typer.Option("--max-params", help="Refuse networks with more parameters.")]
MaxNodes = Annotated[int, typer.Option("--max-nodes", help="Refuse networks with more operations.")]
NoTop = Annotated[bool, typer.Option("--no-top", help="Leave out the output stage: a backbone.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

MAX_PARAMS = 20_000_000_000
MAX_NODES = 100_000


def load_spec(
    name: str,
    settings: list[str] | None = None,
    width: float | None = None,
    depth: float | None = None,
    resolution: float | None = None,
) -> Spec:
    """The spec of this name or path, or in this model, with the overrides of the command line applied."""
    from factory.models.embedded import is_model, read_spec
    from factory.spec import load
    from factory.spec.overrides import Setting

    scales = {"width": width, "depth": depth, "resolution": resolution}
    given = [Setting(f"scale.{key}={value}", f"--{key} {value}") for key, value in scales.items() if value is not None]
    changes = {setting.path: setting for setting in [*given, *map(Setting, settings or [])]}
    spec = read_spec(name) if is_model(name) else load(name)
    return spec.override(changes) if changes else spec


def limits(max_params: int, max_nodes: int) -> Limits:
    from factory.spec import Limits

    return Limits(nodes=max_nodes, params=max_params)

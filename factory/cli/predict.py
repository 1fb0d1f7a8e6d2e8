"""`factory predict`: what a trained or built network says about images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from factory.cli.options import Json


def run(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A run, a .keras file or a SavedModel folder.")],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Image files, or folders of them.")],
    top: Annotated[int, typer.Option("--top", min=1, help="How many classes to show.")] = 5,
    labels: Annotated[
        Path | None, typer.Option("--labels", metavar="FILE", help="Names of the classes, a line each.")
    ] = None,
    resize: Annotated[
        Literal["stretch", "crop", "pad"] | None,
        typer.Option(
            "--resize",
            help="How an image comes to the network's size, by default as in the run, else stretch.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="DIR", help="Where to write masks, where every pixel is predicted."),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="Write a CSV file, a row an image, in place of a table."),
    ] = None,
    json: Json = False,
) -> None:
    """Predict the classes of images, or their labels, numbers, or the class of every pixel.

    An image that proves damaged is left out and named at the end; the exit code is 2 then.
    """
    from factory.cli.output import progress
    from factory.errors import FactoryError
    from factory.models.archive import check_model_path
    from factory.models.predictions import write_csv
    from factory.models.quiet import quiet_tensorflow
    from factory.train.trained import network_of

    file, recipe = network_of(model)
    check_model_path(file)
    with progress("starting TensorFlow"):
        quiet_tensorflow()
    from factory.models.predict import predict

    damaged: list[str] = []
    with progress("predicting"):
        found = predict(
            file,
            images,
            top=top,
            labels=labels,
            masks=output,
            resize=resize or recipe.data.resize,
            scale=recipe.evaluation.scale,
            damaged=damaged.append,
        )
    if csv:
        write_csv(csv, found)
    if json:
        from json import dumps

        print(dumps(found, indent=2))
    elif csv:
        print(f"wrote {csv} ({len(found):,} images)")
    elif found:
        _print(found)
    if damaged:
        left_out = f"{len(damaged):,} of {len(damaged) + len(found):,} images were left out"
        raise FactoryError("\n".join([*damaged, left_out]))


def _print(found: list[dict[str, Any]]) -> None:
    from factory.cli.output import print_table

    first = found[0]
    if "values" in first:
        columns = ["image", *(value["name"] for value in first["values"])]
        rows = [[entry["image"], *(f"{value['value']:.6g}" for value in entry["values"])] for entry in found]
    elif "pixels" in first:
        columns = ["image", "class", "share", "mask"]
        rows = [
            [entry["image"], one["label"], f"{one['share']:.2%}", entry["mask"] or "-"]
            for entry in found
            for one in entry["pixels"]
            if one["share"]
        ]
    elif "labels" in first:
        columns = ["image", "label", "probability"]
        rows = [_class_row(entry, one) for entry in found for one in _given(entry["labels"])]
    else:
        columns = ["image", "class", "probability"]
        rows = [_class_row(entry, one) for entry in found for one in entry["classes"]]
    print_table(columns, rows, left={"image", "class", "label", "mask"})


def _class_row(entry: dict[str, Any], one: dict[str, Any] | None) -> list[str]:
    return [entry["image"], one["label"], f"{one['probability']:.2%}"] if one else [entry["image"], "-", "-"]


def _given(labels: list[dict[str, Any]]) -> list[dict[str, Any] | None]:
    """The labels that are more probable than not; None alone where there is none."""
    return [one for one in labels if one["probability"] > 0.5] or [None]

"""`factory predict`: what a built model says about images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from factory.cli.options import Json


def run(
    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A .keras file or a SavedModel folder.")],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Image files.")],
    top: Annotated[int, typer.Option("--top", min=1, help="How many classes to show.")] = 5,
    labels: Annotated[
        Path | None, typer.Option("--labels", metavar="FILE", help="Names of the classes, a line each.")
    ] = None,
    json: Json = False,
) -> None:
    """Predict the classes of images."""
    from factory.cli.output import print_table, progress
    from factory.models.archive import check_model_path
    from factory.models.quiet import quiet_tensorflow

    check_model_path(model)

    with progress("starting TensorFlow"):
        quiet_tensorflow()
    from factory.models.predict import predict

    with progress("predicting"):
        found = predict(model, images, top=top, labels=labels)
    if json:
        from json import dumps

        print(dumps(found, indent=2))
        return
    rows = [
        [entry["image"], best["label"], f"{best['probability']:.2%}"] for entry in found for best in entry["classes"]
    ]
    print_table(["image", "class", "probability"], rows, left={"image", "class"})

"""`factory similarity`: how alike trained networks see images, layer by layer."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from factory.cli.options import Json

if TYPE_CHECKING:
    from factory.train.similarity import Similarity, Spread

TABLE, PAIRS, MATRICES, MAP = "similarity.csv", "pairs.csv", "matrix.png", "map.png"
_SPREAD = ("mean", "std", "min", "max")


def run(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN RUN...", help="Folders of finished runs, or .keras files.")
    ],
    data: Annotated[
        str | None, typer.Option("--data", metavar="DATA", help="Images to look at, by default those of the runs.")
    ] = None,
    samples: Annotated[int, typer.Option("--samples", min=4, help="How many images.")] = 256,
    rsa: Annotated[
        Literal["pearson", "spearman"],
        typer.Option("--rsa", help="How dissimilarities are compared: Pearson's correlation squared, or Spearman's."),
    ] = "pearson",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Where to put tables as CSV, and pictures.")
    ] = None,
    json: Json = False,
) -> None:
    """Compare trained networks layer by layer: how alike do they see the same images?

    RSA compares which images each layer finds alike (1 - correlation of activations), CKA is linear centred kernel
    alignment; both are 1 where layers agree, and need no units that correspond. Layers are the ends of stages.
    """
    from factory.cli.output import progress
    from factory.draw.figures import check_drawing
    from factory.errors import FactoryError
    from factory.models.quiet import quiet_tensorflow
    from factory.train.subjects import common_data, find_subjects

    if len(runs) < 2:
        raise FactoryError("similarity compares two networks or more: give another run or .keras file")
    subjects = find_subjects(runs)
    source = data or common_data(subjects)
    if output:
        check_drawing()
    with progress("starting TensorFlow"):
        quiet_tensorflow()
    from factory.models.load import load
    from factory.train.sample_images import sample_images
    from factory.train.similarity import similarity

    with progress("loading networks and images"):
        models: dict[str, Any] = {subject.name: load(subject.file).model for subject in subjects}
        images, part = sample_images(source, subjects, models, samples)
    with progress("looking"):
        found = similarity(models, images, rsa)
    about = {"data": source, "part": part, "samples": found.samples, "correlation": rsa}
    files = _write(found, rsa, output) if output else []
    if json:
        from json import dumps

        print(dumps({**about, **_plain(found)}, indent=2))
        return
    _print(found, f"{found.samples} images of {source}, {part} part")
    for file in files:
        print(f"wrote {file}")


def _print(found: Similarity, about: str) -> None:
    from factory.cli.output import print_table

    rows = [[row.layer, str(row.pairs), *_numbers(row.rsa), *_numbers(row.cka)] for row in found.table()]
    if rows:
        print_table(["layer", "pairs", "RSA", "std", "min", "CKA", "std", "min"], rows, left={"layer"})
        print()
    print(about)
    if not found.same_layers:
        print("the networks have different layers: the table has those of equal names, the files have all")
    if flat := [
        f"{run} {layer}"
        for (run, layer), value in zip(found.entries, found.rsa.diagonal(), strict=True)
        if isnan(value)
    ]:
        print(f"RSA is undefined where all images are equally dissimilar: {', '.join(flat)}")


def _numbers(spread: Spread) -> list[str]:
    return ["-" if isnan(value) else f"{value:.3f}" for value in (spread.mean, spread.std, spread.min)]


def _write(found: Similarity, correlation: str, folder: Path) -> list[Path]:
    """Tables and pictures in a folder."""
    from factory.cli.output import write_csv
    from factory.draw.similarity import layer_map, similarity_matrices

    spread = [f"{measure}_{name}" for measure in ("rsa", "cka") for name in _SPREAD]
    rows = [[row.layer, row.pairs, *row.rsa, *row.cka] for row in found.table()]
    write_csv(folder / TABLE, ["layer", "pairs", *spread], rows)
    pairs = [[*a, *b, rsa, cka] for a, b, rsa, cka in found.pairs()]
    write_csv(folder / PAIRS, ["run_a", "layer_a", "run_b", "layer_b", "rsa", "cka"], pairs)
    squared = "squared Pearson" if correlation == "pearson" else "Spearman"
    matrices = {f"RSA ({squared} correlation of RDMs)": found.rsa, "linear CKA": found.cka}
    similarity_matrices(found.entries, matrices, folder / MATRICES, by_layer=found.same_layers)
    layer_map(found.entries, found.positions, found.explained, folder / MAP, by_layer=found.same_layers)
    return [folder / name for name in (TABLE, PAIRS, MATRICES, MAP)]


def _plain(found: Similarity) -> dict[str, Any]:
    """Everything that was found, as JSON can say it: what is undefined is null."""
    from factory.cli.output import known

    return {
        "runs": list(found.runs),
        "layers": [
            {"layer": row.layer, "pairs": row.pairs, "rsa": known(row.rsa._asdict()), "cka": known(row.cka._asdict())}
            for row in found.table()
        ],
        "entries": [entry._asdict() for entry in found.entries],
        "rsa": known(found.rsa.tolist()),
        "cka": known(found.cka.tolist()),
        "positions": known(found.positions.tolist()),
        "explained": known(found.explained),
    }

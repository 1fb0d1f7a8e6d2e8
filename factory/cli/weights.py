"""`factory weights`: weights of other frameworks into our models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from factory.cli.options import Depth, NoTop, Resolution, Settings, Width, complete_spec, load_spec
from factory.errors import FactoryError

app = typer.Typer(help="Bring in weights of other frameworks.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def group() -> None:
    """Bring in weights of other frameworks."""


@app.command("import")
def run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .safetensors file, or a .pth file of torch.save.")],
    spec: Annotated[
        str,
        typer.Option(
            "--spec",
            metavar="SPEC",
            help="The network: a YAML file, or a name of the zoo.",
            autocompletion=complete_spec,
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="MODEL", help="The .keras file to write.")],
    settings: Settings = None,
    width: Width = None,
    depth: Depth = None,
    resolution: Resolution = None,
    no_top: NoTop = False,
    labels: Annotated[
        Path | None,
        typer.Option("--labels", metavar="FILE", help="Names of the classes, a line each, kept in the model."),
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print which module's weights went to which layer.")] = False,
) -> None:
    """Build a model with the weights of a PyTorch network of torchvision, timm or pytorchcv.

    Padding, epsilon and preprocessing are those of the spec: a weights file does not hold them.
    """
    from factory.cli.output import print_table, progress, size
    from factory.models.labels import read_label_file
    from factory.models.quiet import quiet_tensorflow
    from factory.models.torch.checkpoint import read_checkpoint
    from factory.spec import plan
    from factory.spec.headless import without_top
    from factory.spec.render import render

    if output.suffix != ".keras":
        raise FactoryError(f"{output}: expected the name of a .keras file")
    loaded = load_spec(spec, settings, width, depth, resolution)
    if no_top:
        loaded = without_top(loaded)
    graph = plan(loaded)
    names = read_label_file(labels, loaded.classes) if labels else None
    checkpoint = read_checkpoint(file)
    with progress("starting TensorFlow"):
        quiet_tensorflow()
    from factory.models.build import build_graph
    from factory.models.save import save
    from factory.models.torch.importing import import_weights

    with progress(f"building {loaded.name}"):
        model = build_graph(graph)
        report = import_weights(model, checkpoint)
    with progress(f"saving {loaded.name}"):
        [written] = save(model, output.parent, output.stem, ["keras"], render(loaded), names)
    if show:
        print_table(["module", "layer"], report.pairs, left={"module", "layer"})
    print(report)
    print(f"wrote {written} ({size(written.stat().st_size)})")

"""Figures in one style, without a window: begun, tidied, written whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.errors import FactoryError, did_you_mean
from factory.files import write_whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")
DPI = 150
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8c6bb1", "#000000")
"""Okabe and Ito 2008: told apart by colour-blind people, too; violet in place of the yellow that vanishes on white."""
_DASHES = ("-", "--", ":", "-.")


def check_drawing(path: str | Path = "figure.png") -> None:
    """Raises FactoryError where matplotlib is missing, or the file's name says no format that it can write."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise FactoryError(
            'drawing needs matplotlib, which is not installed: pip install "keras-model-factory[plots]"'
        ) from None
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise FactoryError(f"{path}: unknown format of a picture '{suffix}'; {did_you_mean(suffix, FORMATS)}")


def new_figure(width: float, height: float, panels: int = 1, columns: int | None = None) -> tuple[Figure, list[Axes]]:
    """A figure of so many inches and its panels, side by side, or in rows of so many columns."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, layout="constrained")
    columns = columns or panels
    axes = list(figure.subplots(-(-panels // columns), columns, squeeze=False).flat)
    for unused in axes[panels:]:
        unused.remove()
    return figure, axes[:panels]


def tidy(axes: Axes, x: str, y: str) -> None:
    """Names of the axes, a light grid, no frame above and at the right."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def line_style(index: int) -> dict[str, Any]:
    """Colour and dashes of the line of this number; the first 32 are all different."""
    return {"color": _COLOURS[index % len(_COLOURS)], "linestyle": _DASHES[index // len(_COLOURS) % len(_DASHES)]}


def write_figure(figure: Figure, path: str | Path) -> None:
    """Writes a picture, whole or not at all, in the format that the file's name says. Raises FactoryError."""
    path = Path(path)
    check_drawing(path)
    kind = path.suffix.lower().removeprefix(".")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, lambda file: figure.savefig(file, format=kind))
    except OSError as error:
        raise FactoryError(f"{path}: cannot be written: {error.strerror or error}") from error

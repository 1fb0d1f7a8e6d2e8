"""How alike layers of networks are, as pictures: matrices of all layers, a map of all layers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from factory.draw.figures import check_drawing, line_style, new_figure, tidy, write_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

Entry = tuple[str, str]
"""(name of a network, name of one of its layers)."""
_ALL_NAMED = 64  # with more entries than this, groups alone are named
_NUMBERED = 12  # with no more entries than this, cells show their numbers
_LEGEND_ROWS = 32


def similarity_matrices(
    entries: Sequence[Entry], matrices: Mapping[str, np.ndarray], path: str | Path, *, by_layer: bool
) -> None:
    """Draws matrices (n, n) of all entries beside each other, by title; what is undefined (nan) is grey.

    by_layer: put the layers of one name together, so that a light square is a layer that the networks share; otherwise
    the layers of a network are together. Raises FactoryError without matplotlib, and where `path` cannot be written.
    """
    check_drawing(path)
    order = _grouped(entries, 1 if by_layer else 0)
    named = [entries[index] for index in order]
    side = min(8.5, max(3.6, 0.15 * len(order)))
    figure, panels = new_figure((side + 1.6) * len(matrices), side + 0.9, len(matrices))
    for axes, (title, matrix) in zip(panels, matrices.items(), strict=True):
        _matrix(axes, named, matrix[np.ix_(order, order)], title, group=1 if by_layer else 0)
    write_figure(figure, path)


def _grouped(entries: Sequence[Entry], part: int) -> list[int]:
    """The entries with those of one group together, groups and members in the order in which they come first."""
    groups = list(dict.fromkeys(entry[part] for entry in entries))
    return sorted(range(len(entries)), key=lambda index: groups.index(entries[index][part]))


def _matrix(axes: Axes, entries: Sequence[Entry], matrix: np.ndarray, title: str, group: int) -> None:
    from matplotlib import colormaps

    count = len(entries)
    colours = colormaps["viridis"].with_extremes(bad="#bbbbbb")
    least = min(0.0, float(np.nanmin(matrix))) if np.isfinite(matrix).any() else 0.0
    image = axes.imshow(matrix, cmap=colours, vmin=least, vmax=1, interpolation="nearest")
    bar = axes.figure.colorbar(image, ax=axes, shrink=0.8)
    bar.outline.set_visible(False)  # type: ignore[operator]
    axes.set_title(title)
    places, names = [], []
    start = 0
    for name, members in groupby(entries, key=lambda entry: entry[group]):
        end = start + len(list(members))
        places.append((start + end - 1) / 2)
        names.append(name)
        if end < count:
            axes.axhline(end - 0.5, color="white", linewidth=0.8)
            axes.axvline(end - 0.5, color="white", linewidth=0.8)
        start = end
    if count <= _ALL_NAMED:
        places = list(range(count))
        names = [f"{entry[group]} · {entry[1 - group]}" for entry in entries]
    size = 9 if len(names) <= 24 else 8 if len(names) <= 40 else 6
    axes.set_xticks(places, names, rotation=90, fontsize=size)
    axes.set_yticks(places, names, fontsize=size)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if count <= _NUMBERED:
        for row, column in np.argwhere(np.isfinite(matrix)):
            value = matrix[row, column]
            dark = (value - least) / (1 - least) < 0.6
            axes.text(
                column, row, f"{value:.2f}", ha="center", va="center", fontsize=7, color="white" if dark else "black"
            )


def layer_map(
    entries: Sequence[Entry], positions: np.ndarray, explained: float, path: str | Path, *, by_layer: bool
) -> None:
    """Draws layers at positions (n, 2), those of each network joined in order and numbered: near is alike.

    by_layer: all networks have the same layers, which are named once; otherwise each network's are named.
    `explained` is the share of the squared distances that the picture shows. Layers without a position (nan) are not
    there. Raises FactoryError without matplotlib, and where `path` cannot be written.
    """
    check_drawing(path)
    figure, [axes] = new_figure(9, 6)
    layers: dict[str, list[str]] = {}
    for run, layer in entries:
        layers.setdefault(run, []).append(layer)
    lines = []
    for number, run in enumerate(layers):
        height = 3 + number  # a point that hides another's hides its number, too
        own = positions[[index for index, entry in enumerate(entries) if entry[0] == run]]
        lines += axes.plot(*own.T, marker="o", markersize=11, linewidth=1.3, zorder=height, **line_style(number))
        for count, (x, y) in enumerate(own, 1):
            if np.isfinite(x + y):
                style: dict[str, Any] = {"fontsize": 7, "color": "white", "weight": "bold", "zorder": height + 0.5}
                axes.text(x, y, str(count), ha="center", va="center_baseline", **style)
    axes.set_aspect("equal", adjustable="datalim")
    axes.margins(0.06)
    tidy(axes, "dimension 1", "dimension 2")
    axes.set_title(f"layers by how alike they see images ({explained:.0%} of squared distances shown)", fontsize=11)
    named = {"layers": next(iter(layers.values()))} if by_layer else layers
    _legend(figure, dict(zip(layers, lines, strict=True)), named)
    write_figure(figure, path)


def _legend(figure: Figure, lines: Mapping[str, Line2D], layers: Mapping[str, Sequence[str]]) -> None:
    """The networks with their lines, then the numbers of layers with their names."""
    from matplotlib.lines import Line2D

    empty = Line2D([], [], linestyle="none")
    rows = [(empty, "networks"), *((line, run) for run, line in lines.items())]
    for title, names in layers.items():
        rows += [(empty, ""), (empty, title), *((empty, f"{number}  {name}") for number, name in enumerate(names, 1))]
    handles, labels = zip(*rows, strict=True)
    columns = math.ceil(len(rows) / _LEGEND_ROWS)
    figure.legend(handles, labels, loc="outside right upper", frameon=False, fontsize=8, markerscale=0.6, ncols=columns)

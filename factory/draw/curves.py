"""Curves of a run: the learning-rate range test, and measures over epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from factory.draw.figures import check_drawing, line_style, new_figure, tidy, write_figure
from factory.errors import FactoryError

_SPEED = ("seconds", "images_per_second")


def learning_rate_plot(
    rates: Sequence[float], losses: Sequence[float], suggestion: float | None, path: str | Path
) -> None:
    """Draws the loss over the learning rate on a logarithmic axis, and the suggested rate, where there is one.

    The axis of the loss ends a little above the losses before the lowest one, so that their fall is seen and not how
    far they explode. Raises FactoryError without a finite loss, without matplotlib, and where `path` cannot be written.
    """
    check_drawing(path)
    x, y = np.asarray(rates, "float64"), np.asarray(losses, "float64")
    if not np.isfinite(y).any():
        raise FactoryError("learning-rate range test: no loss is a finite number, there is nothing to draw")
    figure, [axes] = new_figure(7, 4.5)
    axes.plot(x, y, linewidth=1.6, **line_style(0))
    axes.set_xscale("log")
    lowest = int(np.nanargmin(np.where(np.isfinite(y), y, np.nan)))
    before = y[: lowest + 1][np.isfinite(y[: lowest + 1])]
    room = 0.25 * (before.max() - before.min()) or 0.25 * abs(before.min()) or 1.0
    axes.set_ylim(before.min() - 0.4 * room, before.max() + room)
    if suggestion is not None:
        axes.axvline(suggestion, linewidth=1.2, color=line_style(5)["color"], linestyle="--")
        right = np.log(suggestion) > (np.log(x.min()) + np.log(x.max())) / 2
        axes.annotate(
            f"suggested: {suggestion:.2g}",
            (suggestion, 0.97),
            xycoords=("data", "axes fraction"),
            xytext=(-6 if right else 6, 0),
            textcoords="offset points",
            horizontalalignment="right" if right else "left",
            verticalalignment="top",
            color=line_style(5)["color"],
        )
    tidy(axes, "learning rate", "loss")
    axes.set_title("learning-rate range test")
    write_figure(figure, path)


def training_curves(rows: Sequence[Mapping[str, Any]], path: str | Path) -> None:
    """Draws the loss and the measure that comes first after it over epochs, of training and of validation samples.

    `rows` are those of metrics.csv. Raises FactoryError without rows, without matplotlib, and where `path` cannot be
    written.
    """
    check_drawing(path)
    from matplotlib.ticker import MaxNLocator

    if not rows:
        raise FactoryError("no epoch is finished: there is nothing to draw")
    columns = list(rows[0])
    after = [
        name for name in columns[columns.index("loss") + 1 :] if not name.startswith("val_") and name not in _SPEED
    ]
    measures = ["loss", *after[:1]]
    figure, panels = new_figure(5.2 * len(measures), 4, len(measures))
    epochs = [row["epoch"] for row in rows]
    for axes, measure in zip(panels, measures, strict=True):
        parts = [("training", measure), ("validation", f"val_{measure}")]
        for index, (part, column) in enumerate(parts):
            if column in rows[0]:
                marker = "o" if len(rows) <= 30 else None
                values = [row[column] for row in rows]
                axes.plot(epochs, values, label=part, linewidth=1.6, marker=marker, markersize=3.5, **line_style(index))
        tidy(axes, "epoch", measure.replace("_", " "))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(frameon=False)
    write_figure(figure, path)

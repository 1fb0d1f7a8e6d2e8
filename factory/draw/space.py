"""What a search space is like, as pictures: costs, error distributions, importance, correlation over distance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from factory.draw.figures import check_drawing, line_style, new_figure, tidy, write_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 3
_BARS = 24
_MOST = 0.95


class Curve(NamedTuple):
    """A distribution function: shares (steps,) at values (steps,), with the ends of its band."""

    at: np.ndarray
    share: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Range(NamedTuple):
    """A figure and the ends of its interval."""

    value: float
    low: float
    high: float


Ends = tuple[float, float]
"""Of an interval."""


def cost_histograms(costs: Mapping[str, np.ndarray], path: str | Path) -> None:
    """Draws how each cost is distributed over points, (points,) by name; its axis is logarithmic where there is room.

    Raises FactoryError without matplotlib, and where `path` cannot be written.
    """
    check_drawing(path)
    figure, panels = _panels(len(costs))
    for axes, (name, values) in zip(panels, costs.items(), strict=True):
        low, high = values.min(), values.max()
        wide = low > 0 and high > 10 * low
        edges = (np.geomspace if wide else np.linspace)(low, high, _BARS + 1)
        if high - low < _BARS:  # few whole numbers: a bar for each
            edges = np.arange(low - 0.5, high + 1)
        axes.hist(values, bins=list(edges), color=line_style(0)["color"])
        axes.axvline(float(np.median(values)), color=line_style(5)["color"], linestyle="--", linewidth=1.2)
        _scale(axes, wide)
        tidy(axes, name, "points")
    figure.suptitle("costs of feasible points; dashed: the median", fontsize=11)
    write_figure(figure, path)


def cost_ranges(groups: Mapping[str, Mapping[str, np.ndarray]], cost: str, path: str | Path) -> None:
    """Draws the costs (points,) of the points with each value of each dimension, by dimension and value.

    A thin line is from 5 to 95 %, a thick one from 25 to 75 %, a dot the median. Raises FactoryError.
    """
    check_drawing(path)
    rows = sum(len(values) for values in groups.values())
    figure, [axes] = new_figure(8, 1.2 + 0.22 * (rows + len(groups)))
    place, ticks, names = 0.0, [], []
    for number, (dimension, values) in enumerate(groups.items()):
        colour = line_style(number % 8)["color"]
        axes.text(0.01, place, dimension, transform=axes.get_yaxis_transform(), va="center", fontsize=8, weight="bold")
        for label, costs in values.items():
            place += 1
            ends = np.quantile(costs, [0.05, 0.25, 0.5, 0.75, 0.95])
            axes.plot(ends[[0, 4]], [place] * 2, color=colour, linewidth=1)
            axes.plot(ends[[1, 3]], [place] * 2, color=colour, linewidth=4, solid_capstyle="butt")
            axes.plot(ends[2], place, "o", color="white", markeredgecolor=colour, markersize=5)
            ticks.append(place)
            names.append(label)
        place += 1
    axes.set_yticks(ticks, names, fontsize=8)
    axes.set_ylim(place - 0.4, -0.8)
    every = np.concatenate([costs for values in groups.values() for costs in values.values()])
    _scale(axes, every.min() > 0 and every.max() > 10 * every.min())
    tidy(axes, f"{cost} of all points that can be built: 5, 25, 50, 75 and 95 %", "")
    write_figure(figure, path)


def error_distributions(panels: Mapping[str, Mapping[str, Curve]], objective: str, path: str | Path) -> None:
    """Draws the share of points that are better than each value of the objective: a panel of curves by title and label.

    The better values are at the left; a long tail, beyond 95 % of the first curve, is not drawn. Raises FactoryError.
    """
    check_drawing(path)
    first = next(iter(next(iter(panels.values())).values()))
    best, last = first.at[0], first.at[-1]
    most = first.at[min(int(np.searchsorted(first.share, _MOST)), len(first.at) - 1)]
    worst = most if abs(most - best) < abs(last - best) / 2 else last
    figure, drawn = _panels(len(panels))
    for axes, (title, curves) in zip(drawn, panels.items(), strict=True):
        for number, (label, curve) in enumerate(curves.items()):
            style = line_style(number)
            axes.fill_between(
                curve.at, curve.low, curve.high, step="pre", color=style["color"], alpha=0.15, linewidth=0
            )
            axes.plot(curve.at, curve.share, label=label, linewidth=1.6, drawstyle="steps-pre", **style)
        axes.set_xlim(best, worst)
        axes.set_ylim(0, 1)
        axes.set_title(title, fontsize=10)
        tidy(axes, objective, "share of better points")
        if len(curves) > 1:
            axes.legend(frameon=False, fontsize=8, loc="lower right")
    write_figure(figure, path)


def importance_bars(rows: Sequence[tuple[str, Range, Range]], path: str | Path) -> None:
    """Draws what each dimension explains alone and with its interactions: (name, alone, total). Raises FactoryError."""
    check_drawing(path)
    figure, [axes] = new_figure(8, 1.3 + 0.45 * len(rows))
    for kind, (label, height) in enumerate((("alone", -0.18), ("with interactions", 0.18))):
        places = np.arange(len(rows)) + height
        values, low, high = np.array([row[1:][kind] for row in rows]).T
        colour = line_style(kind)["color"]
        axes.barh(places, values, height=0.34, color=colour, label=label)
        axes.errorbar(
            values,
            places,
            xerr=np.clip([values - low, high - values], 0, None),
            fmt="none",
            ecolor="#444444",
            capsize=2,
            linewidth=1,
        )
    axes.set_yticks(range(len(rows)), [row[0] for row in rows])
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    tidy(axes, "share of the objective's variance, with 95 % intervals", "")
    axes.legend(frameon=False, loc="lower right")
    write_figure(figure, path)


def correlation_curves(
    distances: Sequence[tuple[int, Range, Ends]], walk: Sequence[tuple[int, float, Ends]], path: str | Path
) -> None:
    """Draws correlations over edit distance, (distance, correlation, chance), and, where there is one, along a walk,
    (step, correlation, chance); what chance brings is grey. Raises FactoryError.
    """
    check_drawing(path)
    figure, panels = new_figure(5.2 * (1 + bool(walk)), 4, 1 + bool(walk))
    at = np.array([row[0] for row in distances])
    values = np.array([row[1] for row in distances])
    beside = np.clip([values[:, 0] - values[:, 1], values[:, 2] - values[:, 0]], 0, None)
    style = line_style(0)
    panels[0].errorbar(at, values[:, 0], yerr=beside, marker="o", markersize=4, capsize=2, linewidth=1.6, **style)
    _finish(panels[0], at, [row[2] for row in distances], "edit distance")
    if walk:
        steps = [step for step, *_ in walk]
        panels[1].plot(steps, [value for _, value, _ in walk], marker="o", markersize=4, linewidth=1.6, **style)
        _finish(panels[1], steps, [ends for *_, ends in walk], "steps of a random walk")
    write_figure(figure, path)


def _finish(axes: Axes, at: Sequence[int] | np.ndarray, chance: Sequence[Ends], x: str) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.fill_between(at, *np.array(chance).T, color="#bbbbbb", alpha=0.5, linewidth=0, label="by chance")
    axes.axhline(0, color="#666666", linewidth=0.8)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    tidy(axes, x, "correlation")
    axes.legend(frameon=False)


def _scale(axes: Axes, logarithmic: bool) -> None:
    """An axis of numbers as k, M and G."""
    from matplotlib.ticker import EngFormatter, NullFormatter

    if logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    columns = min(count, _COLUMNS)
    return new_figure(4.2 * columns, 3.3 * -(-count // columns), count, columns)

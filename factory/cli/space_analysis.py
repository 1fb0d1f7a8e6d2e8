"""What `factory space DIR` prints and writes: a space by the trials of a sweep."""

from __future__ import annotations

from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.cli.output import known, print_facts, print_table, write_csv
from factory.cli.sweep_dry_run import size_text
from factory.cli.sweep_progress import measure

if TYPE_CHECKING:
    from tuner.landscape import Analysis
    from tuner.landscape.bootstrap import Interval
    from tuner.landscape.regions import Region

SUBSPACES, IMPORTANCE, LOCALITY, EDF = "subspaces.csv", "importance.csv", "locality.csv", "edf.csv"
EDF_PICTURE, IMPORTANCE_PICTURE, LOCALITY_PICTURE = "edf.png", "importance.png", "locality.png"
_POOR = 0.3
"""A forest that predicts less than this of the variance of trials that it has not seen says little."""
_PANELS = 12
"""So many dimensions are drawn, the most important ones."""


def print_analysis(found: Analysis) -> None:
    """What the trials say, a table for each question; all intervals are of 95 %."""
    _print_facts(found)
    print("\nerrors of sub-spaces; beats: how probably a point is better than one outside")
    rows, before = [], ""
    for one in found.distributions:
        shown = one.dimension if one.dimension != before else ""
        before = one.dimension
        beats = ["", ""] if one.beats is None else [f"{one.beats.value:.2f}", _ends(one.beats, "{:.2f}")]
        middle = [measure(one.median.value), f"{measure(one.median.low)} to {measure(one.median.high)}"]
        rows.append([shown, one.label, str(one.count), measure(one.best), *middle, *beats])
    columns = ["dimension", "value", "points", "best", "median", "95 %", "beats", "95 %"]
    print_table(columns, rows, left={"dimension", "value"})
    print("\nimportance: what a dimension explains of the variance, alone and with its interactions")
    rows = [
        [
            one.dimension,
            f"{one.alone.value:.1%}",
            _ends(one.alone, "{:.0%}"),
            f"{one.total.value:.1%}",
            _ends(one.total, "{:.0%}"),
            _best(region),
        ]
        for one, region in zip(found.importances.dimensions, found.regions, strict=True)
    ]
    columns = ["dimension", "alone", "95 %", "total", "95 %", "the best have"]
    print_table(columns, rows, left={"dimension", "the best have"})
    print("\nlocality: correlation between points that differ in so many dimensions")
    rows = [
        [
            str(one.distance),
            f"{one.pairs:,}",
            f"{one.correlation.value:+.2f}",
            _ends(one.correlation, "{:+.2f}"),
            _span(one.chance),
        ]
        for one in found.locality.distances
    ]
    print_table(["distance", "pairs", "correlation", "95 %", "by chance"], rows)
    if walk := found.locality.walk:
        steps = ", ".join(f"{value:.2f}" for value in walk.correlations)
        print(f"random walk over {walk.points} points, 1 to {len(walk.correlations)} steps: {steps}")


def _print_facts(found: Analysis) -> None:
    landscape, noise, reach = found.landscape, found.noise, found.locality.reach
    aim = "maximize" if landscape.maximize else "minimize"
    fit = found.importances.fit
    facts = [
        ("space", f"{len(landscape.space)} dimensions, {size_text(landscape.space.size)}"),
        ("looked at", f"{len(landscape)} points, {aim} {landscape.objective}"),
    ]
    if landscape.short:
        facts.append(("note", f"{landscape.short} of them were trained for fewer epochs than others"))
    if noise:
        facts.append(
            (
                "noise",
                f"{measure(noise.of_a_run)} from seed to seed; of {noise.runs} runs each the mean is "
                f"{noise.reliability.value:.0%} the network's ({_ends(noise.reliability, '{:.0%}')})",
            )
        )
    if fit is None or fit < _POOR:
        shown = "nothing" if fit is None or fit < 0 else f"{fit:.0%}"
        facts.append(("note", f"the importances are weak: {shown} of the variance of unseen points is predicted"))
    else:
        facts.append(("importances", f"{fit:.0%} of the variance of unseen points is predicted"))
    alike = (
        f"points up to {reach} dimensions apart are alike"
        if reach
        else "no sign that near points are more alike than others"
    )
    print_facts([*facts, ("locality", alike)])


def analysis_as_json(found: Analysis) -> str:
    """All that was found."""
    from json import dumps

    landscape, walk = found.landscape, found.locality.walk
    return dumps(
        known(
            {
                "objective": landscape.objective,
                "maximize": landscape.maximize,
                "points": len(landscape),
                "trained_for_fewer_epochs": landscape.short,
                "noise": None if found.noise is None else _plain(found.noise),
                "distributions": [_plain(one) for one in found.distributions],
                "importance": {
                    "fit": found.importances.fit,
                    "interactions": found.importances.interactions._asdict(),
                    "dimensions": [_plain(one) for one in found.importances.dimensions],
                },
                "regions": [asdict(one) for one in found.regions],
                "locality": {
                    "reach": found.locality.reach,
                    "distances": [_plain(one) for one in found.locality.distances],
                    "walk": None if walk is None else _plain(walk),
                },
            }
        ),
        indent=2,
    )


def write_analysis(found: Analysis, folder: Path) -> list[Path]:
    """Tables and pictures."""
    from factory.draw.space import Curve, Range, correlation_curves, error_distributions, importance_bars

    write_csv(
        folder / SUBSPACES,
        ["dimension", "value", "points", "best", *_named("median"), *_named("beats")],
        [[d.dimension, d.label, d.count, d.best, *d.median, *(d.beats or ("", "", ""))] for d in found.distributions],
    )
    write_csv(
        folder / EDF,
        ["dimension", "value", found.landscape.objective, "share", "low", "high"],
        [
            [d.dimension, d.label, *row]
            for d in found.distributions
            for row in zip(d.at, d.share, d.low, d.high, strict=True)
        ],
    )
    dimensions = found.importances.dimensions
    write_csv(
        folder / IMPORTANCE,
        ["dimension", *_named("alone"), *_named("total")],
        [[one.dimension, *one.alone, *one.total] for one in dimensions],
    )
    write_csv(
        folder / LOCALITY,
        ["distance", "pairs", *_named("correlation"), "chance_low", "chance_high"],
        [[one.distance, one.pairs, *one.correlation, *one.chance] for one in found.locality.distances],
    )
    ranked = sorted(dimensions, key=lambda one: -one.total.value)[:_PANELS]
    panels: dict[str, dict[str, Curve]] = {}
    for d in found.distributions:
        if d.beats is None or d.dimension in {one.dimension for one in ranked}:
            panels.setdefault(d.dimension, {})[d.label] = Curve(d.at, d.share, d.low, d.high)
    error_distributions(panels, found.landscape.objective, folder / EDF_PICTURE)
    importance_bars(
        [(one.dimension, Range(*one.alone), Range(*one.total)) for one in ranked], folder / IMPORTANCE_PICTURE
    )
    walk = found.locality.walk
    correlation_curves(
        [(one.distance, Range(*one.correlation), one.chance) for one in found.locality.distances],
        [] if walk is None else [*zip(count(1), walk.correlations, walk.chance)],
        folder / LOCALITY_PICTURE,
    )
    names = (SUBSPACES, EDF, IMPORTANCE, LOCALITY, EDF_PICTURE, IMPORTANCE_PICTURE, LOCALITY_PICTURE)
    return [folder / name for name in names]


def _best(region: Region) -> str:
    """Where the best lie: a number with its range, or the most probable value."""
    if region.median is None or len(region.probabilities) <= 3:
        value, share = next(iter(region.probabilities.items()))
        return f"{value} ({share:.0%})"
    return f"{_number(region.median)} ({_number(region.low)} to {_number(region.high)})"


def _number(value: float) -> str:
    return f"{value:.4g}"


def _ends(one: Interval, form: str) -> str:
    return f"{form.format(one.low)} to {form.format(one.high)}"


def _span(ends: tuple[float, float]) -> str:
    return f"{ends[0]:+.2f} to {ends[1]:+.2f}"


def _named(name: str) -> list[str]:
    return [name, f"{name}_low", f"{name}_high"]


def _plain(one: Any) -> Any:
    """A result with its intervals and arrays as JSON has them."""
    if hasattr(one, "_asdict"):
        return one._asdict()
    if hasattr(one, "tolist"):
        return one.tolist()
    if hasattr(one, "__dataclass_fields__"):
        return {name: _plain(getattr(one, name)) for name in one.__dataclass_fields__}
    return one

"""What `factory space FILE` prints and writes: a space before anything is trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from factory.cli.output import human, print_facts, print_table, write_csv
from factory.cli.sweep_dry_run import feasible_text, size_text

if TYPE_CHECKING:
    from tuner import Sweep
    from tuner.landscape import Survey

COSTS, VALUES = "costs.csv", "values.csv"
HISTOGRAMS, RANGES = "costs.png", "values.png"
_SHOWN = ("params", "macs", "peak_memory", "latency_ms")
"""Costs whose medians are printed for each value; JSON and CSV have all."""
_HISTOGRAMS = (*_SHOWN, "activations", "depth", "receptive_field")
_DRAWN = "macs"


def print_survey(sweep: Sweep, found: Survey) -> None:
    """Size, feasible share, quantiles of all costs, and the costs of each value."""
    look = found.estimate
    print_facts(
        [
            ("space", f"{sweep.name}: {len(sweep.space)} dimensions, {size_text(look.size)}"),
            ("feasible", feasible_text(look)),
            *(("kept out", f"{count / look.looked_at:.1%} by {why}") for why, count in look.obstacles.items()),
            ("looked at", f"{look.looked_at:,} points, {look.rate:,.0f} a second"),
        ]
    )
    if not found.costs:
        return
    print("\ncosts of the feasible points")
    rows = [[name, *map(_figure, found.quantiles(name))] for name in found.costs]
    print_table(["cost", *_columns()], rows, left={"cost"})
    if not found.values:
        return
    names = [name for name in _SHOWN if name in found.costs]
    print("\nvalues: points, the share of them that is feasible, median costs of all that can be built")
    rows, before = [], ""
    for one in found.values:
        medians = [_figure(one.median(name)) for name in names]
        shown = one.dimension if one.dimension != before else ""
        rows.append([shown, one.label, str(one.looked_at), f"{one.feasible / one.looked_at:.0%}", *medians])
        before = one.dimension
    print_table(["dimension", "value", "points", "feasible", *names], rows, left={"dimension", "value"})


def survey_as_json(sweep: Sweep, found: Survey) -> str:
    """All that was found, but for the points themselves."""
    from json import dumps

    look = found.estimate
    return dumps(
        {
            "sweep": sweep.name,
            "dimensions": len(sweep.space),
            "points": None if look.size == float("inf") else look.size,
            "looked_at": look.looked_at,
            "exact": look.exact,
            "feasible": {"points": look.feasible, "share": look.share, "low": look.low, "high": look.high},
            "kept_out": look.obstacles,
            "costs": {name: dict(zip(_columns(), found.quantiles(name).tolist(), strict=True)) for name in found.costs},
            "values": [dict(zip(_value_columns(found), row, strict=True)) for row in _value_rows(found)],
        },
        indent=2,
    )


def write_survey(found: Survey, folder: Path) -> list[Path]:
    """Tables and pictures of the feasible points; nothing where there is none."""
    from factory.draw.space import cost_histograms, cost_ranges

    if not found.costs:
        return []
    write_csv(folder / COSTS, ["cost", *_columns()], [[name, *found.quantiles(name)] for name in found.costs])
    write_csv(folder / VALUES, _value_columns(found), _value_rows(found))
    drawn = {name: found.costs[name] for name in _HISTOGRAMS if name in found.costs}
    cost_histograms(drawn, folder / HISTOGRAMS)
    files = [COSTS, VALUES, HISTOGRAMS]
    groups: dict[str, dict[str, Any]] = {}
    for one in found.values:
        if _DRAWN in one.costs:
            groups.setdefault(one.dimension, {})[one.label] = one.costs[_DRAWN]
    if groups:
        cost_ranges(groups, _DRAWN, folder / RANGES)
        files.append(RANGES)
    return [folder / name for name in files]


def _figure(value: float | None) -> str:
    """A cost: whole numbers as everywhere, milliseconds with three digits."""
    return human(value) if value is None or value == int(value) or value >= 100 else f"{value:.3g}"


def _columns() -> list[str]:
    from tuner.landscape.survey import QUANTILES

    return ["lowest", *(f"{share:.0%}" for share in QUANTILES[1:-1]), "highest"]


def _value_columns(found: Survey) -> list[str]:
    return ["dimension", "value", "looked_at", "feasible", *found.costs]


def _value_rows(found: Survey) -> list[list[Any]]:
    return [
        [one.dimension, one.label, one.looked_at, one.feasible, *(one.median(name) for name in found.costs)]
        for one in found.values
    ]

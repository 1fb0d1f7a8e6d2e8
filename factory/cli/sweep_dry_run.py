"""What `factory sweep --dry-run` prints: what would be searched, what that costs, how long it takes about."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from factory.cli.output import human, milliseconds, print_facts
from factory.cli.training import duration

if TYPE_CHECKING:
    from tuner import Sweep
    from tuner.candidates.estimate import Estimate, Range

_COSTS = ("params", "macs", "activations")
"""Costs that are always shown; others where a constraint or an objective reads them."""


def print_dry_run(sweep: Sweep, directory: Path, workers: int) -> None:
    """Looks at a sample of the space and prints what it finds; trains nothing and writes nothing."""
    from tuner.candidates.estimate import estimate

    found = estimate(sweep.candidates)
    budget = sweep.budget
    trials = f"{budget.trials} trials of {sweep.epochs} epochs" + _runs(sweep)
    hours = "" if budget.hours is None else f", at most {_hours(budget.hours)}"
    print_facts(
        [
            ("sweep", f"{sweep.name}: {sweep.algorithm}, {trials}{hours}, {workers} worker{'s' * (workers > 1)}"),
            ("objective", "; ".join(f"{'maximize' if o.maximize else 'minimize'} {o.text}" for o in sweep.objectives)),
            ("space", f"{len(sweep.space)} dimensions, {size_text(found.size)}"),
            ("feasible", feasible_text(found)),
            *(("kept out", f"{count / found.looked_at:.1%} by {why}") for why, count in found.obstacles.items()),
            *_costs(sweep, found),
            *_unmeasured(sweep, found),
            ("time", _time(sweep, found, directory, workers)),
            *(("note", line) for line in sweep.notes),
        ]
    )


def _hours(hours: float) -> str:
    return f"{hours:g} hour{'s' * (hours != 1)}"


def _runs(sweep: Sweep) -> str:
    runs = _repeats(sweep)
    return f", each {runs} times" if runs > 1 else ""


def _repeats(sweep: Sweep) -> int:
    return sweep.repeats.seeds * (sweep.repeats.folds or 1)


def size_text(size: float) -> str:
    """A number of points, however large."""
    if size == float("inf"):
        return "infinitely many points"
    return f"{size:,.0f} points" if size < 1e9 else f"{size:.1e} points"


def feasible_text(found: Estimate) -> str:
    """The share that is feasible, with its interval where points were drawn."""
    if found.undecided:
        return f"not known: latency_ms decides about {found.undecided:,} of {found.looked_at:,} points"
    if found.exact:
        return f"{found.share:.1%}: {found.feasible:,} points"
    return f"{found.share:.1%} ({found.low:.1%} to {found.high:.1%}) of {found.looked_at:,} points drawn"


def _costs(sweep: Sweep, found: Estimate) -> list[tuple[str, str]]:
    """From the lowest to the highest of feasible networks."""
    formulas = [*(one.formula for one in sweep.constraints), *(one.formula for one in sweep.objectives)]
    read = {name for formula in formulas for name in formula.names}
    names = [name for name in found.costs if name in _COSTS or name in read]
    return [(name, _range(found.costs[name], milliseconds if name == "latency_ms" else human)) for name in names]


def _unmeasured(sweep: Sweep, found: Estimate) -> list[tuple[str, str]]:
    """Which latencies are not known, and what measures them."""
    if not found.unmeasured:
        return []
    lack = f"not known of {found.unmeasured:,} of {found.looked_at:,} points; their operations are measured by"
    return [("latency_ms", f"{lack} factory latency --sweep {sweep.path or 'FILE'}, or when the sweep begins")]


def _range(costs: Range, show: Callable[[float], str]) -> str:
    if costs.low == costs.high:
        return show(costs.low)
    return f"{show(costs.low)} to {show(costs.high)}, half of them up to {show(costs.median)}"


def _time(sweep: Sweep, found: Estimate, directory: Path, workers: int) -> str:
    """From the trials of the directory, else from the costs; budget.hours bounds both."""
    seconds, why = _measured(sweep, directory, workers) or _reckoned(sweep, found, workers)
    hours = sweep.budget.hours
    if seconds is None:
        return why
    if hours is not None and seconds > 3600 * hours:
        return f"{_hours(hours)} (budget.hours): all trials would take about {duration(seconds)}, {why}"
    return f"about {duration(seconds)}, {why}"


def _measured(sweep: Sweep, directory: Path, workers: int) -> tuple[float, str] | None:
    """From the trials that this sweep has had in the directory; None where it has had none."""
    from tuner.analysis.status import seconds_left
    from tuner.store import Store
    from tuner.store.checked_files import read_checked
    from tuner.store.opening import SWEEP

    try:
        same = read_checked(directory / SWEEP)["identity"] == sweep.identity()
    except (FileNotFoundError, ValueError):
        return None
    if not same:
        return None
    with Store.open(directory) as store:
        records = store.trials()
    seconds = seconds_left(records, sweep.budget.trials, workers)
    done = sum(record.ended != "" for record in records)
    return None if seconds is None else (seconds, f"by the median of the {done} trials in {directory}")


def _reckoned(sweep: Sweep, found: Estimate, workers: int) -> tuple[float | None, str]:
    from tuner.algorithms import algorithm
    from tuner.candidates.estimate import trial_seconds

    if sweep.facts is None or "macs" not in found.costs:
        return None, "unknown until a trial has run"
    cores = os.cpu_count() or 1
    trials = sweep.budget.trials
    search = algorithm(sweep.algorithm)(sweep.space, sweep.parameters, epochs=sweep.epochs)
    one = _repeats(sweep) * trial_seconds(
        found.costs["macs"].median,
        sweep.facts,
        epochs=search.total_epochs(trials) / trials,
        batch_size=sweep.recipe.batch_size,
        cores=max(1, cores // workers),
    )
    rule = f"{duration(one)} a trial, by its MACs on {cores} CPU cores (within a factor of three)"
    return one * trials / workers, rule

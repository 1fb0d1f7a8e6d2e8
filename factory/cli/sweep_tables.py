"""What is printed of a sweep in a directory: its state, its best trial, its front."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from factory.cli.output import human, print_facts, print_table
from factory.cli.sweep_progress import ENDS, measure, outcome, settings
from factory.cli.training import duration
from factory.errors import FactoryError

if TYPE_CHECKING:
    from tuner.analysis.status import State
    from tuner.store import TrialRecord

_FAILURES = 5
"""So many failures are told, the last ones."""


def print_status(state: State, directory: Path) -> None:
    """The state of a sweep, a line a fact."""
    from tuner.analysis.ranking import best

    facts = [("sweep", f"{state.name}, {state.algorithm}"), ("state", _activity(state, directory))]
    facts.append(("trials", f"{state.done} of {state.trials}" + _counts(state)))
    if found := best(state.records):
        facts.append(("best", outcome(found)))
    left = state.seconds_left
    waiting = "unknown until a trial has run" if left is None else duration(left)
    facts.append(("time", f"{duration(state.seconds)} of trials so far; left, about: {waiting}"))
    for record, row in state.running:
        epoch = "before its first epoch" if row is None else f"after epoch {row['epoch']}"
        facts.append(("running" if state.driver else "interrupted", f"trial {record.number}, {epoch}"))
    failures = [record for record in state.records if record.ended and record.scores is None]
    facts += [(ENDS[record.status], outcome(record)) for record in failures[-_FAILURES:]]
    facts += [("damaged", str(one)) for one in state.quarantined]
    print_facts(facts)


def print_best(records: Sequence[TrialRecord], directory: Path) -> None:
    """The best trial with its settings; of several objectives the front, its knee marked.

    Raises FactoryError where no trial has scores yet.
    """
    from tuner.analysis.ranking import best, objectives, pareto_front, share_of_box

    found = best(records)
    if found is None:
        raise _nothing_yet(directory)
    if objectives(records) == 1:
        facts = [
            ("best", outcome(found)),
            *((name, settings({name: value}).partition("=")[2]) for name, value in found.point.items()),
        ]
        print_facts([*facts, ("files", f"{directory / 'trials' / f'{found.number:04}'}/")])
        return
    print_front(pareto_front(records), found)
    print(f"hypervolume: {share_of_box(records):.3f} of the box around all trials")


def print_front(front: Sequence[TrialRecord], knee: TrialRecord) -> None:
    """A line for each trial of a front."""
    names = list(knee.values)
    costs = [name for name in ("params", "macs") if name not in names]
    rows = [
        [
            str(record.number),
            *(measure(record.values[name]) for name in names),
            *(human(record.costs.get(name)) for name in costs),
            "knee" if record.number == knee.number else "",
            settings(record.point),
        ]
        for record in front
    ]
    print_table(["trial", *names, *costs, "", "settings"], rows, left={"", "settings"})


def print_groups(records: Sequence[TrialRecord], paths: Sequence[str], directory: Path) -> None:
    """A table for each objective, a line for each group of trials.

    Raises FactoryError where no trial has scores yet, and for a path that no trial has.
    """
    from tuner.analysis.groups import grouped

    groups = grouped(records, paths)
    if not groups:
        raise _nothing_yet(directory)
    ends = [path.rpartition(".")[2] for path in paths]
    names = ends if len(set(ends)) == len(ends) else paths
    for number, objective in enumerate(groups[0].records[0].values):
        if number:
            print()
        rows = []
        for group in groups:
            spread = group.spread(objective)
            std = "-" if spread.std is None else measure(spread.std)
            shown = ["-" if value is None else settings({"": value})[1:] for value in group.settings]
            low, high = measure(spread.low), measure(spread.high)
            rows.append([*shown, str(spread.networks), measure(spread.mean), std, low, high])
        print_table([*names, "networks", f"mean {objective}", "std", "lowest", "highest"], rows, left=set(names))
    if failed := sum(record.ended != "" and record.scores is None for record in records):
        print(f"left out: {failed} trial{'s' * (failed > 1)} without a score")


def _activity(state: State, directory: Path) -> str:
    driver = state.driver
    if driver is not None:
        stopping = ", asked to stop" if state.stopping else ""
        return f"runs: process {driver['pid']} on {driver['host']}, since {driver['since']}{stopping}"
    if state.done >= state.trials:
        return "finished"
    return f"stands still; the same command goes on: factory sweep FILE -o {directory}"


def _nothing_yet(directory: Path) -> FactoryError:
    return FactoryError(f"{directory}: no trial has finished with a score yet; see: factory sweep status {directory}")


def _counts(state: State) -> str:
    words = {
        "RUNNING": "running" if state.driver else "interrupted",
        "STOPPED": "stopped early",
        "COPIED": "answered by copies",
        "TIMED_OUT": "timed out",
    }
    parts = [f"{number} {words.get(status, status.lower())}" for status, number in sorted(state.counts.items())]
    return f": {', '.join(parts)}" if parts else ""

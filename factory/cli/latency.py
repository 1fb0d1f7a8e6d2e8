"""`factory latency`: what a network takes for one image on this machine, stage by stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import Depth, Json, Resolution, Settings, Width, complete_spec, load_spec
from factory.cli.output import milliseconds, on_terminal, print_facts, print_table
from factory.cli.sweep import complete_sweep

if TYPE_CHECKING:
    from factory.graph import Graph
    from tuner.latency import Latency


def run(
    specs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SPEC...", help="YAML files, names of the zoo, or built models.", autocompletion=complete_spec
        ),
    ] = None,
    settings: Settings = None,
    width: Width = None,
    depth: Depth = None,
    resolution: Resolution = None,
    sweep: Annotated[
        str | None,
        typer.Option(
            "--sweep",
            metavar="FILE",
            help="Measure what the networks of a sweep's space need.",
            autocompletion=complete_sweep,
        ),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Measure the whole network, too, and tell how far the sum is off.")
    ] = False,
    json: Json = False,
) -> None:
    """Tell the latency of networks on this machine's CPU, in milliseconds for one image.

    It is added up from a table of operations, each measured once on this machine: what the table lacks is measured
    now. Sweeps and `factory scale` read the same table.
    """
    from factory.errors import FactoryError
    from factory.spec import plan
    from tuner.latency import latency_of, measure_missing, measure_networks

    if not specs and sweep is None:
        raise FactoryError("expected SPEC... or --sweep FILE, received neither: factory latency mobilenet_v2")
    if sweep is not None:
        _measure_space(sweep)
    graphs = [plan(load_spec(spec, settings, width, depth, resolution)) for spec in specs or ()]
    measure_missing(graphs, _tell)
    found = [latency_of(graph) for graph in graphs]
    measured = measure_networks(graphs) if whole and graphs else [None] * len(graphs)
    if json:
        from json import dumps

        print(dumps([_plain(*one) for one in zip(graphs, found, measured, strict=True)], indent=2))
        return
    for index, (graph, latency, ms) in enumerate(zip(graphs, found, measured, strict=True)):
        print("\n" * bool(index), end="")
        _print(graph, latency, ms)


def _measure_space(file: str) -> None:
    import tuner
    from tuner.candidates.measuring import measure_space

    loaded = tuner.load(file)
    count = measure_space(loaded.candidates, _tell)
    print(f"{loaded.name}: {count:,} operations measured" if count else f"{loaded.name}: the table has all it needs")


def _tell(done: int, of: int) -> None:
    """How far measuring is, on a terminal in place."""
    import sys

    end = "\r" if on_terminal() and done < of else "\n"
    if on_terminal() or done == of:
        print(f"measured {done:,} of {of:,} operations", end=end, file=sys.stderr, flush=True)


def _print(graph: Graph, latency: Latency, measured: float | None) -> None:
    """A line a stage, and the whole."""
    from tuner.latency import machine

    total = latency.ms
    rows = [
        [stage.stage or "-", str(stage.units), milliseconds(stage.ms), f"{stage.ms / total:.1%}"]
        for stage in latency.stages
    ]
    rows.append(["(call)", "", milliseconds(latency.call_ms), f"{latency.call_ms / total:.1%}"])
    rows.append(["total", str(sum(stage.units for stage in latency.stages)), milliseconds(total), ""])
    print_table(["stage", "operations", "ms", "share"], rows, left={"stage"}, total=True)
    print()
    facts = [("network", graph.name), ("latency", f"{milliseconds(total)} ms an image")]
    if measured is not None:
        facts.append(
            ("measured", f"{milliseconds(measured)} ms as a whole; the sum is {total / measured - 1:+.1%} off")
        )
    print_facts([*facts, ("machine", machine.name())])


def _plain(graph: Graph, latency: Latency, measured: float | None) -> dict[str, object]:
    from tuner.latency import machine

    stages = [{"stage": stage.stage, "operations": stage.units, "ms": stage.ms} for stage in latency.stages]
    facts = {"network": graph.name, "latency_ms": latency.ms, "call_ms": latency.call_ms, "stages": stages}
    return {**facts, **({} if measured is None else {"measured_ms": measured}), "machine": machine.machine()}

"""`factory scale`: a family of networks from one, or the one that meets a target."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from factory.cli.options import SpecName
from factory.cli.output import count, human, print_facts, print_table, shape, size

if TYPE_CHECKING:
    from tuner.scaling import Base, Member, Quantity, Solution, Strategy

MOST = 100
"""So many networks are scaled at a time."""
_TARGETS = {"--macs": "macs", "--params": "params", "--peak-memory": "peak_memory", "--latency-ms": "latency_ms"}


def complete_strategy(incomplete: str) -> list[str]:
    """Names of strategies, for the shell; directories it completes itself when none fits."""
    from tuner.scaling import STRATEGIES

    return [name for name in STRATEGIES if name.startswith(incomplete)]


def run(
    spec: SpecName,
    phi: Annotated[str | None, typer.Option("--phi", help="How far to scale: 0..7, or 0.5, or 0.5,1,2.")] = None,
    macs: Annotated[str | None, typer.Option("--macs", help="Scale to so many multiply-accumulates: 1.8G.")] = None,
    params: Annotated[str | None, typer.Option("--params", help="Scale to so many parameters: 10M.")] = None,
    peak_memory: Annotated[
        str | None, typer.Option("--peak-memory", help="Scale to so many bytes of inference on one image: 64M.")
    ] = None,
    latency_ms: Annotated[
        str | None, typer.Option("--latency-ms", help="Scale to so many milliseconds of inference on this CPU: 20.")
    ] = None,
    strategy: Annotated[
        str,
        typer.Option(
            "--strategy",
            help="compound, fast, table, d, w, r, dw, dr, wr or dwr; or the factors of depth, width and resolution at "
            "phi 1, such as 1.2,1.1,1.15; or the directory of a sweep over them.",
            autocompletion=complete_strategy,
        ),
    ] = "compound",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Write a spec for each network there.")
    ] = None,
) -> None:
    """Scale a network: a family by --phi, or the member that meets a target.

    Prints what each network costs, as it is after rounding, how far that is from what the strategy says, and how much
    of it rounding makes. docs/scaling.md explains the strategies.
    """
    from tuner.scaling import QUANTITIES, Base, write_members
    from tuner.scaling.choosing import choose_strategy

    given = dict(zip(_TARGETS, (macs, params, peak_memory, latency_ms), strict=True))
    option, text = _only({"--phi": phi, **given})
    chosen, base = choose_strategy(strategy), Base.load(spec)
    if option == "--phi":
        members = [base.member(chosen, value) for value in _phis(text)]
        _print_family(base, chosen, members)
    else:
        from factory.cli.output import progress
        from tuner.scaling import solve

        quantity, target = QUANTITIES[_TARGETS[option]], _amount(option, text)
        label = f"{quantity.name}_" + re.sub(r"\W", "_", text)
        with progress(f"looking for {text}"):
            solution = solve(base, chosen, quantity, target, label)
        members = [solution.nearest.member]
        _print_family(base, chosen, members)
        print()
        _print_solution(quantity, solution)
    if output is not None:
        for path in write_members(base, members, output):
            print(f"wrote {path}")


def _only(options: dict[str, str | None]) -> tuple[str, str]:
    """The one option that was given, with its text. Raises FactoryError for none and for several."""
    from factory.errors import FactoryError

    given = [(option, text) for option, text in options.items() if text is not None]
    if len(given) != 1:
        received = " and ".join(option for option, _ in given) or "neither"
        raise FactoryError(f"expected --phi, or one target ({', '.join(_TARGETS)}), received {received}")
    return given[0]


def _phis(text: str) -> list[float]:
    """`0..7`, `0.5`, `0.5,1,2`: numbers in the order given; a range goes in steps of 1."""
    from factory.errors import FactoryError

    found: list[float] = []
    try:
        for part in text.split(","):
            first, dots, last = part.partition("..")
            low = float(first)
            steps = int(float(last) - low) + 1 if dots else 1
            if steps < 1 or steps > MOST or abs(low) == float("inf"):
                raise ValueError(part)
            found += [low + step for step in range(steps)]
    except (ValueError, OverflowError):
        raise FactoryError(
            f"--phi {text}: expected numbers such as 0..7, 0.5 or 0.5,1,2, at most {MOST} of them"
        ) from None
    return list(dict.fromkeys(found))


def _amount(option: str, text: str) -> float:
    """A number above 0 that may end in k, M, G or T. Raises FactoryError for anything else."""
    from factory.errors import FactoryError
    from tuner.candidates.formulas import parse_amount

    try:
        return parse_amount(text)
    except FactoryError:
        wanted = "a number above 0, which may end in k, M, G or T: 1.8G"
        raise FactoryError(f"{option} {text}: expected {wanted}") from None


def _print_family(base: Base, strategy: Strategy, members: list[Member]) -> None:
    multipliers, costs = ["depth", "width", "resolution"], ["input", "params", "MACs"]
    columns = ["phi", *multipliers, *costs, "ratio", strategy.law, "error", "of rounding"]
    print_table(columns, [_row(base, member) for member in members])


def _row(base: Base, member: Member) -> list[str]:
    from tuner.scaling.unrounded import unrounded_macs

    costs, law = member.totals, member.factors.growth
    ratio = costs.macs / base.totals.macs if costs.macs and base.totals.macs else None
    smooth, begin = unrounded_macs(base.spec, member.scale), unrounded_macs(base.spec, base.scale)
    return [
        f"{member.phi:.4g}",
        *(f"{factor:.4g}" for factor in member.scale),
        shape(member.size),
        count(costs.params),
        human(costs.macs),
        "-" if ratio is None else f"{ratio:.3f}",
        f"{law:.3f}",
        "-" if ratio is None else f"{ratio / law - 1:+.1%}",
        "-" if not (ratio and smooth and begin) else f"{ratio / (smooth / begin) - 1:+.1%}",
    ]


def _print_solution(quantity: Quantity, solution: Solution) -> None:
    """The target, the network nearest to it, and the nearest on its other side."""
    from tuner.scaling.targets import MET

    facts = [("target", _value(quantity, solution.target))]
    sides = {"nearest": solution.nearest, "below": solution.below, "above": solution.above}
    for name, side in sides.items():
        if side is not None and (name == "nearest" or side != solution.nearest):
            facts.append((name, f"{_value(quantity, side.cost)} ({side.cost / solution.target - 1:+.2%})"))
    if abs(solution.error) > max(MET, quantity.near):
        facts.append(("note", "repeats, channels and pixels are whole: this strategy comes no nearer"))
    print_facts(facts)


def _value(quantity: Quantity, value: float) -> str:
    if quantity.name == "peak_memory":
        return size(value)
    if quantity.name == "latency_ms":
        return f"{value:.4g} ms"
    return f"{human(value)} {quantity.name.replace('macs', 'MACs')}"

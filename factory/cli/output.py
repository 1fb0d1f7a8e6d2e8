"""How the command line writes: tables on a terminal, aligned columns in a pipe, numbers that people can read."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from math import isnan
from pathlib import Path
from typing import Any

Row = Sequence[str]


def on_terminal() -> bool:
    return sys.stdout.isatty()


def print_table(columns: Row, rows: Sequence[Row], *, left: Collection[str] = (), total: bool = False) -> None:
    """A table; all columns but those in `left` are aligned to the right. `total`: the last row sums up the others."""
    if on_terminal():
        _print_rich(columns, rows, left, total)
    else:
        _print_plain(columns, rows, left)


def _print_rich(columns: Row, rows: Sequence[Row], left: Collection[str], total: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    footer = rows[-1] if total else [""] * len(columns)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_footer=total, header_style="bold cyan")
    for name, last in zip(columns, footer, strict=True):
        table.add_column(Text(name), Text(last, "bold"), justify="left" if name in left else "right", overflow="fold")
    for row in rows[:-1] if total else rows:
        table.add_row(*map(Text, row))  # square brackets would be markup in a plain string
    Console(highlight=False).print(table)


def _print_plain(columns: Row, rows: Sequence[Row], left: Collection[str]) -> None:
    widths = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]
    for row in (columns, *rows):
        cells = [
            cell.ljust(width) if name in left else cell.rjust(width)
            for name, cell, width in zip(columns, row, widths, strict=True)
        ]
        print("  ".join(cells).rstrip())


def print_facts(facts: Sequence[tuple[str, str]]) -> None:
    """Lines of name and value, the values below each other."""
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        print(f"{name.ljust(width)}  {value}")


def count(value: int | None) -> str:
    """25636712 -> 25,636,712; unknown: -."""
    return "-" if value is None else f"{value:,}"


def human(value: float | None) -> str:
    """385814752 -> 385.8M, with four digits, 3200 -> 3,200; unknown: -."""
    if value is None:
        return "-"
    for unit, scale in (("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= max(0.99995 * scale, 1e4):
            digits = 4 - len(f"{value / scale:.4g}".partition(".")[0])
            return f"{value / scale:.{digits}f}{unit}"
    return f"{value:,.0f}"


def size(value: float | None) -> str:
    """Bytes: 21322284 -> 21.32 MB, with 1 MB = 1,000,000 bytes."""
    if value is None:
        return "-"
    text = human(value)
    return f"{text[:-1]} {text[-1]}B" if text[-1].isalpha() else f"{text} B"


def milliseconds(value: float) -> str:
    """0.03125 -> 0.0313, 12.3456 -> 12.35, 1234.5 -> 1,235: three decimals and more for what is short."""
    return f"{value:.3g}" if value < 1 else f"{value:.2f}" if value < 1000 else f"{value:,.0f}"


def shape(sizes: Sequence[int | None]) -> str:
    """(112, 112, 32) -> 112x112x32; ? is known at run time only."""
    return "x".join("?" if size is None else str(size) for size in sizes)


def square(sizes: Sequence[float] | None) -> str:
    """A receptive field or stride: one number where both sides are equal; the whole image: all."""
    if sizes is None:
        return "all"
    height, width = (f"{side:g}" for side in sizes)
    return height if height == width else f"{height}x{width}"


def known(value: Any) -> Any:
    """Numbers, in lists and mappings, as JSON can say them: those that are undefined (nan) are null."""
    if isinstance(value, dict):
        return {key: known(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [known(item) for item in value]
    return None if isinstance(value, float) and isnan(value) else value


def write_csv(path: Path, columns: Row, rows: Sequence[Sequence[Any]]) -> None:
    """A table as a file, whole or not at all, its folder made. Raises FactoryError where it cannot be written."""
    from csv import writer
    from io import StringIO

    from factory.errors import FactoryError
    from factory.files import write_whole

    text = StringIO()
    writer(text, lineterminator="\n").writerows([columns, *rows])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.getvalue())
    except OSError as error:
        raise FactoryError(f"{path}: cannot be written: {error.strerror or error}") from error


@contextmanager
def progress(doing: str) -> Iterator[None]:
    """Says on a terminal what is being done while it lasts; silent in a pipe."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(doing):
        yield

"""What the table of the macro space says about it: docs/space.md shows it.

    python -m benchmarks.macro_landscape [FOLDER]

Seconds. FOLDER: where to put tables and pictures, as `factory space DIR -o FOLDER` does.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from benchmarks.macro_table import load_table
from factory.cli.space_analysis import print_analysis, write_analysis
from tuner.landscape import Landscape, analyse


def landscape() -> Landscape:
    """The log-loss of every network, the mean over its seeds."""
    table = load_table()
    rows = list(table.rows.values())
    runs = np.array([row.by_seed for row in rows])
    return Landscape(table.space, tuple(row.point for row in rows), runs.mean(axis=1), "log_loss", False, runs)


def main() -> None:
    found = analyse(landscape())
    print_analysis(found)
    for folder in sys.argv[1:2]:
        for path in write_analysis(found, Path(folder)):
            print(f"wrote {path}")


if __name__ == "__main__":
    main()

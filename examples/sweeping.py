"""What the examples of sweeps share: `factory` commands that are shown before they run."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

from training import HERE


def sweep(about: str, name: str) -> Path:
    """Runs the sweep in NAME.yaml beside this file and exports what it has found; returns the sweep's directory.

    The same call goes on with a sweep that was stopped. Ends the program with the command's own status where it fails.
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, help="trials at the same time; by default as many as the file says")
    parser.add_argument("--output", type=Path, default=Path("runs") / name, help="directory of the sweep")
    given = parser.parse_args()
    workers = [] if given.workers is None else ["--workers", str(given.workers)]
    begin = time.perf_counter()
    factory("sweep", os.path.relpath(HERE / f"{name}.yaml"), "-o", str(given.output), *workers)
    print(f"{time.perf_counter() - begin:.0f} s")
    factory("sweep", "export", str(given.output), "--weights")
    return given.output


def factory(*words: str) -> None:
    """One command."""
    print("$ factory " + shlex.join(words), flush=True)
    status = subprocess.run([sys.executable, "-m", "factory", *words]).returncode
    if status:
        sys.exit(status)

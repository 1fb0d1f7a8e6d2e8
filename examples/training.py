"""What the examples share: one `factory train` command, shown before it runs, and its test result held to a goal."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent


def train(
    spec: str | Path,
    data: str | Path,
    recipe: str,
    output: Path,
    *,
    measure: str,
    goal: float,
    settings: Mapping[str, object],
    folder: Path | None = None,
) -> None:
    """Trains in the folder `output`; the same call goes on with a run that was stopped.

    settings: values of the spec and the recipe, by path, as `--set` takes them. folder: where the command runs, which
    is where `data` is looked for. Ends the program with status 1 where `measure` on the test part is below `goal`, and
    with the command's own status where that fails.
    """
    words = ["train", _path(spec, folder), "--data", str(data), "--recipe", recipe]
    words += [word for path, value in settings.items() for word in ("--set", f"{path}={value}")]
    words += ["-o", _path(output, folder)]
    print("$ factory " + shlex.join(words), flush=True)
    begin = time.perf_counter()
    status = subprocess.run([sys.executable, "-m", "factory", *words], cwd=folder).returncode
    if status:
        sys.exit(status)
    value = json.loads((output / "result.json").read_text(encoding="utf-8"))["test"][measure]
    print(f"test {measure} {value:.4f}, goal {goal}; {time.perf_counter() - begin:.0f} s with starting and testing")
    if value < goal:
        sys.exit(1)


def _path(path: str | Path, folder: Path | None) -> str:
    """A path as it is written from the folder of the command; a name of the zoo stays one."""
    return os.path.relpath(path, folder or Path.cwd()) if isinstance(path, Path) else path

"""Sweeps killed with SIGKILL at random moments, driver, workers or everything, beside sweeps that were left alone.

The same call is made again until the sweep is over. What must hold then: the same trials in the same order with the
same scores and the same best as in the sweep that was left alone; no epoch of a finished trial run again; of an
interrupted one no more than the epoch that was under way.

With two workers the order in which results come decides what is proposed next; there, every trial must have its score.
"""

from __future__ import annotations

import itertools
import multiprocessing
import random
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

import tuner
from benchmarks import pretending
from benchmarks.measure import line
from tuner.runner import run
from tuner.store import Store
from tuner.sweep.sweep import Sweep

KILLS, REAL_KILLS = 100, 8
ALGORITHMS = ("random", "evolution", "reinforce", "tpe")
SPEC: dict[str, Any] = {
    "name": "killed",
    "input": {"resolution": 8, "channels": 1, "preprocess": "unit"},
    "classes": 10,
    "stages": {
        "stem": {"block": "conv", "filters": 8, "kernel": 3},
        "s1": {"block": "conv", "filters": 16, "kernel": 3, "stride": 2},
        "head": {"block": "classifier"},
    },
}
RECIPE = {"recipe": "killed", "deterministic": True, "batch_size": 64, "learning_rate": 0.01, "data": {"samples": 400}}
SPACE = {
    "stages.stem.kernel": {"choice": [1, 2, 3, 4, 5]},
    "stages.stem.filters": {"int": [4, 12]},
    "stages.s1.filters": {"int": [8, 24]},
}


def sweep(algorithm: str, seed: int, trials: int, workers: int) -> Sweep:
    """A small search; retries, for a worker may be killed again and again in one trial."""
    return tuner.load(
        {
            "sweep": "killed",
            "spec": SPEC,
            "space": SPACE,
            "objective": {"maximize": "val_accuracy"},
            "algorithm": {"name": algorithm},
            "budget": {"trials": trials, "epochs": pretending.EPOCHS},
            "trial": {"retries": 1000},
            "workers": workers,
            "data": "digits",
            "recipe": RECIPE,
            "seed": seed,
        }
    )


def begun(searched: Sweep, directory: Path, trainer: str) -> multiprocessing.process.BaseProcess:
    """The sweep in a process of its own, which has what this one has imported."""
    process = multiprocessing.get_context("fork").Process(target=_drive, args=(searched, directory, trainer))
    process.start()
    return process


def _drive(searched: Sweep, directory: Path, trainer: str) -> None:
    run(searched, directory, trainer=trainer).close()


def kill_until_over(
    searched: Sweep, directory: Path, trainer: str, kills: int, seconds: tuple[float, float], chance: random.Random
) -> int:
    """Kills at most so often, then lets the sweep end; returns how often."""
    done = 0
    while True:
        process = begun(searched, directory, trainer)
        while process.is_alive() and done < kills:
            process.join(chance.uniform(*seconds))
            if not process.is_alive():
                break
            victims = {p.pid for p in psutil.Process(process.pid).children()}
            whom = chance.choice(("driver", "worker", "everything"))
            chosen = {"driver": [process.pid], "worker": sorted(victims)[:1], "everything": [process.pid, *victims]}[
                whom
            ]
            for pid in chosen:
                with suppress(psutil.Error):
                    psutil.Process(pid).kill()
            done += bool(chosen)
            if whom != "worker":
                process.join()
        process.join()
        if process.exitcode == 0:
            return done
        if process.exitcode != -9:
            raise SystemExit(f"the driver ended with {process.exitcode}")


def outcome(directory: Path) -> list[tuple[Any, ...]]:
    with Store.open(directory) as store:
        return [(trial.number, trial.point, str(trial.status), trial.scores) for trial in store.trials()]


def repeated(directory: Path) -> int:
    """How many epochs ran more than once. Raises SystemExit where one ran after its trial had gone on."""
    ran: Counter[tuple[int, int]] = Counter()
    last: dict[int, int] = {}
    for text in (directory / "executed").read_text().splitlines():
        trial, epoch = map(int, text.split())
        if epoch < last.get(trial, 1):
            raise SystemExit(f"trial {trial} went back from epoch {last[trial]} to {epoch}")
        last[trial] = epoch
        ran[trial, epoch] += 1
    return sum(count - 1 for count in ran.values())


def check(searched: Sweep, alone: Path, killed: Path) -> None:
    """Raises SystemExit where the killed sweep is not the one that was left alone."""
    expected, found = outcome(alone), outcome(killed)
    if searched.workers == 1 and expected != found:
        raise SystemExit(f"{searched.algorithm}, seed {searched.seed}: other trials than without kills")
    if [trial[0] for trial in found] != list(range(searched.budget.trials)):
        raise SystemExit(f"{searched.algorithm}, seed {searched.seed}: trials are missing")
    if {trial[2] for trial in found} - {"COMPLETED", "COPIED"}:
        raise SystemExit(f"{searched.algorithm}, seed {searched.seed}: trials that did not complete")


def pretended(kills: int, chance: random.Random, root: Path) -> None:
    trainer, total, twice, sweeps = "benchmarks.pretending:Pretender", 0, 0, 0
    for seed in itertools.count():
        if total >= kills:
            break
        searched = sweep(ALGORITHMS[seed % len(ALGORITHMS)], seed, 30, 1 + seed // len(ALGORITHMS) % 2)
        alone, killed = root / f"alone-{seed}", root / f"killed-{seed}"
        process = begun(searched, alone, trainer)
        process.join()
        total += kill_until_over(searched, killed, trainer, min(15, kills - total), (0.1, 1.2), chance)
        check(searched, alone, killed)
        twice, sweeps = twice + repeated(killed), sweeps + 1
    line(f"{total} kills of {sweeps} sweeps without training", "nothing lost, nothing finished ran twice", "")
    line("  epochs under way that ran again", f"{twice}", f"at most {total}, with two workers twice")


def trained(kills: int, chance: random.Random, root: Path) -> None:
    from tuner.runner.session import TRAINER

    searched = sweep("evolution", 0, 6, 1)
    for name in ("alone", "killed"):
        begin = time.perf_counter()
        if name == "alone":
            begun(searched, root / name, TRAINER).join()
        else:
            total = kill_until_over(searched, root / name, TRAINER, kills, (4.0, 14.0), chance)
        line(f"6 trained trials, {name}", f"{time.perf_counter() - begin:.0f} s", "")
    check(searched, root / "alone", root / "killed")
    line(f"{total} kills of a sweep that trains", "same trials, order, scores and best", "")


def main() -> None:
    """Prints what held; raises SystemExit with the first thing that did not."""
    from factory.models.quiet import quiet_tensorflow

    quiet_tensorflow()
    import tuner.oracles.named
    import tuner.runner.tuner  # noqa: F401  (drivers are forked from here, and need not import KerasTuner again)

    seed = random.SystemRandom().randrange(10**6)
    line("moments of kills drawn from seed", f"{seed}", "")
    with tempfile.TemporaryDirectory() as folder:
        pretended(KILLS, random.Random(seed), Path(folder) / "pretended")
        trained(REAL_KILLS, random.Random(seed), Path(folder) / "trained")


if __name__ == "__main__":
    main()

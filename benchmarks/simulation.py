"""Oracle and store at 10,000 trials without training: proposals a second, seconds to resume, bytes a trial.

    python -m benchmarks simulation; python -m benchmarks.simulation tpe

A trial is what the driver of a sweep does around one: a proposal, its record, a start, five epochs, a result, each step
in the store before the next. In brackets is the processor's part of a time, whose growth is told behind the colon; the
rest is waiting for the disk: what is proposed, and what came of it, is on it before the next step.
"""

from __future__ import annotations

import gc
import math
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.measure import Times, line, ratio
from tuner.algorithms.algorithm import Proposal, Result, Trial
from tuner.garbage import uncollected
from tuner.space import Choice, Float, Int, Point, Space
from tuner.store import Status, Store, TrialRecord

TRIALS, BLOCK = 10_000, 1_000
EPOCHS = 5
ROUNDS = 5
ALGORITHMS = ("random", "evolution", "halving")
"""What `make bench` runs. TPE is for those who ask: Optuna's sampler goes through all trials for each proposal."""

STAGES = [f"stages.s{number}" for number in range(1, 6)]
SPACE = Space(
    [
        *(Choice(f"{stage}.kernel", (3, 5, 7), ordered=True) for stage in STAGES),
        *(Choice(f"{stage}.block", ("mbconv", "fused_mbconv", "conv")) for stage in STAGES),
        *(Int(f"{stage}.filters", 16, 256, step=16) for stage in STAGES),
        *(Int(f"{stage}.repeats", 1, 4) for stage in STAGES),
        Float("recipe.learning_rate", 1e-4, 1e-1, log=True),
    ]
)


def main(names: Sequence[str] = ALGORITHMS) -> None:
    for name in names:
        with tempfile.TemporaryDirectory(prefix="simulation-") as folder:
            simulate(name, Path(folder) / "sweep")


def simulate(name: str, directory: Path) -> None:
    """Runs the trials in blocks, then resumes in turns those of the first block and all, and prints what that took."""
    blocks, early = [], directory.with_name("early")
    driver = Driver(name, directory)
    for block in range(TRIALS // BLOCK):
        driver.times = {"oracle": Stopwatch(), "store": Stopwatch()}
        for _ in range(BLOCK):
            driver.trial()
        blocks.append(driver.times)
        if block == 0:
            driver.store.close()
            shutil.copytree(directory, early)
            driver = Driver(name, directory)
    driver.store.close()
    del driver  # one that is killed takes its memory with it
    sizes = [bytes_of(folder) for folder in (early, directory)]
    rounds = [[resumed(name, folder) for folder in (early, directory)] for _ in range(ROUNDS)]
    few, many = (Times(seconds) for seconds in zip(*rounds, strict=True))
    first, last = blocks[0], blocks[-1]
    rates = [f"{BLOCK / sum(one.seconds for one in times.values()):,.0f}" for times in (first, last)]
    line(f"{name}: proposals a second, of {TRIALS:,} the first and last 1,000", ", ".join(rates), "")
    for part in first:
        line(f"  milliseconds of each in the {part}", first[part].beside(last[part], 1e3 / BLOCK), "linear: about 1")
    line(f"  to resume and propose, at {BLOCK:,} trials", str(few), "")
    line(f"  at {TRIALS:,}, and how many times that", f"{many}, {ratio(many, few)}", "linear: about 10")
    for part, size in sizes[1].items():
        small, large = sizes[0][part] / BLOCK, size / TRIALS
        line(f"  bytes a trial, {part}", f"{small:,.0f}, {large:,.0f}: {large / small:.2f}", "linear: about 1")


def resumed(name: str, directory: Path) -> float:
    """Seconds until a driver of these trials has proposed the next one, which is not kept; of the processor."""
    gc.collect()
    begin = time.process_time()
    driver = Driver(name, directory)
    driver.oracle.create_trial("w0")
    seconds = time.process_time() - begin
    driver.store.close()
    return seconds


class Stopwatch:
    """Adds up the time inside its `with` blocks: seconds, of which `processor` were not spent waiting for the disk."""

    def __init__(self) -> None:
        self.seconds = self.processor = 0.0

    def __enter__(self) -> None:
        self.seconds -= time.perf_counter()
        self.processor -= time.process_time()

    def __exit__(self, *exception: object) -> None:
        self.seconds += time.perf_counter()
        self.processor += time.process_time()

    def beside(self, later: Stopwatch, scale: float = 1.0) -> str:
        """Both times, the processor's part of them, and how that has grown."""
        texts = [f"{one.seconds * scale:.2f} ({one.processor * scale:.2f})" for one in (self, later)]
        return f"{', '.join(texts)}: {later.processor / self.processor:.2f}"


class Driver:
    """An oracle, a store, and the time that either takes."""

    def __init__(self, name: str, directory: Path):
        import factory
        from factory.spec.render import render
        from tuner.oracles.named import ORACLES

        self.times = {"oracle": Stopwatch(), "store": Stopwatch()}
        self.spec = render(factory.load("efficientnet_b0"))
        self.recipe = "".join(f"option_{number}: {number}\n" for number in range(40))
        self.store = Store.create_or_open(directory, {"algorithm": name}, f"algorithm: {name}\n")
        self.oracle = ORACLES[name]("val_accuracy", hyperparameters=SPACE, epochs=EPOCHS)
        self.oracle.persistent, self.oracle.verbose = False, 0
        with uncollected():
            self.oracle.resume([known(one) for one in self.store.trials()], self.store.state().get("algorithm", {}))

    def trial(self) -> None:
        """One trial from its proposal to its result."""
        with self.times["oracle"]:
            trial = self.oracle.create_trial("w0")
        proposal, number = self.oracle.proposal(trial.trial_id), int(trial.trial_id)
        with self.times["store"]:
            self._begin(number, proposal)
        value = score(proposal.point)
        trial.status = "COMPLETED"
        with self.times["oracle"]:
            self.oracle.update_trial(trial.trial_id, {"val_accuracy": value})
            self.oracle.end_trial(trial)
        with self.times["store"]:
            self._end(number, value)

    def _begin(self, number: int, proposal: Proposal) -> None:
        record = TrialRecord(
            number,
            proposal.point,
            epochs=proposal.epochs,
            continues=proposal.continues,
            spec=self.spec,
            recipe=self.recipe,
            key=f"{number:064x}",
            costs={"params": 5_288_548, "macs": 387_746_816, "activations": 6_679_488},
        )
        self.store.by_key(record.key, record.epochs)
        self.store.add(record, self._state())
        self.store.start(number, "w0", "cpu")
        for epoch in range(EPOCHS):
            measures = {name: 1 / (epoch + 3) for name in ("loss", "accuracy", "val_loss", "val_accuracy", "seconds")}
            self.store.epoch(number, 0, {"epoch": epoch + 1, "step": 100 * epoch, **measures})

    def _end(self, number: int, value: float) -> None:
        result = {"runs": [{"val_accuracy": value, "val_loss": 1 - value, "seconds": 1.5}]}
        values = {"val_accuracy": value}
        self.store.finish(
            number, Status.COMPLETED, scores=[value], values=values, result=result, seconds=1.5, state=self._state()
        )

    def _state(self) -> dict[str, Any]:
        return {"algorithm": self.oracle.algorithm.state(), "seconds": 1.0}


def known(record: TrialRecord) -> Trial:
    """A trial of the store's as algorithms know it."""
    result = Result(record.scores) if record.finished else None
    return Trial(record.number, Proposal(record.point, record.epochs, record.continues), result)


def score(point: Point) -> float:
    """What a network is worth here: best in the middle of all its dimensions, with waves that make many summits."""
    places = SPACE.places(point)
    return float(sum(1 - (place - 0.5) ** 2 + 0.05 * math.sin(40 * place) for place in places) / len(places))


def bytes_of(directory: Path) -> dict[str, int]:
    """The size of the database, and of the files of the trials: what is in them, and what the disk gives them."""
    files = [path.stat() for path in directory.rglob("*") if path.is_file() and not path.name.startswith("sweep.db")]
    database = sum(path.stat().st_size for path in directory.glob("sweep.db*"))
    contents, blocks = sum(file.st_size for file in files), sum(512 * file.st_blocks for file in files)
    return {"database": database, "files": contents, "files on the disk": blocks}


if __name__ == "__main__":
    main(sys.argv[1:] or ALGORITHMS)

"""The actor of a sweep on a Ray cluster under 1,000 simulated workers: proposals a second, how long workers wait.

    python -m benchmarks cluster

All is real but the trials: the actor with KerasTuner, oracle and store, and every message through Ray. A worker is a
coroutine that begins a trial, tells of EPOCHS epochs and of its end, and asks for nothing more: the next one is sent to
it. Queueing is what it waits from the end of one trial to the next. First trials take no time, so that the actor has as
much to do as it can; then, a third as many, as long as 1,000 workers need to ask for about half of that. The actor's
processor time tells how far another machine gets, or this one when it is idle.

Before that, what a trial costs besides training on one worker: local processes beside Ray tasks, in turns.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import secrets
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import tuner
from benchmarks.measure import Times, line, ratio, show
from tuner.runner.tasks import Run, Task
from tuner.store import Store
from tuner.sweep.sweep import Sweep

WORKERS, TRIALS, EPOCHS, FLEETS = 1_000, 10_000, 2, 2
SHORT, ROUNDS = 40, 3
SPEC: dict[str, Any] = {
    "name": "pretended",
    "input": {"resolution": 8, "channels": 1, "preprocess": "unit"},
    "classes": 10,
    "stages": {
        "stem": {"block": "conv", "filters": 8, "kernel": 3},
        "s1": {"block": "conv", "filters": 16, "kernel": 3, "stride": 2},
        "head": {"block": "classifier"},
    },
}
SPACE = {
    "stages.stem.kernel": {"choice": [1, 2, 3, 4, 5]},
    "stages.s1.filters": {"int": [8, 64]},
    "recipe.learning_rate": {"float": [1.0e-4, 1.0e-1], "log": True},
}


def main(workers: int = WORKERS, trials: int = TRIALS) -> None:
    with tempfile.TemporaryDirectory(prefix="cluster-") as folder, _cluster() as address:
        _overhead(Path(folder), address)
        rate = _simulate(Path(folder) / "busy", workers, trials, 0.0, address)
        _simulate(Path(folder) / "half", workers, trials // 3, 2 * workers / rate, address)


def searched(trials: int, algorithm: str = "evolution") -> Sweep:
    return tuner.load(
        {
            "sweep": "pretended",
            "spec": SPEC,
            "space": SPACE,
            "objective": {"maximize": "val_accuracy"},
            "algorithm": algorithm,
            "budget": {"trials": trials, "epochs": EPOCHS},
            "data": "digits",
            "recipe": "digits",
        }
    )


@contextmanager
def _cluster() -> Iterator[str]:
    """A node of this machine alone, with a token of its own."""
    os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(20), RAY_USAGE_STATS_ENABLED="0")
    os.environ["PRETENDED_EPOCH_SECONDS"] = "0"
    os.environ["PYTHONPATH"] = os.pathsep.join([os.getcwd(), os.environ.get("PYTHONPATH", "")])
    from ray.cluster_utils import Cluster

    started = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        yield started.address
    finally:
        started.shutdown()


# ---- what a trial costs


def _overhead(folder: Path, address: str) -> None:
    from tuner import cluster, runner

    trainer, seconds = "benchmarks.pretending:Pretender", {"local": [], "ray": []}  # type: ignore[var-annotated]
    for number in range(ROUNDS):
        sweep = searched(SHORT, "random")
        with runner.run(sweep, folder / f"local-{number}", trainer=trainer, workers=1) as store:
            seconds["local"].append(_apart(store))
        with cluster.run(sweep, folder / f"ray-{number}", address, trainer=trainer, workers=1) as store:
            seconds["ray"].append(_apart(store))
    local, ray = Times(seconds["local"]), Times(seconds["ray"])
    line(f"a trial that trains nothing, {SHORT} in a row, local", str(local), "")
    line("the same as a Ray task", str(ray), "")
    line("  Ray / local", ratio(ray, local), "")


def _apart(store: Store) -> float:
    """The median of the seconds from the end of a trial to the end of the next."""
    ends = [datetime.fromisoformat(trial.ended) for trial in store.trials()]
    return statistics.median((after - before).total_seconds() for before, after in itertools.pairwise(ends))


# ---- a thousand workers


class Fleet:
    """Simulated workers, in one process."""

    def __init__(self, seconds: float, seed: int):
        self.seconds, self.chance = seconds, random.Random(seed)
        self.ended: dict[str, float] = {}
        """When the last trial of each worker has ended."""
        self.waited: list[float] = []
        self.answers: list[float] = []

    async def run(self, driver: Any, ticket: str, plain: dict[str, Any], log: str) -> None:
        """A trial, as `tuner.cluster.trial` tells of it."""
        if log in self.ended:
            self.waited.append(time.perf_counter() - self.ended[log])
        began = {"kind": "began", "device": "none", "host": "here", "tasks": 0, "node": "", "pid": 0}
        await self._tell(driver, ticket, began)
        rows = []
        for epoch in range(1, EPOCHS + 1):
            if self.seconds:
                await asyncio.sleep(self.chance.uniform(0.5, 1.5) * self.seconds / EPOCHS)
            rows.append({"epoch": epoch, "val_accuracy": self.chance.random()})
            await self._tell(driver, ticket, {"kind": "epoch", "run": 0, "row": rows[-1]})
        folder = Run(0, 0, None).inside(plain["folder"])
        folder.mkdir(exist_ok=True)
        (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        self.ended[log] = time.perf_counter()
        await self._tell(driver, ticket, {"kind": "done", "results": [{"epochs": EPOCHS}]})

    async def times(self) -> tuple[list[float], list[float]]:
        """Seconds that workers waited for a trial, and messages for their answer."""
        return self.waited, self.answers

    async def _tell(self, driver: Any, ticket: str, message: dict[str, Any]) -> None:
        begin = time.perf_counter()
        await driver.tell.remote(ticket, message, False)
        self.answers.append(time.perf_counter() - begin)


@dataclass(frozen=True)
class FleetLauncher:
    """Attempts as calls of fleets, a worker always of the same one."""

    fleets: Sequence[Any]

    def __call__(self, driver: Any, ticket: str, task: Task, log: str) -> Any:
        fleet = self.fleets[int(Path(log).stem) % len(self.fleets)]
        return fleet.run.remote(driver, ticket, task.plain(), log)


def _simulate(directory: Path, workers: int, trials: int, seconds: float, address: str) -> float:
    """Prints what was measured; returns the proposals a second. seconds: of a trial, in the mean."""
    import ray

    from tuner.cluster.connecting import connected
    from tuner.cluster.oracle import OracleActor
    from tuner.cluster.session import begin, follow
    from tuner.runner import Silent

    class TimedActor(OracleActor):
        async def spent(self) -> float:
            return time.process_time()

    with connected(address):
        remote: Any = ray.remote  # its types know functions alone
        kind = remote(num_cpus=0, max_concurrency=2 * workers)(Fleet)
        fleets = [kind.remote(seconds, number) for number in range(FLEETS)]
        actor = begin(TimedActor, searched(trials), directory, workers, FleetLauncher(fleets))
        before = ray.get(actor.spent.remote())
        follow(actor, directory, Silent())
        spent = ray.get(actor.spent.remote()) - before
        found = ray.get([fleet.times.remote() for fleet in fleets])
    with Store.open(directory) as store:
        records = store.trials()
    if sum(record.status == "COMPLETED" for record in records) != trials:
        raise SystemExit(f"of {trials} trials {sum(not record.scores for record in records)} did not complete")
    begun = sorted(datetime.fromisoformat(record.created) for record in records)
    # the first proposals go to workers that all wait; from then on one is made where a trial ends
    rate = (len(begun) - workers) / (begun[-1] - begun[workers - 1]).total_seconds()
    length = f"trials of {seconds:.0f} s" if seconds else "trials of no length"
    line(f"{workers:,} workers, {trials:,} {length}: proposals a second", f"{rate:,.1f}", "")
    line("  processor time of the actor, a trial", show(spent / trials), "")
    for what, index in (("a worker waits for its next trial", 0), ("a message waits for its answer", 1)):
        line(f"  {what}: median, 90 %, 99 %", _quantiles([time for times in found for time in times[index]]), "")
    return rate


def _quantiles(seconds: Sequence[float]) -> str:
    cuts = statistics.quantiles(seconds, n=100)
    return ", ".join(show(cuts[percent - 1]) for percent in (50, 90, 99))


if __name__ == "__main__":
    main()

"""`run`: a sweep in a directory, as `tuner.runner.run`, with trials on the nodes of a Ray cluster."""

from __future__ import annotations

import os
import zlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from factory.errors import FactoryError
from tuner.candidates.data_facts import KNOWN
from tuner.cluster.connecting import connected
from tuner.cluster.needs import Needs, told
from tuner.runner.driver import TICK
from tuner.runner.reporting import Reporter, Silent
from tuner.runner.session import TRAINER
from tuner.runner.workers import GRACE
from tuner.store import Store
from tuner.sweep.sweep import Sweep


def run(
    sweep: Sweep,
    directory: str | os.PathLike[str],
    address: str,
    *,
    reporter: Reporter | None = None,
    workers: int | None = None,
    trainer: str = TRAINER,
) -> Store:
    """Runs a sweep as `tuner.runner.run` does, the driver as an actor and trials as tasks of the cluster at `address`.

    address: HOST:PORT, or "auto" for the cluster that this machine is a part of. directory: where all nodes see it.
    workers: how many trials at a time at most, by default the sweep's; those that find no room wait in Ray's queue.

    Raises FactoryError as `tuner.runner.run` does, where the cluster refuses, and where a node does not see the
    directory; KeyboardInterrupt after Ctrl-C, when everything is in place to go on.
    """
    count = sweep.workers if workers is None else workers
    if count < 1:
        raise FactoryError(f"workers: expected a number from 1, received {count}")
    where, needs = Path(directory).absolute(), Needs.of(sweep.trial)
    if sweep.data not in KNOWN and Path(sweep.data).expanduser().exists():
        sweep = replace(sweep, data=str(Path(sweep.data).expanduser().absolute()))
    with connected(address):
        import ray

        from tuner.cluster.launching import TaskLauncher
        from tuner.cluster.oracle import OracleActor
        from tuner.cluster.shared import check_nodes

        check_nodes(where)
        reporter = reporter or Silent()
        reporter.say(told([node["Resources"] for node in ray.nodes() if node["Alive"]], needs, count))
        follow(begin(OracleActor, sweep, where, count, TaskLauncher(trainer, needs)), where, reporter)
    return Store.open(where)


def begin(kind: Any, sweep: Sweep, directory: Path, count: int, launch: Any) -> Any:
    """The actor of a sweep, of this kind; `launch` begins attempts.

    It is on this machine, whose processes share what SQLite keeps in memory, and lives as long as this process.
    """
    import ray
    from ray import cloudpickle

    from tuner.cluster.launching import on_node

    packed = zlib.compress(cloudpickle.dumps(sweep))  # small enough to be kept where actors are started anew from
    home = ray.get_runtime_context().get_node_id()
    options = {"max_restarts": -1, "max_task_retries": -1, "max_concurrency": 2 * count + 100}
    return on_node(kind, home, **options).remote(packed, str(directory), count, launch)


def follow(actor: Any, directory: Path, reporter: Reporter) -> None:
    """Has the actor search, and tells what it tells, until it has ended. Raises what it raises; Ctrl-C stops it."""
    import ray
    from ray.exceptions import RayActorError, RayTaskError

    from tuner.cluster.telling import retell

    search = actor.search.remote()

    def listen(seconds: float) -> bool:
        done, _ = ray.wait([search], timeout=seconds)
        retell(ray.get(actor.heard.remote()), reporter)
        return bool(done)

    try:
        while not listen(TICK):
            pass
        ray.get(search)
    except RayTaskError as error:
        raise error.cause if isinstance(error.cause, FactoryError) else error from None
    except RayActorError as error:
        raise FactoryError(f"the driver's actor is gone, and Ray does not start it again: {error}") from None
    except KeyboardInterrupt:
        reporter.say("interrupted: trials keep what they have")
        with suppress(FactoryError), Store.open(directory) as store:  # without a store there is nothing to keep
            store.request_stop()
            listen(2 * GRACE)
        raise

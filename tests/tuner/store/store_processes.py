"""Processes that drive a store and are killed: `python store_processes.py kills DIR SEED`. They print JSON.

One process imports what is needed and forks the others, which is quicker than starting each.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from kept_trials import filled, opened, proposed, rows

from factory.errors import FactoryError
from tuner.store import Store

TRIALS, KILLS = 40, 15


def drive(directory: Path, told: Callable[[dict[str, Any]], object]) -> None:
    """Runs trials to the end, those that are interrupted first, and tells of each step when the store has taken it."""
    with opened(directory) as store, store.driver_lock():
        waiting = store.interrupted()
        number = len(store.trials())
        while waiting or number < TRIALS:
            if waiting:
                record = waiting.pop(0)
            else:
                record = store.add(proposed(number, spec="x" * 3000), {"added": number})
                told({"added": record.plain()})
                number += 1
            store.start(record.number, f"w{os.getpid()}")
            for row in rows(1, 2, 3):
                store.epoch(record.number, 0, row)
                told({"epoch": [record.number, row]})
                time.sleep(0.005)  # training
            status, scores = ("FAILED", None) if record.number % 5 == 4 else ("COMPLETED", [record.number])
            done = store.finish(record.number, status, scores=scores, state={"finished": record.number})
            told({"finished": done.plain()})


def tell(pipe: int, one: dict[str, Any]) -> None:
    os.write(pipe, f"{json.dumps(one)}\n".encode())


def forked(work: Callable[[], object]) -> int:
    """The process id of a child that does this and no more."""
    if child := os.fork():
        return child
    try:
        work()
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def kills(directory: Path, seed: int) -> dict[str, Any]:
    """Kills KILLS drivers at random moments, then lets one finish.

    Returns what is wrong: everything a driver had been told is compared with what the next one finds.
    """
    draw = random.Random(seed)
    added: dict[int, Any] = {}
    finished: dict[int, Any] = {}
    epochs: dict[int, list[Any]] = {}
    wrong, killed, inside = [], 0, 0
    for attempt in range(KILLS + 1):
        end, begin = os.pipe()
        child = forked(partial(drive, directory, partial(tell, begin)))
        os.close(begin)
        with os.fdopen(end, "rb") as pipe:
            lines = []
            if attempt < KILLS:
                if attempt % 3:  # every third one dies while it opens the store
                    lines = [pipe.readline() for _ in range(draw.randint(1, 9))]
                time.sleep(draw.choice((0, draw.uniform(0, 0.02))))
                os.kill(child, signal.SIGKILL)
            lines += pipe.read().splitlines()
        killed += os.waitpid(child, 0)[1] == signal.SIGKILL
        for one in map(json.loads, filter(bytes.strip, lines)):
            if "added" in one:
                added[one["added"]["number"]] = one["added"]
            elif "epoch" in one:
                epochs.setdefault(one["epoch"][0], []).append(one["epoch"][1])
            elif one["finished"]["number"] in finished:
                wrong.append(f"finished twice: {one}")
            else:
                finished[one["finished"]["number"]] = one["finished"]
        if not (directory / "sweep.json").exists():
            continue
        with opened(directory) as store:
            wrong += [f"repaired: {told}" for told in store.repairs]
            there = store.trials()
            inside += len(store.interrupted())
            if [one.number for one in there] != list(range(len(there))):
                wrong.append(f"gaps: {[one.number for one in there]}")
            for number, record in {**added, **finished}.items():
                found = json.loads(json.dumps(there[number].plain())) if number < len(there) else None
                if found is None or (number in finished and found != record) or found["created"] != record["created"]:
                    wrong.append(f"{record} is {found}")
            for number, known in epochs.items():
                curve = store.curve(number)
                wrong += [f"epoch of {number} lost: {row}" for row in known if row not in curve]
            last = max((one.number for one in there if one.finished), default=None)
            if last in finished and last is not None and last == len(there) - 1 and store.state() != {"finished": last}:
                wrong.append(f"state {store.state()} after {last}")
    with opened(directory) as store:
        done = [(one.number, str(one.status), one.scores) for one in store.trials()]
    return {"wrong": wrong, "killed": killed, "interrupted": inside, "done": done}


def second(directory: Path, _seed: int) -> dict[str, Any]:
    """Two drivers of one directory: the second is refused, and takes over when the first is killed."""
    ready, begin = os.pipe()

    def hold() -> None:
        with opened(directory) as store, store.driver_lock():
            store.add(proposed(0))
            os.write(begin, b"locked")
            time.sleep(60)

    child = forked(hold)
    os.read(ready, 6)
    refused = ""
    try:
        opened(directory)
    except FactoryError as error:
        refused = str(error)
    with Store.open(directory) as reader:
        driver, seen = reader.driver(), len(reader.interrupted())
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with Store.open(directory) as reader:
        after = reader.driver()
    with opened(directory) as store, store.driver_lock():
        left = len(store.interrupted())
    return {"pid": child, "refused": refused, "driver": driver, "after": after, "seen": seen, "left": left}


def unwritable(_directory: Path, _seed: int) -> dict[str, Any]:
    """A sweep of somebody else's: read where it may not be written, with and without a log, and refused to a driver."""
    directory = Path(tempfile.mkdtemp(prefix="store-")) / "sweep"
    filled(directory, 3, [3])
    open_store = opened(directory)
    open_store.finish(3, "FAILED", error="in the log")
    for path in (directory.parent, directory):
        path.chmod(0o555)
    for path in directory.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    end, begin = os.pipe()

    def look() -> None:
        if os.getuid() == 0:
            os.setgid(65534)
            os.setuid(65534)  # root may write everywhere; "nobody" may not
        result: dict[str, Any] = {}
        with Store.open(directory) as store:
            result["statuses"] = [str(one.status) for one in store.trials()]
        for name, action in {
            "driver": lambda: opened(directory),
            "new": lambda: opened(directory / "new"),
            "stop": lambda: Store.open(directory).request_stop(),
        }.items():
            try:
                action()
                result[name] = "allowed"
            except FactoryError as error:
                result[name] = str(error)
        os.write(begin, json.dumps(result).encode())

    results = []
    for closed in (False, True):
        if closed:
            directory.chmod(0o755)
            open_store.close()
            directory.chmod(0o555)
        child = forked(look)
        os.waitpid(child, 0)
        results.append(json.loads(os.read(end, 65536) or "{}"))
    for path in (directory.parent, directory, *directory.rglob("*")):
        path.chmod(0o755)
    shutil.rmtree(directory.parent)
    return {"results": results}


if __name__ == "__main__":
    work = {"kills": kills, "second": second, "unwritable": unwritable}[sys.argv[1]]
    print(json.dumps(work(Path(sys.argv[2]), int(sys.argv[3]))))

"""What is told to a store can be asked of it: trials, curves, the state, duplicates, stops."""

from __future__ import annotations

import json
import math
import sqlite3
import sys
import threading
from datetime import UTC, datetime

import numpy as np
import pytest
from kept_trials import IDENTITY, TEXT, filled, opened, proposed, rows

from factory.errors import FactoryError
from tuner.store import Status, Store


def test_a_trial_is_kept_with_all_that_is_told_of_it(tmp_path):
    before = datetime.now(UTC).isoformat(timespec="milliseconds")
    with opened(tmp_path / "s") as store:
        store.add(proposed(0, point={"b": 1, "a": [1.5, "x", None, True]}, epochs=3, seed=7, recipe="epochs: 3\n"))
        store.start(0, "w1", "gpu:0")
        store.epoch(0, 0, {"epoch": 1, "val_loss": 0.5})
        told = store.finish(0, "COMPLETED", scores=(0.9, -3), values={"acc": 0.9}, result={"n": [1]}, seconds=2.5)
        assert told == store.trial(0)
    with Store.open(tmp_path / "s") as store:
        (trial,) = store.trials()
    assert trial == told
    assert list(trial.point.items()) == [("b", 1), ("a", [1.5, "x", None, True])]
    assert (trial.status, trial.epochs, trial.seed, trial.recipe) == ("COMPLETED", 3, 7, "epochs: 3\n")
    assert (trial.worker, trial.device, trial.attempts, trial.seconds) == ("w1", "gpu:0", 1, 2.5)
    assert (trial.scores, trial.values, trial.result) == ((0.9, -3.0), {"acc": 0.9}, {"n": [1]})
    assert before <= trial.created <= trial.started <= trial.ended


def test_numbers_are_given_without_gaps_and_never_twice(tmp_path):
    filled(tmp_path, 1)
    with opened(tmp_path) as store:
        for number in (0, 2):
            with pytest.raises(ValueError, match=f"the next trial is 1, not {number}"):
                store.add(proposed(number))
        with pytest.raises(ValueError, match="what is added runs"):
            store.add(proposed(1, status=Status.COMPLETED))
        assert len(store.trials()) == 1


def test_what_is_finished_is_not_changed_any_more(tmp_path):
    before = filled(tmp_path, 1)
    with opened(tmp_path) as store:
        for change in (
            lambda: store.finish(0, "FAILED", error="late"),
            lambda: store.start(0, "w1"),
            lambda: store.retry(0, "late"),
        ):
            with pytest.raises(ValueError, match="trial 0 is COMPLETED"):
                change()
        assert not store.epoch(0, 0, {"epoch": 9})
        assert store.trials() == before and len(store.curve(0)) == 2
        with pytest.raises(ValueError, match="trial 5 does not exist"):
            store.start(5, "w1")
        with pytest.raises(KeyError):
            store.trial(5)


@pytest.mark.parametrize(
    ("status", "scores"),
    [
        ("RUNNING", None),
        ("COMPLETED", None),
        ("COMPLETED", []),
        ("COMPLETED", [math.inf]),
        ("STOPPED", [0.5, math.nan]),
        ("FAILED", [0.5]),
        ("BROKEN", None),
    ],
)
def test_no_failure_has_scores_and_no_score_is_infinite(tmp_path, status, scores):
    with opened(tmp_path) as store:
        store.add(proposed(0))
        with pytest.raises(ValueError):
            store.finish(0, status, scores=scores)
        assert store.trial(0).status == "RUNNING"


def test_an_error_is_kept_in_full(tmp_path):
    text = "Traceback\n" + "x" * 100_000 + "\x00 \udc80 ü"
    with opened(tmp_path) as store:
        store.add(proposed(0))
        assert store.finish(0, "TIMED_OUT", error=text).error == text
        assert store.trial(0).error == text


def test_attempts_are_counted_and_going_on_is_none(tmp_path):
    with opened(tmp_path) as store:
        store.add(proposed(0))
        first = store.start(0, "w0")
    with opened(tmp_path) as store:
        (interrupted,) = store.interrupted()
        assert interrupted == first
        assert store.start(0, "w1").attempts == 1
        store.epoch(0, 0, rows(1)[0])
        assert store.retry(0, "out of memory", afresh=False).attempts == 2
        assert store.curve(0) == rows(1)
        assert store.retry(0, "again").error == "again"
        assert store.curve(0) == []
        again = store.start(0, "w2")
        assert (again.attempts, again.started, again.worker) == (3, first.started, "w2")
        assert store.finish(0, "FAILED").error == "again"
        assert store.interrupted() == []


def test_curves_are_in_order_and_an_epoch_told_again_replaces_the_first(tmp_path):
    with opened(tmp_path) as store:
        store.add(proposed(0))
        for run, epoch in ((1, 1), (0, 2), (0, 1), (0, 10)):
            store.epoch(0, run, {"epoch": epoch, "run": run})
        store.epoch(0, 0, {"epoch": 2, "run": 0, "again": True})
        told = [{"epoch": 1, "run": 0}, {"epoch": 2, "run": 0, "again": True}, {"epoch": 10, "run": 0}]
        assert store.curve(0) == [*told, {"epoch": 1, "run": 1}]
        assert store.curve(0, run=0) == told
        assert store.curve(0, run=2) == store.curve(1) == []


def test_numbers_of_numpy_and_those_that_json_does_not_know_come_back(tmp_path):
    row = {"epoch": np.int64(1), "loss": np.float32("nan"), "lr": np.float64(0.5), "max": math.inf, "low": -math.inf}
    with opened(tmp_path) as store:
        store.add(proposed(0))
        store.epoch(0, 0, row)
        (read,) = store.curve(0)
        assert math.isnan(read.pop("loss"))
        assert read == {"epoch": 1, "lr": 0.5, "max": math.inf, "low": -math.inf}
        store.finish(0, "FAILED", error="NaN", result={"loss": math.nan})

    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    filed = json.loads((store.folder(0) / "trial.json").read_text(), parse_constant=refuse)
    assert filed["record"]["result"] == {"loss": {"$float": "nan"}}


def test_the_state_is_the_last_one_told(tmp_path):
    with opened(tmp_path) as store:
        assert store.state() == {}
        store.add(proposed(0), {"weights": [0.1]})
        store.add(proposed(1))
        assert store.state() == {"weights": [0.1]}
        store.finish(1, "FAILED", error="x", state={"weights": [0.2]})
    with opened(tmp_path) as store:
        assert store.state() == {"weights": [0.2]}


def test_a_duplicate_is_answered_by_the_first_that_was_trained_as_long(tmp_path):
    with opened(tmp_path) as store:
        ended = [
            (None, "FAILED", None),
            (9, "COMPLETED", [1.0]),
            (None, "STOPPED", [2.0]),
            (None, "COMPLETED", [3.0]),
            (None, "COPIED", [3.0]),
            (None, "COMPLETED", [4.0]),
        ]
        for number, (epochs, status, scores) in enumerate(ended):
            store.add(proposed(number, key="k", epochs=epochs))
            assert store.by_key("k", 8) is None
            copied = 3 if status == "COPIED" else None
            store.finish(number, status, scores=scores, copied_from=copied)
            expected = [None, None, 2, 3, 3, 3][number]
            assert getattr(store.by_key("k"), "number", None) == expected
        assert store.by_key("k", 9).number == 1
        assert store.by_key("other") is None
        assert store.trial(4).copied_from == 3


def test_a_wish_to_stop_reaches_the_driver_and_is_forgotten_by_the_next(tmp_path):
    with opened(tmp_path) as store:
        with store.driver_lock():
            assert not store.stop_requested()
            with Store.open(tmp_path) as other:
                other.request_stop()
            assert store.stop_requested()
        with store.driver_lock():
            assert not store.stop_requested()


def test_a_reader_sees_whole_transactions_while_a_driver_writes(tmp_path):
    with opened(tmp_path) as store, Store.open(tmp_path) as reader:
        for number in range(3):
            store.add(proposed(number), {"n": number})
            assert [one.number for one in reader.trials()] == list(range(number + 1))
            assert reader.state() == {"n": number}
        with pytest.raises(FactoryError, match="cannot be opened or written"):
            reader.add(proposed(3))


def test_threads_share_a_store(tmp_path):
    with opened(tmp_path) as store:
        store.add(proposed(0))
        store.add(proposed(1))

        def write(number):
            for epoch in range(1, 31):
                store.epoch(number, 0, {"epoch": epoch})
                store.trials()

        threads = [threading.Thread(target=write, args=(number,)) for number in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [len(store.curve(number)) for number in (0, 1)] == [30, 30]


def test_the_file_can_be_asked_by_status_and_key_with_sql(tmp_path):
    filled(tmp_path, 3, [3])
    connection = sqlite3.connect(tmp_path / "sweep.db")
    assert connection.execute("SELECT number FROM trials WHERE status = 'RUNNING'").fetchall() == [(3,)]
    for column in ("status", "key"):
        plan = connection.execute(f"EXPLAIN QUERY PLAN SELECT number FROM trials WHERE {column} = 'x'").fetchall()
        assert f"trials_by_{column}" in str(plan)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_the_file_of_the_sweep_is_kept_as_it_was_last(tmp_path):
    opened(tmp_path).close()
    assert (tmp_path / "sweep.yaml").read_text() == TEXT
    Store.create_or_open(tmp_path, IDENTITY, "workers: 2\n").close()
    assert (tmp_path / "sweep.yaml").read_text() == "workers: 2\n"


def test_it_needs_no_tensorflow():
    import subprocess

    code = "import sys, tuner.store; sys.exit(any(n in sys.modules for n in ('tensorflow', 'keras', 'keras_tuner')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

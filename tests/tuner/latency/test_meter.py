"""Measuring what a table lacks: once, by one at a time, kept group by group, told where it fails."""

from __future__ import annotations

import threading

import pytest
from latency_tables import own_table

import factory
from factory.errors import FactoryError
from tuner.latency import estimate_latency_ms, measure_missing, measured_latency_ms, meter
from tuner.latency.table import CALL, read_table
from tuner.latency.units import units_of

LENET, TINY = (
    factory.plan(factory.load("lenet5")),
    factory.plan(
        factory.load({"name": "tiny", "input": {"resolution": 8}, "stages": {"head": {"block": "classifier"}}})
    ),
)


@pytest.fixture(autouse=True)
def table(tmp_path, monkeypatch):
    return own_table(tmp_path, monkeypatch)


class Pretending:
    """Answers at once; fails at the request of this number."""

    def __init__(self, fails: int | None = None):
        self.asked: list[str] = []
        self.requests, self.fails = 0, fails

    def ask(self, what, things):
        if self.requests == self.fails:
            raise KeyboardInterrupt
        self.requests += 1
        self.asked += [unit.key for unit in things]
        return {CALL: 1.0 + self.requests, **{unit.key: 0.5 for unit in things}}


@pytest.fixture
def pretending(monkeypatch):
    process = Pretending()
    monkeypatch.setattr(meter, "_process", lambda: process)
    return process


def test_each_operation_is_measured_once_whatever_networks_share(pretending):
    keys = [unit.key for _, unit in units_of(LENET)]
    assert measure_missing([LENET, LENET, LENET]) == len(set(keys)) == 16
    assert sorted(pretending.asked) == sorted(set(keys))
    assert measure_missing([LENET]) == 0 and pretending.requests == 2
    assert measured_latency_ms(LENET) == 2.0 + 0.5 * len(keys)


def test_a_call_that_was_measured_stays_as_it_was(pretending):
    measure_missing([LENET])
    assert read_table()[CALL] == 2.0  # of the first group
    measure_missing([TINY])
    assert read_table()[CALL] == 2.0


def test_progress_is_told_group_by_group(pretending):
    told = []
    measure_missing([LENET], lambda done, of: told.append((done, of)))
    assert told == [(8, 16), (16, 16)]


def test_what_was_measured_before_an_interruption_is_kept(monkeypatch):
    first = Pretending(fails=1)
    monkeypatch.setattr(meter, "_process", lambda: first)
    with pytest.raises(KeyboardInterrupt):
        measure_missing([LENET])
    assert set(first.asked) <= set(read_table())
    second = Pretending()
    monkeypatch.setattr(meter, "_process", lambda: second)
    assert measure_missing([LENET]) == 8
    assert not set(first.asked) & set(second.asked)


def test_two_at_once_measure_nothing_twice(pretending):
    threads = [threading.Thread(target=measure_missing, args=([LENET],)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(pretending.asked) == 16


def test_a_process_of_its_own_measures_and_another_follows_one_that_died(capfd):
    """The real thing: TensorFlow runs the operations, a death is told, the next request starts anew."""
    assert measure_missing([TINY]) == len({unit.key for _, unit in units_of(TINY)})
    assert estimate_latency_ms(TINY) > 0
    process = meter._process()
    with pytest.raises(FactoryError, match="measuring latencies failed: AttributeError: 'int' object has no attribute"):
        process.ask(meter.UNITS, [3])
    assert meter._process() is not process
    meter._process().process.kill()
    meter._process.cache_clear()
    assert capfd.readouterr() == ("", "")

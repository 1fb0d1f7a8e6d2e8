"""Any sequence of operations, reopened or robbed of its database at any point, against a plain Python model."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from kept_trials import opened, proposed

from tuner.store import SCORED, Status, Store

STATES = st.none() | st.dictionaries(st.sampled_from("ab"), st.lists(st.floats(allow_nan=False), max_size=2))
TEXTS = st.text(max_size=5)


class StoreMachine(RuleBasedStateMachine):
    """`records`, `curves`, `state`: what a store without a disk would hold.

    `added`: trials as their files have them while they run. `filed`: the state after the last result.
    """

    def __init__(self):
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="store-"))
        self.store = opened(self.directory)
        self.records, self.curves, self.added, self.state, self.filed = [], [], [], {}, {}

    def teardown(self):
        self.store.close()
        shutil.rmtree(self.directory)

    def running(self, data):
        numbers = [one.number for one in self.records if not one.finished]
        return data.draw(st.sampled_from(numbers)) if numbers else None

    def learn(self, state):
        self.state = self.state if state is None else state

    @rule(text=TEXTS, epochs=st.none() | st.integers(1, 9), state=STATES)
    def add(self, text, epochs, state):
        record = self.store.add(proposed(len(self.records), key=text, spec=text, epochs=epochs), state)
        self.records.append(record)
        self.added.append(record)
        self.curves.append({})
        self.learn(state)

    @rule(data=st.data(), worker=TEXTS)
    def start(self, data, worker):
        if (number := self.running(data)) is not None:
            record = self.store.start(number, worker, "cpu")
            old = self.records[number]
            assert record.attempts == max(old.attempts, 1) and record.started
            assert record == replace(old, worker=worker, device="cpu", attempts=record.attempts, started=record.started)
            self.records[number] = record

    @rule(data=st.data(), run=st.integers(0, 2), epoch=st.integers(1, 4), loss=st.floats(allow_nan=False))
    def epoch(self, data, run, epoch, loss):
        if self.records:
            number = data.draw(st.integers(0, len(self.records)))
            known = number < len(self.records) and not self.records[number].finished
            row = {"epoch": epoch, "loss": loss}
            assert self.store.epoch(number, run, row) == known
            if known:
                self.curves[number][run, epoch] = row

    @rule(data=st.data(), error=TEXTS, afresh=st.booleans())
    def retry(self, data, error, afresh):
        if (number := self.running(data)) is not None:
            self.records[number] = self.store.retry(number, error, afresh=afresh)
            if afresh:
                self.curves[number] = {}

    @rule(data=st.data(), status=st.sampled_from(sorted(set(Status) - {Status.RUNNING})), state=STATES, text=TEXTS)
    def finish(self, data, status, state, text):
        if (number := self.running(data)) is not None:
            scores = data.draw(st.lists(st.floats(-9, 9), min_size=1, max_size=2)) if status in SCORED else None
            record = self.store.finish(number, status, scores=scores, error=text, result={"text": text}, state=state)
            assert record.scores == (tuple(scores) if scores else None)
            self.records[number] = record
            self.learn(state)
            self.filed = self.filed if state is None else state

    @rule()
    def reopen(self):
        self.store.close()
        self.store = opened(self.directory)
        assert self.store.repairs == ()

    @rule()
    def lose_the_files(self):
        """The database has all; what is missing is filed again at the next opening, as it is now."""
        self.store.close()
        shutil.rmtree(self.directory / "trials", ignore_errors=True)
        (self.directory / "sweep.json").unlink()
        self.reopen()
        self.added = list(self.records)

    @precondition(lambda self: self.records)
    @rule()
    def lose_the_database(self):
        """The files have all but what runs told, and what the algorithm learned, since the last proposal and result."""
        self.store.close()
        for path in self.directory.glob("sweep.db*"):
            path.unlink()
        self.store = opened(self.directory)
        assert f"{len(self.records)} trials were restored" in str(self.store.repairs)
        for number, record in enumerate(self.records):
            if not record.finished:
                self.records[number], self.curves[number] = self.added[number], {}
        self.state = self.filed

    @invariant()
    def same(self):
        with Store.open(self.directory) as reader:
            for store in (self.store, reader):
                assert store.trials() == self.records
                assert store.interrupted() == [one for one in self.records if not one.finished]
                assert store.state() == self.state
        for number, curve in enumerate(self.curves):
            assert self.store.curve(number) == [curve[key] for key in sorted(curve)]


StoreMachine.TestCase.settings = settings(max_examples=15, stateful_step_count=20)
test_a_store_is_what_a_plain_model_is = StoreMachine.TestCase

"""The state of a sweep as its directory tells it, and the time that is left."""

from __future__ import annotations

import pytest
from trial_records import Kept, trial

from factory.errors import FactoryError
from tuner.analysis.status import read_state, seconds_left

FILE = "sweep: small\nspec: lenet5\nalgorithm: {name: evolution}\nbudget: {trials: 8}\nworkers: 2\n"
RECORDS = [
    trial(0, 0.5, seconds=10.0),
    trial(1, 0.5, "COPIED", copied_from=0, seconds=0.0),
    trial(2, None, "FAILED", seconds=500.0),
    trial(3, 0.25, "STOPPED", seconds=4.0),
    trial(4, 0.75, seconds=12.0),
    trial(5, None, "RUNNING"),
]


def state_of(folder, records=RECORDS, file=FILE):
    (folder / "sweep.yaml").write_text(file)
    return read_state(Kept(folder, records, curves={5: [{"epoch": 1}, {"epoch": 2}]}))


def test_the_state_is_what_the_file_and_the_trials_say(tmp_path):
    state = state_of(tmp_path)
    assert (state.name, state.algorithm, state.trials, state.workers) == ("small", "evolution", 8, 2)
    assert state.done == 5 and state.counts["RUNNING"] == 1 and state.counts["COMPLETED"] == 2
    assert state.seconds == 526
    assert [(record.number, row) for record, row in state.running] == [(5, {"epoch": 2})]


def test_what_the_file_leaves_out_has_the_defaults_of_a_sweep(tmp_path):
    state = state_of(tmp_path, [], "spec: lenet5\nalgorithm: grid\n")
    assert (state.name, state.algorithm, state.trials, state.workers) == (tmp_path.name, "grid", 100, 1)


def test_the_time_left_is_the_median_of_trained_trials_for_the_rest_by_workers(tmp_path):
    # 4, 10 and 12 s were trained, the copy and the failure do not count; 3 of 8 trials are left, for 2 workers
    assert seconds_left(RECORDS, trials=8, workers=2) == 3 * 10 / 2
    assert state_of(tmp_path).seconds_left == 15
    assert seconds_left(RECORDS, trials=3, workers=1) == 0  # the budget was lowered
    assert seconds_left([trial(0, None, "FAILED")], trials=8, workers=2) is None


def test_a_sweep_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(FactoryError, match=r"sweep\.yaml: cannot be read"):
        read_state(Kept(tmp_path, []))

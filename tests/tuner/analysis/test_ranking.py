"""The best trial and the front of a sweep."""

from __future__ import annotations

import pytest
from trial_records import trial

from tuner.analysis.ranking import best, pareto_front, share_of_box


def pair(number: int, accuracy: float, macs: int, **changes):
    values = {"val_accuracy": accuracy, "macs": float(macs)}
    return trial(number, accuracy, scores=(accuracy, -float(macs)), values=values, **changes)


def test_the_best_is_the_earliest_of_equal_scores():
    assert best([trial(0, 0.5), trial(1, 0.75), trial(2, 0.75)]).number == 1


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "RUNNING"])
def test_a_trial_without_scores_is_never_the_best(status):
    assert best([trial(0, None, status)]) is None
    assert best([trial(0, None, status), trial(1, -9.0)]).number == 1


def test_a_trial_that_was_stopped_early_counts_with_its_score():
    assert best([trial(0, 0.5), trial(1, 0.75, "STOPPED")]).number == 1


def test_the_best_is_among_those_that_were_given_the_most_epochs():
    paused, full = [trial(0, 0.9, epochs=1), trial(1, 0.8, epochs=3)], trial(2, 0.7, epochs=None)
    assert best(paused).number == 1
    assert best([*paused, full]).number == 2
    assert best([*paused, trial(3, 0.75, "STOPPED", epochs=None), full]).number == 3


def test_the_front_has_each_network_once_and_begins_with_the_best_of_the_first_objective():
    records = [
        pair(0, 0.5, 10),
        pair(1, 0.9, 40),
        pair(2, 0.8, 50),  # worse than trial 1 in both
        pair(3, 0.85, 20),
        pair(4, 0.9, 40, status="COPIED", copied_from=1),
        trial(5, None, "FAILED"),
    ]
    assert [record.number for record in pareto_front(records)] == [1, 3, 0]
    # the chord goes from (0.5, 10) to (0.9, 40); scaled, trial 3 has 0.35 / 0.4 + 20 / 30 = 1.54, the chord 1
    assert best(records).number == 3


def test_the_volume_is_a_share_of_a_box_around_all_trials():
    # trials 1, 3 and 0 are at (1, 0.25), (0.875, 0.75) and (0, 1) of the ranges 0.5 to 0.9 and 10 to 50; the corner is
    # at (-0.1, -0.1): a staircase of 1.1 x 0.35, then 0.975 x 0.5 above it, then 0.1 x 0.25
    records = [pair(0, 0.5, 10), pair(1, 0.9, 40), pair(2, 0.8, 50), pair(3, 0.85, 20)]
    assert share_of_box(records) == pytest.approx((1.1 * 0.35 + 0.975 * 0.5 + 0.1 * 0.25) / 1.1**2)
    assert share_of_box([pair(0, 0.5, 10)]) == 1
    assert share_of_box([pair(0, 0.5, 10), pair(1, 0.75, 10)]) == 1  # all alike in one objective: the other decides


def test_without_scores_there_is_no_front():
    assert pareto_front([trial(0, None, "FAILED")]) == []

"""How many epochs a search takes is known before it runs, near enough for an estimate of its time."""

from __future__ import annotations

import pytest
from guided_searches import SEPARABLE, landscape, make

from tuner.algorithms.algorithm import Result

EPOCHS = 9


def spent(trials):
    """The epochs that were trained: what goes on does not begin anew."""
    before = [0 if one.proposal.continues is None else trials[one.proposal.continues].proposal.epochs for one in trials]
    return sum((one.proposal.epochs or EPOCHS) - done for one, done in zip(trials, before, strict=True))


@pytest.mark.parametrize(
    ("name", "parameters", "trials"),
    [
        ("random", {}, 20),
        ("halving", {}, 150),
        ("halving", {"factor": 2, "min_epochs": 2}, 150),
        ("hyperband", {}, 69),
        ("morphing_evolution", {"population": 4, "sample": 2, "child_epochs": 2}, 40),
        ("morphing_evolution", {"population": 4, "sample": 2, "child_epochs": 20}, 10),
    ],
)
def test_what_is_expected_is_within_a_tenth_of_what_a_search_takes(name, parameters, trials):
    made = make(name, SEPARABLE, epochs=EPOCHS, **parameters)
    for number in range(trials):
        made.tell(number, Result((landscape(made.ask().point),)))
    assert made.total_epochs(trials) == pytest.approx(spent(made.trials), rel=0.1)


def test_a_search_shorter_than_its_first_trials_has_no_children():
    made = make("transforming", SEPARABLE, epochs=EPOCHS, starts=3, child_epochs=1)
    assert [made.total_epochs(trials) for trials in (2, 3, 5)] == [18, 27, 29]

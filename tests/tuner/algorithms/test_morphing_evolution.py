"""Evolution with inherited weights: whose they are, and for how long they may be wanted."""

from __future__ import annotations

import pytest
from guided_searches import make
from search_runs import Search

from tuner.space import Choice, Int, Space

SPACE = Space([Choice("filters", (8, 16, 24, 32), ordered=True), Int("repeats", 1, 6), Choice("kernel", (3, 5, 7))])


@pytest.mark.parametrize(("child_epochs", "epochs"), [(3, 3), (20, 9)])
def test_children_differ_from_their_parent_in_one_dimension_and_train_shortly(child_epochs, epochs):
    score = lambda proposal: (proposal.point["filters"] + proposal.point["repeats"],)  # noqa: E731
    options = {"population": 5, "sample": 3, "child_epochs": child_epochs, "epochs": 9}
    search = Search(lambda: make("morphing_evolution", SPACE, **options), score, workers=2).run(30)
    plain = Search(lambda: make("evolution", SPACE, population=5, sample=3), score, workers=2).run(30)
    assert search.points == plain.points  # it is evolution
    first, children = search.proposals[:5], search.proposals[5:]
    assert all((p.epochs, p.inherits) == (None, None) for p in first)
    assert all(p.epochs == epochs for p in children)
    assert {SPACE.distance(p.point, search.proposals[p.inherits].point) for p in children} == {1}


def test_every_parent_was_kept_when_its_child_was_proposed():
    made = make("morphing_evolution", SPACE, population=4, sample=2)
    kept = []
    score = lambda proposal: None if proposal.point["repeats"] == 3 else (proposal.point["filters"],)  # noqa: E731
    search = Search(lambda: made, score)
    for trials in range(1, 30):
        kept.append(made.parents())
        search.run(trials)
    assert all(p.inherits in kept[number] for number, p in enumerate(search.proposals) if p.inherits is not None)
    assert all(len(numbers) <= 4 for numbers in kept)

"""The identity of a sweep: what changes it and what does not, and that JSON keeps it."""

from __future__ import annotations

import json

import pytest
from sweep_texts import TINY, sweep_of

from tuner.store.identity import differences

BASE = (
    "algorithm: {name: evolution, population: 10}\nconstraints: [params <= 5M]\n"
    "budget: {trials: 10, hours: 1, epochs: 3}\n"
    "space: {stages.a.filters: {choice: [4, 8]}, recipe.batch_size: {choice: [16, 32], when: {stages.a.filters: 4}}}\n"
)


def identity_of(text: str, spec: str = TINY):
    return sweep_of(text, spec=spec).identity()


def test_json_keeps_it():
    identity = identity_of(BASE)
    assert json.loads(json.dumps(identity)) == identity


@pytest.mark.parametrize(
    "change",
    [
        ("trials: 10", "trials: 20"),
        ("hours: 1", "hours: 2"),
        ("algorithm", "workers: 3\nalgorithm"),
        ("algorithm", "trial: {retries: 2, minutes: 3, memory_gb: 2}\nalgorithm"),
        ("algorithm", "keep: 5\nalgorithm"),
        ("algorithm", "sweep: other\nnote: what it is for\nalgorithm"),
        ("{name: evolution, population: 10}", "{population: 10, name: evolution, sample: 5}"),
        ("epochs: 3}", "epochs: 3}   # a comment"),
    ],
)
def test_what_may_change(change):
    assert identity_of(BASE.replace(*change)) == identity_of(BASE)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("epochs: 3", "epochs: 4"), "recipe.epochs: 4"),
        (("population: 10", "population: 20"), "algorithm.population: 20"),
        (("params <= 5M", "params <= 6M"), 'constraints: ["params <= 6M"]'),
        (("[4, 8]", "[4, 8, 16]"), "space.stages.a.filters.choice: [4,8,16]"),
        ((", when: {stages.a.filters: 4}", ""), "space.recipe.batch_size.when"),
        (("algorithm", "seed: 1\nalgorithm"), "seed: 1"),
        (("algorithm", "objective: {minimize: val_loss}\nalgorithm"), 'objectives[0].minimize: "val_loss"'),
        (("algorithm", "objective: {maximize: val_accuracy, take: last}\nalgorithm"), 'objectives[0].take: "last"'),
        (("algorithm", "repeats: {seeds: 3}\nalgorithm"), "repeats.seeds: 3"),
        (("algorithm", "stop: {}\nalgorithm"), "stop.after: 3"),
        (("algorithm", "recipe: digits\nalgorithm"), "recipe.batch_size: 16"),
        (("algorithm", "data: keras:cifar10\nalgorithm"), 'data.name: "keras:cifar10"'),
    ],
)
def test_what_makes_it_another_sweep(change, told):
    lines = differences(identity_of(BASE), identity_of(BASE.replace(*change)))
    assert any(told in line for line in lines), lines


def test_the_order_of_the_space_matters_since_points_are_drawn_in_it():
    first, second = "stages.a.filters: {choice: [4, 8]}", "stages.b.filters: {choice: [4, 8]}"
    identities = [identity_of(f"space: {{{one}, {other}}}") for one, other in ((first, second), (second, first))]
    assert identities[0] != identities[1]


def test_another_spec_is_told_by_the_value_that_differs():
    lines = differences(identity_of(BASE), identity_of(BASE, TINY.replace("filters: 8", "filters: 9")))
    assert any("spec.stages.b.filters: 9" in line for line in lines)


def test_the_same_data_may_lie_elsewhere(tmp_path):
    import numpy as np

    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        np.savez(tmp_path / name / "d.npz", images=np.zeros((9, 8, 8, 1), "uint8"), labels=np.arange(9))
    texts = [f"data: {tmp_path / name / 'd.npz'}\n{BASE}" for name in ("here", "there")]
    assert identity_of(texts[0]) == identity_of(texts[1])

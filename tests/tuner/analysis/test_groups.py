"""Trials in groups: means and standard deviations against NumPy, what counts once, what a path may name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trial_records import trial

from factory.errors import FactoryError
from tuner.analysis.groups import grouped

SPEC = "name: tiny\ndefaults: {random_graph: {generator: {kind: %s}, nodes: [3, %d]}}\n"


def values_of(groups) -> list:
    return [group.settings for group in groups]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from([1, 3, "a"]), st.floats(-9, 9)), min_size=1, max_size=30))
def test_mean_and_spread_are_those_of_numpy(drawn):
    records = [trial(number, value, point={"x": x}) for number, (x, value) in enumerate(drawn)]
    groups = grouped(records, ["x"])
    assert values_of(groups) == [(x,) for x in (1, 3, "a") if any(x == other for other, _ in drawn)]
    for group in groups:
        values = np.array([value for x, value in drawn if x == group.settings[0]])
        found = group.spread("val_accuracy")
        assert (found.networks, found.low, found.high) == (len(values), values.min(), values.max())
        assert found.mean == pytest.approx(values.mean())
        assert found.std is None if len(values) == 1 else found.std == pytest.approx(values.std(ddof=1), abs=1e-12)


def test_trials_are_grouped_by_several_paths_of_their_specs_and_recipes():
    texts = [("ws", 4), ("ws", 6), ("er", 4), ("ws", 4)]
    records = [
        trial(number, 0.5, spec=SPEC % text, recipe=f"epochs: {number // 2}\n") for number, text in enumerate(texts)
    ]
    kind, nodes = "defaults.random_graph.generator.kind", "defaults.random_graph.nodes.1"
    assert values_of(grouped(records, [kind])) == [("er",), ("ws",)]
    assert values_of(grouped(records, [nodes, kind])) == [(4, "er"), (4, "ws"), (6, "ws")]
    assert values_of(grouped(records, ["recipe.epochs"])) == [(0,), (1,)]
    assert [r.number for r in grouped(records, [kind, nodes])[1].records] == [0, 3]


def test_a_network_counts_once_in_a_group_and_in_every_group_that_it_is_in():
    records = [
        trial(0, 0.5, "COPIED", point={"seed": 1}, key="a", copied_from=1),
        trial(1, 0.5, point={"seed": 1}, key="a"),
        trial(2, 0.5, "COPIED", point={"seed": 2}, key="a", copied_from=1),
        trial(3, 0.9, point={"seed": 2}, key="b"),
    ]
    assert [[r.number for r in group.records] for group in grouped(records, ["seed"])] == [[1], [3, 2]]


def test_trials_without_a_score_and_settings_that_take_no_part_are_left_out():
    records = [trial(0, 0.5, point={"a": 1}), trial(1, None, "FAILED", point={"a": 1, "b": 2}), trial(2, 0.7, point={})]
    assert values_of(grouped(records, ["a"])) == [(1,), (None,)]
    assert grouped(records[1:2], ["a"]) == []
    with pytest.raises(FactoryError, match=r"no trial has anything at 'aa'; did you mean 'a'\?"):
        grouped(records, ["aa"])


def test_short_trials_do_not_count_beside_long_ones():
    records = [trial(0, 0.1, epochs=1), trial(1, 0.9, epochs=9), trial(2, 0.8, epochs=9), trial(3, 0.2, epochs=3)]
    [group] = grouped(records, ["stages.s1.kernel"])
    assert [record.number for record in group.records] == [1, 2]


def test_true_one_and_their_text_are_three_values():
    records = [trial(number, 0.5, point={"x": x}) for number, x in enumerate([1, True, "1", 1.0])]
    assert values_of(grouped(records, ["x"])) == [(1,), (1.0,), ("1",), (True,)]

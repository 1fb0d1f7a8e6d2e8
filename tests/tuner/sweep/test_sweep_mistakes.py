"""Mistakes in sweep files: each ends in one message with line, column, path and how to mend it; all in one run."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sweep_texts import message_of

import tuner
from factory import FactoryError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("swep: x", "s.yaml:1:1: swep: unknown key\n    swep: x\n    ^^^^ did you mean 'sweep'?"),
        ("sweep: 3", "s.yaml:1:8: sweep: expected a valid string, received 3"),
        ("workers: 0", "s.yaml:1:10: workers: expected greater than or equal to 1, received 0"),
        ("workers: two", "s.yaml:1:10: workers: expected a valid integer, received 'two'"),
        (
            "seed: null",
            "s.yaml:1:7: seed: expected a value, received nothing\n    seed: null\n          ^ leave the key",
        ),
        ("keep: 1.5", "s.yaml:1:7: keep: expected a valid integer, received 1.5"),
        (
            "budget: {trial: 3}",
            "s.yaml:1:10: budget.trial: unknown key\n    budget: {trial: 3}\n             ^^^^^ did you mean 'trials'?",
        ),
        ("budget: 10", "s.yaml:1:9: budget: expected a mapping, received 10"),
        ("repeats: {folds: 1}", "s.yaml:1:18: repeats.folds: expected greater than or equal to 2, received 1"),
        ("stop: {rule: mean}", "s.yaml:1:14: stop.rule: expected 'median', received 'mean'"),
        (
            "trial: {retry: 1}",
            "s.yaml:1:9: trial.retry: unknown key\n    trial: {retry: 1}\n            ^^^^^ did you mean",
        ),
        (
            "algorithm: randm",
            "s.yaml:1:12: algorithm: unknown algorithm 'randm'\n    algorithm: randm\n"
            "               ^^^^^ did you mean 'random'?",
        ),
        (
            "algorithm: {name: evolution, populaton: 3}",
            "s.yaml:1:30: algorithm.populaton: unknown key\n    algorithm: {name: evolution, populaton: 3}\n"
            "                                 ^^^^^^^^^ did you mean 'population'?",
        ),
        ("algorithm: {population: 3}", "s.yaml:1:12: algorithm: 'name' is missing"),
        ("algorithm: {name: [random]}", "s.yaml:1:19: algorithm.name: unknown algorithm ['random']"),
        ("algorithm: [random]", "s.yaml:1:12: algorithm: expected a mapping, received ['random']"),
        (
            "constraints: macs <= 3",
            "s.yaml:1:14: constraints: expected a list of conditions, received 'macs <= 3'\n"
            "    constraints: macs <= 3\n                 ^^^^^^^^^ [macs <= 400M]",
        ),
        (
            "constraints: [params <= 5M, mac <= 3M]",
            "s.yaml:1:29: constraints.1: 'mac' is not known\n    constraints: [params <= 5M, mac <= 3M]\n"
            "                                ^^^ did you mean 'macs'?",
        ),
        (
            "constraints: ['macs <= 400m']",
            "s.yaml:1:16: constraints.0: cannot read the expression 'macs <= 400m'\n    constraints: ['macs <= 400m']\n"
            "                   ^^^^^^^^^^^^ arithmetic, comparisons, min, max; numbers may end in k, M, G or T",
        ),
        ("constraints: [macs]", "s.yaml:1:15: constraints.0: 'macs' is no condition"),
        ("constraints: [3]", "s.yaml:1:15: constraints.0: expected a valid string, received 3"),
        ("constraints: [val_accuracy >= 0.9]", "s.yaml:1:15: constraints.0: 'val_accuracy' is not known"),
        (
            "objective: val_accuracy",
            "s.yaml:1:12: objective: expected what to maximize or minimize, received 'val_accuracy'\n"
            "    objective: val_accuracy\n               ^^^^^^^^^^^^ {maximize: val_accuracy}",
        ),
        ("objective: {maximise: loss}", "s.yaml:1:13: objective.maximise: unknown key"),
        (
            "objective: {maximize: val_accuracy, minimize: macs}",
            "s.yaml:1:12: objective: expected maximize or minimize, received maximize and minimize",
        ),
        ("objective: {take: last}", "s.yaml:1:12: objective: expected maximize or minimize, received neither"),
        ("objective: []", "s.yaml:1:12: objective: there is nothing to search for"),
        (
            "objective: {maximize: val_accuracy * (mac / 300M) ** -0.07}",
            "s.yaml:1:39: objective.maximize: 'mac' is not known\n"
            "    objective: {maximize: val_accuracy * (mac / 300M) ** -0.07}\n"
            "                                          ^^^ did you mean 'macs'?",
        ),
        ("objective: {maximize: val_mean_iou}", "s.yaml:1:23: objective.maximize: 'val_mean_iou' is not known"),
        ("objective: {maximize: '300M'}", "s.yaml:1:23: objective.maximize: an objective needs a metric or a cost"),
        (
            "objective: [{maximize: val_accuracy}, {minimize: macs, name: val_accuracy}]",
            "s.yaml:1:39: objective.1: a second objective is called 'val_accuracy'",
        ),
        (
            "objective: {maximize: val_accuracy, take: first}",
            "s.yaml:1:43: objective.take: expected 'best', 'last' or 'average', received 'first'",
        ),
        (
            "data: digit",
            "s.yaml:1:7: data: digit: no such data\n    data: digit\n          ^^^^^ did you mean 'digits'?",
        ),
        ("data: keras:mnst", "s.yaml:1:7: data: keras:mnst: no such data"),
        (
            "recipe: digts",
            "s.yaml:1:9: recipe: 'digts' is neither a file nor a recipe of the zoo; did you mean 'digits'?",
        ),
        ("recipe: {epoch: 3}", "s.yaml:1:10: recipe.epoch: unknown key"),
        ("recipe: {extends: digts}", "s.yaml:1:19: recipe.extends: 'digts' is neither a file nor a recipe"),
        (
            "recipe: {spec: {stages.c.filters: 3}}",
            "override stages.c.filters=3: stages.c.filters: there is no 'c' here",
        ),
        ("spec: lenet", "s.yaml:1:7: spec: 'lenet' is neither a file nor a spec of the zoo; did you mean 'lenet5'?"),
        ("spec: {extends: lenet, name: x}", "s.yaml:1:17: spec.extends: 'lenet' is neither a file nor a spec"),
        ("spec: {nam: x}", "s.yaml:1:8: spec.nam: unknown key of a spec"),
        ("spec: 3", "s.yaml:1:7: spec: expected a mapping, received 3"),
        ("space: 3", "s.yaml:1:8: space: expected a mapping, received 3"),
        ("space: {}", "s.yaml:1:8: space: there is nothing to search"),
        (
            "budget: {epochs: 1}\nrecipe: {schedule: {warmup_epochs: 2}}",
            "s.yaml:1:18: budget.epochs: does not suit the recipe: schedule.warmup_epochs: a warm-up of 2 epochs is",
        ),
        (
            "space: {recipe.epochs: {choice: [1, 2]}}\nbudget: {epochs: 3}",
            "s.yaml:1:9: space.recipe.epochs: budget.epochs is given, too",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(text, message):
    assert message in message_of(text)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("[3, 5]", "2:6: space.x: expected one of choice, int, float, each, edges, received [3, 5]"),
        ("{chose: [1]}", "2:7: space.x.chose: unknown key\n    x: {chose: [1]}"),
        ("{choice: [1], int: [2, 3]}", "2:25: space.x.int: expected one of choice, int, float, each, edges, received"),
        ("{choice: []}", "2:15: space.x.choice: there is nothing to choose from"),
        ("{choice: 3}", "2:15: space.x.choice: expected"),
        ("{choice: [3, 5, 3]}", "2:22: space.x.choice.2: 3 is given twice"),
        ("{int: [1, 2, 3]}", "2:12: space.x.int: expected [lowest, highest], received [1, 2, 3]"),
        ("{int: [5, 1]}", "2:12: space.x.int: the lowest, 5, is above the highest, 1"),
        ("{int: [1, 2.5]}", "2:16: space.x.int.1: expected a valid integer, received 2.5"),
        ("{float: [0, 1], log: true}", "2:14: space.x.float: with log the lowest is above 0, received 0"),
        ("{float: [1, 2], log: true, step: 0.5}", "2:39: space.x.step: equal ratios have no step"),
        ("{float: [0.5, 1.5], step: 0.3}", "2:32: space.x.step: steps of 0.3 lead from 0.5 to 1.4, not to 1.5"),
        ("{edges: false}", "2:14: space.x.edges: expected true, received false"),
        ("{choice: [1], when: 3}", "2:26: space.x.when: expected a mapping, received 3"),
    ],
)
def test_a_mistake_in_an_entry_of_the_space(entry, message):
    assert f"s.yaml:{message}" in message_of(f"space:\n  x: {entry}")


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ("{b: 3}", "space.x.when.b: unknown key: there is no dimension 'b'"),
        ("{x: 3}", "space.x.when.x: 'x' is declared further below"),
        ("{later: 3}", "space.x.when.later: 'later' is declared further below"),
        ("{scale.width: {below: 3}}", "space.x.when.scale.width.below: unknown key: no test is called 'below'"),
        ("{scale.width: {lt: wide}}", "space.x.when.scale.width.lt: expected a number, received 'wide'"),
        ("{scale.width: 3.0}", "space.x.when.scale.width: 3.0 is no value of scale.width"),
        ("{scale.width: {gt: 3.0}}", "space.x.when.scale.width: no value of scale.width is like this"),
        ("{stages.a: {gt: 3}}", "space.x.when.stages.a.gt: the values of stages.a are not all numbers"),
        ("{stages.a: wid}", "space.x.when.stages.a: 'wid' is no value of stages.a"),
        ("{stages.a: {in: wide}}", "space.x.when.stages.a.in: expected a list of values, received 'wide'"),
        ("{stages.a: {in: [wide, thin]}}", "space.x.when.stages.a.in.1: 'thin' is no value of stages.a"),
        ("{stages.a: [wide]}", "space.x.when.stages.a: expected one value, received ['wide']"),
    ],
)
def test_a_mistake_in_a_condition(when, message):
    before = "scale.width: {float: [1, 2], step: 0.5}, stages.a: {choice: {wide: {filters: 8}, wider: {filters: 16}}}"
    assert message in message_of(f"space: {{{before}, x: {{choice: [1], when: {when}}}, later: {{choice: [3]}}}}")


def test_an_entry_that_hangs_on_one_with_a_mistake_is_not_told_of():
    told = message_of("space: {a: {int: [3, 1]}, b: {choice: [1], when: {a: 2}}}")
    assert told.count("s.yaml") == 1


def test_all_mistakes_are_told_in_one_run():
    told = message_of(
        "workers: 0\nrecipe: digts\ndata: digit\nconstraints: [mac <= 3]\nalgorithm: randm\n"
        "space: {stages.a.filters: {choice: [big]}, stages.q: {int: [2, 1]}}\nbudget: {trials: 0, hours: -1}"
    )
    places = [line.split(": ")[0] for line in told.splitlines() if line.startswith("s.yaml")]
    assert places == [f"s.yaml:{place}" for place in ("1:10", "2:9", "3:7", "4:15", "5:12", "6:60", "7:18", "7:28")]


def test_values_are_tried_even_where_other_sections_have_mistakes():
    told = message_of("workers: 0\nspace: {stages.a.filters: {choice: [4, big]}}")
    assert "s.yaml:1:10: workers" in told
    assert "s.yaml:2:40: space.stages.a.filters: expected a number of channels, at least 1, received 'big'" in told


def test_a_sweep_without_spec_and_space_says_so():
    with pytest.raises(FactoryError, match="'spec' is missing\n<mapping>: 'space' is missing"):
        tuner.load({"sweep": "x"})


@settings(max_examples=40)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-3, 300)
        | st.floats(-2, 2)
        | st.sampled_from(["a", "digits", "macs <= 3"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["choice", "int", "when", "name", "maximize", "trials", "lt"]), inner, max_size=3
            )
        ),
        max_leaves=6,
    ),
    st.sampled_from(["spec", "space", "objective", "algorithm", "budget", "constraints", "recipe", "data", "stop"]),
)
def test_whatever_stands_in_a_file_ends_in_a_sweep_or_in_words(value, key):
    document = {"spec": "lenet5", "space": {"stages.c5.filters": {"choice": [60, 120]}}, key: value}
    try:
        assert tuner.load(document).space.dimensions
    except FactoryError as error:
        assert str(error)

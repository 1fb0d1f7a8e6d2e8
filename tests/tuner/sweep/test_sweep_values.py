"""Every value of a space is tried before anything runs: paths that do not exist, values that cannot be built."""

from __future__ import annotations

import pytest
from sweep_texts import TINY, message_of, sweep_of


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            "stages.c.filters: {choice: [3, 5]}",
            "s.yaml:1:9: space.stages.c.filters: there is no 'c' here\n"
            "    space: {stages.c.filters: {choice: [3, 5]}}\n"
            "            ^^^^^^^^^^^^^^^^ known: a, b, head",
        ),
        (
            "stages.a.kernal: {int: [1, 5]}",
            "s.yaml:1:9: space.stages.a.kernal: unknown parameter of block 'conv'\n"
            "    space: {stages.a.kernal: {int: [1, 5]}}\n            ^^^^^^^^^^^^^^^ did you mean 'kernel'?",
        ),
        ("width: {float: [1, 2]}", "s.yaml:1:9: space.width: there is no 'width' here"),
        ("width: {float: [1, 2]}", "did you mean 'scale.width'?"),
        ("learning_rate: {float: [1, 2]}", "did you mean 'recipe.learning_rate'?"),
        ("recipe.epoch: {int: [1, 2]}", "s.yaml:1:9: space.recipe.epoch: unknown key\n"),
        ("recipe.augment.mixupp: {float: [0, 1]}", "space.recipe.augment.mixupp: unknown augmentation 'mixupp'"),
        ("recipe.spec.stages.a.filters: {choice: [3]}", "did you mean 'stages.a.filters'?"),
        ("stages..filters: {choice: [3]}", "s.yaml:1:9: space.stages..filters: expected a path"),
        ("stages.q*.filters: {choice: [3]}", "space.stages.q*.filters: nothing in the spec is called 'q*' there"),
    ],
)
def test_a_path_that_does_not_exist(entries, message):
    assert message in message_of(f"space: {{{entries}}}")


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        (
            "stages.a.kernel: {choice: [3, big, 5]}",
            "s.yaml:1:39: space.stages.a.kernel: expected a kernel: a whole number, at least 1, or [height, width], "
            "received 'big'\n    space: {stages.a.kernel: {choice: [3, big, 5]}}\n"
            "                                          ^^^",
        ),
        ("stages.a.filters: {int: [0, 4]}", "s.yaml:1:34: space.stages.a.filters: expected a number of channels"),
        ("stages.a.filters: {int: [1, 4], step: 3}", None),
        ("stages.a.filters: {float: [1.5, 2]}", "s.yaml:1:36: space.stages.a.filters: expected a number of channels"),
        (
            "stages.b: {choice: {same: {}, bad: {block: convv}, worse: {block: conv, kernal: 3}}}",
            "s.yaml:1:52: space.stages.b.bad.block: unknown block 'convv'",
        ),
        (
            "stages.b: {choice: {same: {}, bad: {block: convv}, worse: {block: conv, kernal: 3}}}",
            "s.yaml:1:81: space.stages.b.worse.kernal: unknown parameter of block 'conv'",
        ),
        ("stages.a.se: {choice: [null, 0.25]}", "space.stages.a.se: unknown parameter of block 'conv'"),
        ("stages.b.groups: {choice: [1, 3]}", "s.yaml:1:39: space.stages.b.groups: 3 cannot be built: stages.b"),
        (
            "recipe.schedule.warmup_epochs: {int: [0, 60], step: 4}",
            "s.yaml:1:50: space.recipe.schedule.warmup_epochs: a warm-up of 60 epochs is longer than the 10 epochs",
        ),
        (
            "recipe.optimizer.name: {choice: [sgd, adamx]}",
            "s.yaml:1:47: space.recipe.optimizer.name: unknown optimizer",
        ),
        ("recipe.schedule.peak: {float: [0, 1]}", "s.yaml:1:40: space.recipe.schedule.peak: expected greater than 0"),
    ],
)
def test_a_value_that_cannot_be_built(entries, message):
    text = f"space: {{{entries}}}"
    if message is None:
        assert sweep_of(text)
    else:
        assert message in message_of(text)


def test_a_mistake_elsewhere_is_told_with_its_place_in_the_spec():
    told = message_of("space: {stages.b.groups: {choice: [1, 3]}}")
    assert "4 input channels are not divisible by groups 3" in told
    assert "stages.b stands at s.yaml:2:" in told


def test_of_a_range_one_value_at_each_end_is_told():
    told = message_of("space: {stages.a.filters: {int: [-20, 4]}}")
    assert told.count("s.yaml") == 1
    assert "received -20" in told


def test_each_option_with_a_mistake_is_told():
    told = message_of("space: {stages.a.filters: {choice: [-1, 4, 0, -2]}}")
    assert [line.rsplit(" ", 1)[1] for line in told.splitlines() if line.startswith("s.yaml")] == ["-1", "0", "-2"]


def test_a_mistake_of_an_entry_for_several_is_told_once():
    spec = TINY.replace(" a:", " c1:").replace(" b:", " c2:")
    assert message_of("space: {stages.c*.kernel: {choice: [3, 0]}}", spec=spec).count("received 0") == 1


def test_a_value_with_a_condition_is_tried_where_it_holds():
    entries = (
        "stages.b: {choice: {conv: {}, pool: {block: max_pool, kernel: 2, stride: 2}}}, "
        "stages.b.filters: {choice: [4, 8], when: {stages.b: conv}}, stages.b.kernel: {choice: [2, 3]}"
    )
    assert len(sweep_of(f"space: {{{entries}}}").space) == 3
    unconditional = entries.replace(", when: {stages.b: conv}", "")
    assert sweep_of(f"space: {{{unconditional}}}")  # it can be built in the base spec, and is infeasible with pool
    wrong = entries.replace("stages.b: conv}", "stages.b: pool}")
    assert "space.stages.b.filters: unknown parameter of block 'max_pool'" in message_of(f"space: {{{wrong}}}")


def test_conditions_that_never_hold_together():
    entries = (
        "stages.a.kernel: {choice: [1, 3]}, stages.b.kernel: {choice: [1, 3], when: {stages.a.kernel: 1}}, "
        "stages.b.filters: {choice: [4], when: {stages.b.kernel: 3, stages.a.kernel: 3}}"
    )
    told = message_of(f"space: {{{entries}}}")
    assert "space.stages.b.filters: its conditions never hold together" in told


def test_a_value_that_needs_another_one_is_no_mistake():
    """The chain of a cell is the only way through it; one edge less leads nowhere, unless another one is there."""
    cell = (
        "{name: chain, input: {resolution: 8, channels: 1}, classes: 10, stages: {c: {block: cell, filters: 4, "
        "operations: {k: {block: conv, kernel: 3}}, matrix: [[0, 1, 0], [0, 0, 1], [0, 0, 0]], "
        "ops: [input, k, output]}, head: {block: classifier}}}"
    )
    sweep = sweep_of("space: {stages.c.matrix: {edges: true}}", spec=cell)
    assert not sweep.feasible({"stages.c.matrix.0.1": 0, "stages.c.matrix.0.2": 0, "stages.c.matrix.1.2": 1})
    assert sweep.feasible({"stages.c.matrix.0.1": 0, "stages.c.matrix.0.2": 1, "stages.c.matrix.1.2": 1})

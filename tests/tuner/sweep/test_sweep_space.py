"""From the entries of a sweep file to dimensions: choices, ranges, conditions, paths that stand for several."""

from __future__ import annotations

import numpy as np
import pytest
from sweep_texts import message_of, sweep_of

import factory
import tuner
from tuner.space import Choice, Condition, Float, Int


def space_of(entries: str, **parts: str):
    return sweep_of(f"space: {{{entries}}}", **parts).space


def test_every_kind_of_entry():
    space = space_of(
        "stages.a.filters: {choice: [8, 16, 32]}, stages.a.kernel: {int: [1, 5], step: 2}, "
        "scale.width: {float: [0.5, 1.5], step: 0.5}, recipe.learning_rate: {float: [1.0e-4, 1.0e-1], log: true}, "
        "stages.b.filters: {int: [8, 64], step: 8, log: true, when: {scale.width: {le: 1}, stages.a.filters: 8}}"
    )
    assert list(space) == [
        Choice("stages.a.filters", (8, 16, 32), (), True),
        Int("stages.a.kernel", 1, 5, 2),
        Float("scale.width", 0.5, 1.5, 0.5),
        Float("recipe.learning_rate", 1e-4, 1e-1, None, True),
        Int(
            "stages.b.filters", 8, 64, 8, True,
            (Condition("scale.width", "le", 1), Condition("stages.a.filters", "eq", 8)),
        ),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("choice", "ordered"),
    [("[3, 5, 7]", True), ("[7, 5, 3]", True), ("[3, 7, 5]", False), ("[3]", False), ("[valid, same]", False)],
)
def test_a_choice_has_an_order_where_its_numbers_only_grow_or_fall(choice, ordered):
    key = "stages.a.padding" if "same" in choice else "stages.a.kernel"
    (dimension,) = space_of(f"{key}: {{choice: {choice}}}")
    assert dimension.ordered is ordered


def test_values_that_are_lists_have_their_text_as_label():
    (dimension,) = space_of("stages.a.kernel: {choice: [3, [1, 5], [5, 1]]}")
    assert dimension.labels == (3, "[1, 5]", "[5, 1]")
    assert dimension.meaning("[1, 5]") == [1, 5]


def test_a_whole_call_goes_over_the_base_as_first_does():
    """What the block has in common with the base stays, other parameters go, where `block` changes."""
    sweep = sweep_of(
        "space: {stages.b: {choice: {wide: {filters: 16}, sep: {block: separable_conv, kernel: 5}, "
        "pool: {block: max_pool, kernel: 2, stride: 2}, none: {block: sequence, body: []}}}}"
    )
    calls = {
        label: sweep.candidate({"stages.b": label}).spec.document["stages"]["b"]
        for label in sweep.space.by_name["stages.b"].labels
    }
    base = {"block": "conv", "filters": 8, "kernel": 3, "stride": 2}
    assert calls["wide"] == {**base, "filters": 16}
    assert calls["sep"] == {**base, "block": "separable_conv", "kernel": 5}
    assert calls["pool"] == {"block": "max_pool", "kernel": 2, "stride": 2}
    assert calls["none"] == {"block": "sequence", "body": []}


def test_a_pattern_stands_for_every_key_that_fits():
    spec = "efficientnet_b0"
    names = [f"stages.s{number}.kernel" for number in range(1, 8)]
    for pattern in ("stages.s[1-7].kernel", "stages.s?.kernel"):
        sweep = sweep_of(f"space:\n  {pattern}: {{choice: [3, 5]}}", spec=spec)
        assert [dimension.name for dimension in sweep.space] == names
    found = [d.name for d in space_of("stages.s*.kernel: {choice: [3, 5]}", spec=spec)]
    assert found == ["stages.stem.kernel", *names]


def test_two_entries_may_not_stand_for_one_dimension():
    told = message_of(
        "space: {stages.s3.kernel: {choice: [3]}, stages.s*.kernel: {choice: [3, 5]}}", spec="efficientnet_b0"
    )
    assert "s.yaml:1:42: space.stages.s*.kernel: stages.s3.kernel is searched already" in told


CELL = (
    "{extends: nasbench101_inception_like, name: space, defaults: {cell: {matrix: [[0, 1, 0, 0], [0, 0, 1, 0], "
    "[0, 0, 0, 1], [0, 0, 0, 0]], ops: [input, conv3x3, conv1x1, output]}}}"
)


def test_the_cells_of_nasbench101_can_be_searched():
    sweep = sweep_of(
        "space:\n  defaults.cell.matrix: {edges: true}\n"
        "  defaults.cell.ops: {each: [conv1x1, conv3x3, maxpool3x3], items: [1, 2]}",
        spec=CELL,
    )
    names = [f"defaults.cell.matrix.{edge}" for edge in ("0.1", "0.2", "0.3", "1.2", "1.3", "2.3")]
    assert [d.name for d in sweep.space] == [*names, "defaults.cell.ops.1", "defaults.cell.ops.2"]
    assert sweep.space.size == 2**6 * 3**2
    point = dict(zip(names, (1, 0, 1, 1, 0, 1), strict=True)) | {
        "defaults.cell.ops.1": "conv1x1", "defaults.cell.ops.2": "maxpool3x3",
    }  # fmt: skip
    whole = {
        "matrix": [[0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1], [0] * 4],
        "ops": ["input", "conv1x1", "maxpool3x3", "output"],
    }
    expected = factory.cost(factory.load("nasbench101_inception_like", **{"defaults.cell": whole, "input.channels": 1}))
    assert sweep.candidate(point).costs["params"] == expected.params
    assert sweep.candidate(point).costs["macs"] == expected.macs


def test_the_genotypes_of_nasnet_can_be_searched():
    sweep = sweep_of(
        "space:\n  blocks.normal.body.nodes.b[12].*.1: {choice: [sep3, avg]}\n"
        "  blocks.reduction.body.nodes.b4.0.0: {choice: [b1, b3]}",
        spec="{extends: nasnet_mobile, stages: {normal1: {repeats: 1}, normal2: {repeats: 1}, normal3: {repeats: 1}}}",
    )
    nodes = sweep.spec.document["blocks"]["normal"]["body"]["nodes"]
    assert [d.name for d in sweep.space][:-1] == [
        f"blocks.normal.body.nodes.b{n}.{i}.1" for n in (1, 2) for i in (0, 1)
    ]
    point = sweep.space.complete({"blocks.normal.body.nodes.b2.1.1": "avg"}, np.random.default_rng(0))
    changed = sweep.candidate(point).spec.document["blocks"]["normal"]["body"]["nodes"]
    assert changed["b2"][1] == ["previous", "avg"]
    assert nodes["b2"][1] == ["previous", "sep3"]  # the base is as it was


def test_the_parameters_of_random_graphs_can_be_searched():
    sweep = sweep_of(
        "space:\n"
        "  defaults.random_graph.generator: {choice: {ws: {kind: ws, k: 4, p: 0.75}, er: {kind: er, p: 0.2}}}\n"
        "  defaults.random_graph.generator.k: {choice: [2, 4], when: {defaults.random_graph.generator: ws}}\n"
        "  stages.conv[345].seed: {int: [0, 2]}",
        spec="randwire_ws_small",
    )
    point = {"defaults.random_graph.generator": "er", **{f"stages.conv{n}.seed": 1 for n in (3, 4, 5)}}
    assert sweep.space.contains(point)
    spec = factory.load("randwire_er_small", **{f"stages.conv{n}.seed": 1 for n in (3, 4, 5)}, classes=10)
    assert sweep.candidate(point).costs["macs"] == factory.cost(spec).macs


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            "defaults.cell.ops: {each: [a], items: [9]}",
            "s.yaml:1:48: space.defaults.cell.ops.items.0: there is no item 9",
        ),
        ("defaults.cell: {each: [a]}", "s.yaml:1:9: space.defaults.cell: each needs a list, but a mapping is at"),
        ("defaults.cell.nodes: {each: [a]}", "each needs a list, but nothing is at defaults.cell.nodes in the spec"),
        ("defaults.cell.ops: {edges: true}", "s.yaml:1:9: space.defaults.cell.ops: edges need a square matrix, but "),
        (
            "defaults.cell.ops: {each: [conv1x1]}",
            "s.yaml:1:36: space.defaults.cell.ops.0: expected 'input', received 'conv1x1'",
        ),
        ("defaults.cell.ops: {each: [con], items: [1]}", "space.defaults.cell.ops.1: unknown operation 'con'"),
    ],
)
def test_lists_and_matrices_that_are_not_there(entry, message):
    assert message in message_of(f"space: {{{entry}}}", spec=CELL)


def test_a_sweep_in_python():
    sweep = tuner.load({"spec": "lenet5", "space": {"stages.f6.units": {"int": [10, 84]}}})
    assert list(sweep.space) == [Int("stages.f6.units", 10, 84)]

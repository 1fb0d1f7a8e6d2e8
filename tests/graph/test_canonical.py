"""The canonical hash: the same network however it is written, another network otherwise."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from nets import INPUT, ByHand, network

import factory
from factory.graph import Graph, Node, canonical_hash
from factory.graph import ops as o

CONV = {"block": "conv", "filters": 4, "kernel": 3}
SHAPE = (8, 8, 4)

# Random networks: a list of (call, numbers of the stages it reads); -1 is the input. All tensors have one shape.
Plan = list[tuple[dict[str, Any], list[int]]]
ONE = [
    CONV,
    {"block": "conv", "filters": 4, "kernel": 1},
    {"block": "depthwise_conv", "kernel": 3},
    {"block": "activation", "kind": "relu"},
    {"block": "activation", "kind": "tanh"},
    {"block": "dropout", "rate": 0.5},
    {"block": "max_pool", "kernel": 3, "stride": 1, "padding": "same"},
]
MANY = [{"block": "add"}, {"block": "multiply"}, {"block": "mean"}, {"block": "max"}]
ORDERED = [{"block": "weighted_sum"}, {"block": "weighted_sum", "weights": "softmax"}]


@st.composite
def plans(draw) -> Plan:
    plan: Plan = []
    for index in range(draw(st.integers(1, 9))):
        call = draw(st.sampled_from(ONE + MANY + ORDERED))
        count = draw(st.integers(2, 3)) if call not in ONE else 1
        plan.append((call, [draw(st.integers(-1, index - 1)) for _ in range(count)]))
    unread = set(range(len(plan))) - {source for _, sources in plan for source in sources}
    if len(unread) > 1:
        plan.append(({"block": "mean"}, sorted(unread)))
    return plan


def graph_of(plan: Plan, names: list[str] | None = None, order: list[int] | None = None) -> Graph:
    names = [*(names or [f"s{index}" for index in range(len(plan))]), "input"]
    stages = {}
    for index in order or range(len(plan)):
        call, sources = plan[index]
        stages[names[index]] = {**call, "from": [names[source] for source in sources]}
    return network(stages, SHAPE, outputs=[names[len(plan) - 1]])


def hash_of(plan: Plan, **options: Any) -> str:
    return canonical_hash(graph_of(plan, **options))


@given(plans(), st.data())
def test_names_order_of_the_text_and_order_under_commutative_operations_do_not_matter(plan: Plan, data):
    order = data.draw(st.permutations(range(len(plan))))
    names = [f"t{number}" for number in data.draw(st.permutations(range(len(plan))))]
    written = []
    for call, sources in plan:
        keys = data.draw(st.permutations(list(call)))
        if call in MANY:
            sources = data.draw(st.permutations(sources))
        written.append(({key: call[key] for key in keys}, sources))
    assert hash_of(written, names=names, order=order) == hash_of(plan)


@given(plans(), st.data())
def test_another_parameter_or_operation_is_another_network(plan: Plan, data):
    index = data.draw(st.integers(0, len(plan) - 1))
    call, sources = plan[index]
    other = data.draw(st.sampled_from([c for c in (ONE if call in ONE else MANY + ORDERED) if c != call]))
    assert hash_of([*plan[:index], (other, sources), *plan[index + 1 :]]) != hash_of(plan)


@given(plans(), st.data())
def test_another_wiring_is_another_network_unless_a_brute_force_search_finds_it_the_same(plan: Plan, data):
    index = data.draw(st.integers(0, len(plan) - 1))
    call, sources = plan[index]
    position = data.draw(st.integers(0, len(sources) - 1))
    rewired = list(sources)
    rewired[position] = data.draw(st.integers(-1, index - 1))
    other = [*plan[:index], (call, rewired), *plan[index + 1 :]]
    read = {source for _, sources in other for source in sources}
    assume(read >= set(range(len(plan) - 1)))
    a, b = graph_of(plan), graph_of(other)
    assert (canonical_hash(a) == canonical_hash(b)) == isomorphic(a, b)


def isomorphic(a: Graph, b: Graph) -> bool:
    """Whether some pairing of the nodes keeps operations and wiring: tried one by one, from the output up."""
    if len(a.nodes) != len(b.nodes):
        return False

    def pair(todo: list[tuple[int, int]], paired: dict[int, int]) -> bool:
        if not todo:
            return len(set(paired.values())) == len(paired)
        (x, y), rest = todo[0], todo[1:]
        if x in paired or x < 0 or y < 0:
            return (paired.get(x) == y if x in paired else x == y) and pair(rest, paired)
        mine, theirs = a.nodes[x], b.nodes[y]
        if mine.op != theirs.op or len(mine.inputs) != len(theirs.inputs) or y in paired.values():
            return False
        return any(
            pair([(i, j) for (i, _), (j, _) in zip(mine.inputs, order, strict=True)] + rest, {**paired, x: y})
            for order in orders(theirs)
        )

    def orders(node: Node) -> list[tuple]:
        return sorted(set(itertools.permutations(node.inputs))) if node.op.commutative else [node.inputs]

    [(x, _)], [(y, _)] = a.outputs.values(), b.outputs.values()
    return pair([(x, y)], {})


def crossing(swap: bool) -> Graph:
    """Two convolutions alike, each read twice; text order must not decide which is which at the second merge."""
    net = ByHand((4, 4, 3))
    first, second = net(o.Conv(3, (1, 1)), INPUT), net(o.Conv(3, (1, 1)), INPUT)
    p = net(o.Merge("add"), net(o.Activation("relu"), first), net(o.Activation("relu"), second))
    left, right = net(o.Activation("tanh"), first), net(o.Activation("tanh"), second)
    q = net(o.Merge("multiply"), *((right, left) if swap else (left, right)))
    net(o.Concat(), p, q)
    return net.graph()


def test_branches_that_look_alike_and_cross_later_may_stand_in_any_order():
    assert canonical_hash(crossing(False)) == canonical_hash(crossing(True))


def pairing(crossed: bool, swap: bool) -> Graph:
    """Two pairs that look alike, and products across the pairs."""
    net = ByHand((4, 4, 3))
    u = [net(o.Conv(3, (1, 1)), INPUT) for _ in range(2)]
    v = [net(o.Conv(3, (3, 3), padding=((1, 1), (1, 1))), INPUT) for _ in range(2)]
    sums = net(o.Merge("add"), *u), net(o.Merge("add"), *(reversed(v) if swap else v))
    w = [net(o.Merge("multiply"), u[i], v[1 - i if crossed else i]) for i in range(2)]
    net(o.Concat(), *sums, net(o.Merge("add"), *w))
    return net.graph()


def test_which_of_several_alike_go_together_does_not_depend_on_the_text():
    hashes = {canonical_hash(pairing(crossed, swap)) for crossed in (False, True) for swap in (False, True)}
    assert len(hashes) == 1  # u1 with v1 and u2 with v2, or the other way round: the same network


def test_many_branches_that_look_alike_may_stand_in_any_order():
    def branching(order: int) -> Graph:
        net = ByHand((4, 4, 4))
        x = INPUT
        for _ in range(4):
            parts = [net(o.Activation("relu"), net(o.Conv(4, (1, 1)), x)) for _ in range(24)]
            x = net(o.Merge("add"), *parts[order:], *parts[:order])
        return net.graph()

    assert canonical_hash(branching(0)) == canonical_hash(branching(7))


def test_two_deep_towers_that_look_alike_may_stand_in_any_order():
    net = ByHand((4, 4, 4))
    ends = []
    for _ in range(2):
        x = INPUT
        for _ in range(600):
            x = net(o.Conv(4, (1, 1)), x)
        ends.append(x)
    forward, backward = net(o.Merge("add"), *ends), net(o.Merge("add"), *reversed(ends))
    graph = net.graph(forward)
    assert canonical_hash(graph) == canonical_hash(graph.restricted({"out": backward}))


# the same network, written in other ways


WRITTEN = {
    "stages": {"a": CONV, "b": CONV, "c": CONV},
    "sequence": {"all": {"block": "sequence", "body": [CONV, {"block": "sequence", "body": [CONV, CONV]}]}},
    "repeats": {"all": {**CONV, "repeats": 3}},
    "a body by name": {"all": {"block": "sequence", "body": {"x": CONV, "y": {**CONV, "from": "x"}, "z": CONV}}},
    "residual without a shortcut": {
        "all": {"block": "residual", "shortcut": "none", "body": [CONV, CONV]},
        "last": CONV,
    },
    "one branch": {"all": {"block": "branches", "branches": {"only": [CONV]}}, "rest": {**CONV, "repeats": 2}},
    "a block of the spec": {"a": {"block": "triple", "width": 4}},
    "with an identity": {"a": {**CONV, "repeats": 2}, "none": {"block": "sequence", "body": []}, "c": CONV},
}
TRIPLE = {"triple": {"params": {"width": "width"}, "body": [{**CONV, "filters": "$width", "repeats": 3}]}}


@pytest.mark.parametrize("way", WRITTEN)
def test_the_same_network_written_in_another_way_has_the_same_hash(way):
    written, plain = (network(WRITTEN[key], SHAPE, blocks=TRIPLE) for key in (way, "stages"))
    assert canonical_hash(written) == canonical_hash(plain)


def test_conventions_and_defaults_are_only_another_way_to_write_a_parameter():
    plain = network({"a": {**CONV, "activation": "relu", "padding": "valid"}}, SHAPE)
    assert canonical_hash(network({"a": {**CONV, "activation": "relu"}}, SHAPE, conventions={"padding": "valid"})) == (
        canonical_hash(plain)
    )
    defaults = {"conv": {"kernel": 3, "padding": "valid"}}
    stages = {"a": {"block": "conv", "filters": 4, "activation": "relu"}}
    assert canonical_hash(network(stages, SHAPE, defaults=defaults)) == canonical_hash(plain)


def test_multipliers_are_only_another_way_to_write_widths_and_repeats():
    scaled = network({"a": {**CONV, "filters": 16, "repeats": 2}}, SHAPE, scale={"width": 1.5, "depth": 2})
    assert canonical_hash(scaled) == canonical_hash(network({"a": {**CONV, "filters": 24, "repeats": 4}}, SHAPE))


# other networks


BASE = {"a": {**CONV, "activation": "relu"}, "drop": {"block": "dropout", "rate": 0.2}, "b": CONV}


@pytest.mark.parametrize(
    "path,value",
    [
        ("stages.a.filters", 8),
        ("stages.a.kernel", [3, 1]),
        ("stages.a.stride", 2),
        ("stages.a.dilation", 2),
        ("stages.a.groups", 2),
        ("stages.a.padding", "valid"),
        ("stages.a.bias", False),
        ("stages.a.norm", "batch"),
        ("stages.a.activation", "relu6"),
        ("stages.a.initializer", "he_normal"),
        ("stages.a.order", "act-conv-norm"),
        ("stages.a.repeats", 2),
        ("stages.drop.rate", 0.3),
        ("input.resolution", 9),
        ("input.resolution", "any"),
        ("input.preprocess", "unit"),
    ],
)
def test_any_other_value_is_another_network(path, value):
    image, plain = {"resolution": 8, "channels": 4}, {"norm": "none"}
    spec = factory.load({"name": "net", "input": image, "conventions": plain, "stages": BASE})
    assert canonical_hash(factory.plan(spec.override({path: value}))) != canonical_hash(factory.plan(spec))


@pytest.mark.parametrize("change", [{"epsilon": 1e-4}, {"momentum": 0.9}, {"scale": False}, {"kind": "layer"}])
def test_another_normalisation_is_another_network(change):
    def net(**norm: Any) -> Graph:
        return network({"a": CONV}, conventions={"norm": {"kind": "batch", **norm}})

    assert canonical_hash(net(**change)) != canonical_hash(net())


def test_one_convolution_used_twice_is_not_two_convolutions():
    def net(share: bool) -> Graph:
        return network({"all": {**CONV, "repeats": 2, "share": share}}, SHAPE)

    assert canonical_hash(net(True)) != canonical_hash(net(False))


def sharing(groups: list[int]) -> Graph:
    """Convolutions side by side, added up; those of one group have the same weights."""
    net = ByHand(SHAPE)
    owners: dict[int, tuple[int, int]] = {}
    parts = []
    for group in groups:
        parts.append(net(o.Conv(4, (1, 1)), INPUT, shared=owners.get(group)))
        owners.setdefault(group, parts[-1])
    net(o.Merge("add"), *parts)
    return net.graph()


def test_which_share_weights_matters_and_in_which_order_they_stand_does_not():
    assert (
        canonical_hash(sharing([0, 0, 1])) == canonical_hash(sharing([1, 0, 0])) == canonical_hash(sharing([0, 1, 0]))
    )
    assert canonical_hash(sharing([0, 0, 1, 1])) == canonical_hash(sharing([0, 1, 0, 1]))
    different = [[0, 1, 2, 3], [0, 0, 1, 2], [0, 0, 1, 1], [0, 0, 0, 1], [0, 0, 0, 0]]
    assert len({canonical_hash(sharing(groups)) for groups in different}) == 5


def test_the_order_of_what_is_concatenated_matters():
    def net(*order: str) -> Graph:
        stages = {"a": {**CONV, "from": "input"}, "b": {**CONV, "from": "input", "filters": 5}}
        return network({**stages, "out": {"block": "concat", "from": list(order)}})

    assert canonical_hash(net("a", "b")) != canonical_hash(net("b", "a"))


def test_which_stage_is_the_output_and_in_which_order_matters():
    def net(outputs: list[str], **more: Any) -> str:
        stages = {"a": CONV, "b": {**CONV, "filters": 5}, "c": {**CONV, "from": "b"}}
        return canonical_hash(network(stages, SHAPE, outputs=outputs, **more))

    assert len({net(["c"]), net(["a", "c"]), net(["c", "a"]), net(["b", "c"]), net(["c"], auxiliary=["a"])}) == 5


def test_which_output_of_an_operation_is_read_matters():
    def net(*parts: str) -> Graph:
        stages = {"two": {"block": "split"}, "out": {**CONV, "from": parts[0]}}
        return network(stages, SHAPE)

    assert canonical_hash(net("two.p1")) != canonical_hash(net("two.p2"))


# stability


def test_the_hash_is_the_same_in_every_process():
    script = (
        "import factory; from factory.graph import canonical_hash\n"
        "print(canonical_hash(factory.plan(factory.load('squeezenet1_1'))))"
    )
    hashes = set()
    for seed in ("0", "1", "4242"):
        done = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        hashes.add(done.stdout.strip())
    assert hashes == {canonical_hash(factory.plan(factory.load("squeezenet1_1")))}


def test_efficientnet_b0_has_the_hash_that_it_always_had():
    """Stores of searches recognise networks by this: when it changes, they try everything anew."""
    assert canonical_hash(factory.plan(factory.load("efficientnet_b0"))) == "9d0dd8b07af7a5d509f23d95fbfbb857"

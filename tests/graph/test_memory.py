"""Peak memory against hand counts and against a simulation that keeps every tensor and looks who is alive."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nets import INPUT, ByHand

from factory.graph import Cost, Graph, Ref
from factory.graph import ops as o
from factory.graph.memory import inference_peak, training_peak

SAME = ((1, 1), (1, 1))


def test_in_a_chain_input_and_output_of_the_largest_step_are_alive():
    net = ByHand((4, 4, 2))  # 32
    net(o.Conv(5, (1, 1)), INPUT)  # 80
    net(o.Conv(3, (1, 1)))  # 48
    net(o.Conv(1, (1, 1)))  # 16
    assert inference_peak(net.graph()) == 80 + 48


def test_a_shortcut_stays_alive_until_it_is_added():
    net = ByHand((4, 4, 2))
    start = net(o.Conv(3, (1, 1)), INPUT)  # 48
    net(o.Conv(6, (1, 1)))  # 96
    branch = net(o.Conv(3, (1, 1)))  # 48: start, 96 and 48 together
    net(o.Merge("add"), start, branch)
    assert inference_peak(net.graph()) == 48 + 96 + 48


def test_all_branches_are_alive_when_they_are_concatenated():
    net = ByHand((4, 4, 1))  # 16
    parts = [net(o.Conv(filters, (1, 1)), INPUT) for filters in (1, 2, 3)]  # 16 + 32 + 48
    net(o.Concat(), *parts)  # 96
    assert inference_peak(net.graph()) == 96 + 96


def test_norms_and_activations_work_in_place_unless_their_input_is_needed_elsewhere():
    net = ByHand((4, 4, 2))
    conv = net(o.Conv(4, (1, 1)), INPUT)  # 64, with the input 96
    net(o.BatchNorm())
    relu = net(o.Activation("relu"))
    assert inference_peak(net.graph()) == 32 + 64
    net(o.Merge("add"), conv, relu)  # now the convolution's output has to be kept
    assert inference_peak(net.graph()) == 3 * 64


def test_what_is_an_output_of_the_network_is_not_overwritten():
    net = ByHand((4, 4, 2))
    conv = net(o.Conv(4, (1, 1)), INPUT)
    relu = net(o.Activation("relu"))
    assert inference_peak(net.graph(conv, relu)) == 64 + 64


def test_a_tensor_read_through_a_reshape_is_not_overwritten():
    net = ByHand((4, 4, 2))
    conv = net(o.Conv(4, (1, 1)), INPUT)
    net(o.Flatten())
    relu = net(o.Activation("relu"))
    other = net(o.Flatten(), conv)
    net(o.Merge("add"), relu, other)
    assert inference_peak(net.graph()) == 3 * 64


def test_outputs_that_nobody_reads_take_no_memory():
    net = ByHand((4, 4, 2))
    net(o.MaxPool((2, 2), (2, 2)), INPUT)  # 8, and indices that nobody wants
    assert inference_peak(net.graph()) == 32 + 8
    assert inference_peak(net.graph((0, 0), (0, 1))) == 32 + 16


def test_bytes_are_values_and_weights_times_four_and_only_values_grow_with_the_batch():
    net = ByHand((4, 4, 2))
    net(o.Conv(5, (1, 1)), INPUT)  # 15 weights
    cost = Cost(net.graph())
    assert cost.peak_memory() == 4 * (32 + 80 + 15)
    assert cost.peak_memory(batch=8) == 4 * (8 * 112 + 15)
    assert cost.peak_memory(bytes_per_value=2) == 2 * (112 + 15)


def test_training_keeps_every_tensor_gradients_and_two_slots_of_adam():
    net = ByHand((4, 4, 2))  # 32
    net(o.Conv(5, (1, 1)), INPUT)  # 80, 15 weights
    net(o.BatchNorm())  # 80, 20 weights, 10 of them learned
    net(o.Flatten())  # the same values again
    aux = net(o.Dense(3))  # 3, 243 weights, in training only
    graph = net.graph((2, 0), auxiliary={"aux": aux})
    assert training_peak(graph) == 32 + 80 + 80 + 3
    assert Cost(graph).peak_memory(training=True) == 4 * (195 + 15 + 20 + 243 + 3 * (15 + 10 + 243))
    assert Cost(graph).peak_memory(16, training=True) == 4 * (16 * 195 + 278 + 3 * 268)
    assert Cost(graph).peak_memory() == 4 * (32 + 80 + 15 + 20)


KINDS = [
    o.Conv(2, (1, 1)), o.Conv(5, (3, 3), padding=SAME), o.BatchNorm(), o.Activation("relu"), o.Dropout(0.1),
    o.MaxPool((2, 2), (1, 1), ((0, 1), (0, 1))), o.Concat(), o.Rescale(2.0),
]  # fmt: skip


@st.composite
def graphs(draw) -> Graph:
    """Any operations on any earlier tensors of one size; what nobody reads may be an output or be in vain."""
    net = ByHand((3, 2, 2))
    refs: list[Ref] = [INPUT]
    for _ in range(draw(st.integers(1, 12))):
        op = draw(st.sampled_from(KINDS))
        count = draw(st.integers(1, 3)) if isinstance(op, o.Concat) else 1
        index, _ = net(op, *(draw(st.sampled_from(refs)) for _ in range(count)))
        refs += [(index, port) for port in range(len(net.nodes[index].outputs))]
    outputs = draw(st.lists(st.sampled_from(refs[1:]), min_size=1, max_size=3, unique=True))
    return net.graph(*outputs)


@given(graphs())
def test_peak_is_that_of_a_simulation_of_all_tensors(graph: Graph):
    assert inference_peak(graph) == simulated_peak(graph)


def simulated_peak(graph: Graph) -> int:
    """Runs the network with memory cells: what is written where, who still wants to read it, at every step."""
    cells: dict[Ref, int] = {INPUT: 0}  # where each tensor lies
    sizes = [math.prod(graph.input)]
    readers: dict[Ref, list[int]] = {}
    for index, node in enumerate(graph.nodes):
        for ref in node.inputs:
            readers.setdefault(ref, []).append(index)
    for ref in graph.outputs.values():
        readers.setdefault(ref, []).append(len(graph.nodes))

    def wanted(cell: int, after: int) -> bool:
        return any(cells[ref] == cell and any(i > after for i in readers.get(ref, [])) for ref in cells)

    def content(ref: Ref) -> set[Ref]:
        """All names under which the same values go: handed on by reshapes and what acts in training only."""
        node = graph.nodes[ref[0]] if ref[0] >= 0 else None
        if node and node.op.training_only:
            return content(node.inputs[0])
        names, waiting = {ref}, [ref]
        while waiting:
            for i in readers.get(waiting.pop(), []):
                if i < len(graph.nodes) and graph.nodes[i].op.training_only and (i, 0) not in names:
                    names.add((i, 0))
                    waiting.append((i, 0))
        return names

    peak = sizes[0]
    for index, node in enumerate(graph.nodes):
        source = node.inputs[0]
        real = [
            i
            for name in content(source)
            for i in readers.get(name, [])
            if i == len(graph.nodes) or not graph.nodes[i].op.training_only
        ]
        overwrites = isinstance(node.op, (o.BatchNorm, o.Activation)) and real == [index]
        for port, shape in enumerate(node.outputs):
            if port == 0 and (node.op.training_only or overwrites):
                cells[index, 0] = cells[source]
            elif (index, port) in readers:
                sizes.append(math.prod(shape))
                cells[index, port] = len(sizes) - 1
        alive = {cell for ref, cell in cells.items() if ref[0] == index or wanted(cell, index - 1)}
        peak = max(peak, sum(sizes[cell] for cell in alive | ({0} if index == 0 else set())))
    return peak


def test_peak_of_the_simulation_is_right_where_it_is_known():
    net = ByHand((4, 4, 2))
    start = net(o.Conv(3, (1, 1)), INPUT)
    net(o.Conv(6, (1, 1)))
    branch = net(o.Conv(3, (1, 1)))
    net(o.Merge("add"), start, branch)
    assert simulated_peak(net.graph()) == 192


@pytest.mark.parametrize("training", [False, True])
def test_more_resolution_takes_more_memory(training):
    def peak(size: int) -> int:
        net = ByHand((size, size, 3))
        net(o.Conv(8, (3, 3), padding=SAME), INPUT)
        return Cost(net.graph()).peak_memory(training=training)

    assert peak(16) < peak(17)

"""What is timed is the network's own layers: every operation of the catalogue, in chains of one after the other."""

from __future__ import annotations

import keras
import numpy as np
import pytest

import factory
from factory.graph import ops
from factory.graph.ops import Activation, BatchNorm, Conv, Dense, Op
from factory.models.build import build_graph
from tuner.latency import timing
from tuner.latency.table import CALL
from tuner.latency.units import Unit, units_of

IMAGE, SMALL = (8, 8, 4), (4, 4, 4)
UNITS = [
    Unit((Conv(6, (3, 3), padding=((1, 1), (1, 1)), bias=False), BatchNorm(), Activation("relu6")), (IMAGE,)),
    Unit((Conv(6, (3, 3), (2, 2), ((0, 1), (0, 1))), Activation("leaky_relu", (0.2,))), (IMAGE,)),
    Unit((ops.DepthwiseConv((3, 3)), BatchNorm()), (IMAGE,)),
    Unit((ops.ConvTranspose(3, (2, 2), (2, 2)),), (SMALL,)),
    Unit((Dense(5), Activation("softmax")), ((7,),)),
    *(Unit((ops.Merge(kind), Activation("relu")), (IMAGE, IMAGE)) for kind in ("add", "multiply", "mean", "max")),
    Unit((ops.Merge("multiply"),), (IMAGE, (1, 1, 4))),
    Unit((ops.Concat(),), (IMAGE, (8, 8, 2))),
    Unit((ops.WeightedSum("softmax"),), (IMAGE, IMAGE, IMAGE)),
    *(Unit((op,), (IMAGE,)) for op in (BatchNorm(), ops.GroupNorm(2), ops.LayerNorm(), ops.LocalResponseNorm())),
    *(Unit((op,), (IMAGE,)) for op in (ops.PRelu(), ops.Maxout(2), Activation("scaled_tanh"), ops.Affine())),
    *(Unit((op,), (IMAGE,)) for op in (ops.LayerScale(), ops.Rescale(0.5, -1.0), ops.InputNorm((0,) * 4, (1,) * 4))),
    *(Unit((op,), (IMAGE,)) for op in (ops.AvgPool((2, 2), (2, 2)), ops.MaxPool((3, 3), (2, 2), ((1, 0), (1, 0))))),
    Unit((ops.MaxPool((2, 2), (2, 2)),), (IMAGE,), (0, 1)),
    Unit((ops.MaxUnpool((2, 2)),), (SMALL, SMALL)),
    *(Unit((op,), (IMAGE,)) for op in (ops.GlobalPool("mean", True), ops.GlobalPool("max"))),
    Unit((ops.AdaptivePool("mean", (2, 3)),), (IMAGE,)),
    Unit((ops.Split((1, 3)),), (IMAGE,), (0, 1)),
    *(Unit((op,), (IMAGE,)) for op in (ops.ChannelGather((0, 2)), ops.ChannelShuffle(2), ops.ChannelZeroPad((0, 2)))),
    *(Unit((op,), (IMAGE,)) for op in (ops.ZeroPad(((1, 0), (0, 1))), ops.Crop(((1, 0), (0, 1))), ops.Flatten())),
    *(Unit((op,), (IMAGE,)) for op in (ops.Reshape((16, 16)), ops.Resize((2, 2)), ops.ResizeTo((5, 5)))),
    *(Unit((op,), (IMAGE, SMALL)) for op in (ops.CropLike(), ops.ResizeLike())),
    Unit((ops.JoinColumns(2, 0.0),), (IMAGE, IMAGE, (1,))),
]  # fmt: skip


def test_the_list_above_has_every_operation():
    free = (ops.ChoosePath, ops.Dropout, ops.SpatialDropout, ops.StochasticDepth)
    there = {kind for kind in vars(ops).values() if isinstance(kind, type) and issubclass(kind, Op) and kind is not Op}
    assert {type(op) for unit in UNITS for op in unit.ops} == there - set(free)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.key)
def test_every_operation_becomes_the_layers_that_a_network_has(unit):
    model = timing._model(unit)
    shapes = unit.inputs
    for op in unit.ops:
        shapes = op.outputs(*shapes)
    assert [tuple(output.shape[1:]) for output in model.outputs] == [shapes[port] for port in unit.ports]


def test_a_chain_reads_in_each_copy_what_the_copy_before_gave(monkeypatch):
    """So none can run beside another, or be left out: its output moves with what every copy does."""
    seen = []

    class Scaling:
        def __call__(self, tensors, training):
            seen.append(training)
            return [1e6 * tensors[0]]

    monkeypatch.setattr(timing, "_model", lambda unit: Scaling())
    unit = Unit((Activation("relu"),), ((2,),))
    start = float(timing._image((2,))[0, 0])
    x, last = start, 0.0
    for _ in range(3):
        last = (x + last) * 1e6 * 1e-6
    assert float(timing._chain(unit, 3, with_unit=True)()) == pytest.approx(last, rel=1e-5)
    assert seen == [False] * 3
    assert float(timing._chain(unit, 1, with_unit=False)()) == pytest.approx(start * 1e-6, rel=1e-5)


def test_a_unit_computes_what_its_network_computes():
    """The layers of a unit, with the network's weights, give what the network gives at that place."""
    spec = {"name": "n", "input": {"resolution": 8}, "stages": {"a": {"block": "conv", "filters": 5}}}
    graph = factory.plan(factory.load(spec))
    [(_, unit)] = units_of(graph)
    whole, part = build_graph(graph, seed=0), timing._model(unit)
    part.set_weights(whole.get_weights())
    image = np.random.default_rng(0).normal(size=(1, 8, 8, 3)).astype("float32")
    [made] = keras.tree.flatten(part([image]))
    np.testing.assert_allclose(made, whole(image), atol=1e-6)


def test_times_are_told_by_key_with_that_of_a_call(monkeypatch):
    monkeypatch.setattr(timing, "ROUNDS", 2)
    found = timing.time_units(UNITS[:2])
    assert list(found) == [CALL, UNITS[0].key, UNITS[1].key]
    assert found[CALL] > 0 and all(ms >= 0 for ms in found.values())


def test_what_a_chain_takes_beside_its_units_is_taken_off(monkeypatch):
    """By hand: a call 1 s, its copies 2 s each on top of what the chain without them takes, 3 s."""
    unit = UNITS[4]
    copies = timing._copies(unit)
    seconds = {CALL: [1.0] * 3, unit.key: [3.0 + 2.0 * copies] * 3, (unit.inputs, copies): [3.0] * 3}
    monkeypatch.setattr(timing, "_in_turns", lambda calls: {name: seconds[name] for name in calls})
    assert timing.time_units([unit]) == {CALL: 1000.0, unit.key: 2000.0}


def test_of_calls_that_something_comes_between_the_shortest_counts(monkeypatch):
    ticks = iter([0.5, 9.0, 0.25] * timing.ROUNDS)
    monkeypatch.setattr(timing, "_seconds", lambda call: next(ticks))
    assert timing._in_turns({"a": lambda: None}) == {"a": [0.25] * timing.ROUNDS}


def test_a_large_unit_is_no_chain():
    assert timing._copies(Unit((Conv(64, (3, 3)),), ((224, 224, 64),))) == 1
    assert timing._copies(Unit((Dense(4096),), ((25088,),))) == 1
    assert timing._copies(UNITS[0]) == timing.COPIES > 1


def test_a_unit_that_cannot_be_run_is_named(monkeypatch):
    def fail(unit):
        raise ValueError("no such kernel\non this processor")

    monkeypatch.setattr(timing, "_model", fail)
    with pytest.raises(RuntimeError, match=r"Dense\(units=5\) .* on \(7\) cannot be run: no such kernel$"):
        timing.time_units([UNITS[4]])


def test_networks_are_timed_as_they_are(monkeypatch):
    monkeypatch.setattr(timing, "ROUNDS", 2)
    [ms] = timing.time_networks([factory.plan(factory.load("lenet5"))])
    assert ms > 0

"""What a block recorded once is copied the next time; the graphs must be those that recording anew gives."""

from __future__ import annotations

import pytest

import factory
from factory.blocks import graph_net
from factory.spec.zoo import zoo_names

NAMED_APART = {
    "input": {"resolution": 16, "channels": 8},
    "classes": 5,
    "stochastic_depth": {"rate": 0.4},
    "stages": {
        "a": {"block": "mbconv", "filters": 8, "repeats": 3},
        "b": {
            "block": "sequence",
            "repeats": 2,
            "body": [{"block": "mbconv", "filters": 8}, {"block": "mbconv", "filters": 8}],
        },
        "c": {"block": "mbconv", "filters": 8, "repeats": 2, "share": True},
        "d": {"block": "conv", "filters": 8},
        "e": {"block": "conv", "filters": 8, "from": "d"},
        "twice": {"block": "add", "from": ["d", "d"]},
        "sum": {"block": "add", "from": ["e", "twice"]},
        "basic": {"block": "basic", "filters": 8, "repeats": 2},
        "head": {"block": "classifier"},
    },
}


def described(graph: factory.Graph) -> list:
    nodes = [(n.name, repr(n.op), n.inputs, n.outputs, n.stage, n.shared) for n in graph.nodes]
    return [*nodes, graph.outputs, graph.features, graph.auxiliary]


@pytest.mark.parametrize("source", [NAMED_APART, *zoo_names()], ids=lambda s: s if isinstance(s, str) else "mapping")
def test_copied_blocks_are_what_recording_them_anew_gives(monkeypatch, source):
    spec = factory.load(source)

    class Forgetful(dict):
        def __setitem__(self, key, value):
            if not isinstance(value, graph_net._Template):
                super().__setitem__(key, value)

    monkeypatch.setattr(graph_net, "_TEMPLATES", Forgetful())
    anew = described(factory.plan(spec))
    monkeypatch.setattr(graph_net, "_TEMPLATES", {})
    first, second = described(factory.plan(spec)), described(factory.plan(factory.load(source)))
    assert first == second == anew


def test_one_tensor_given_twice_is_not_two_tensors():
    spec = factory.load(NAMED_APART)
    assert (
        next(node for node in factory.plan(spec).nodes if node.name == "twice").inputs[0]
        == (next(node for node in factory.plan(spec).nodes if node.name == "twice").inputs[1])
    )


def test_templates_know_conventions_classes_and_the_rate_of_stochastic_depth():
    spec = factory.load("efficientnet_b0")
    hashes = {factory.canonical_hash(factory.plan(spec))}
    for path, value in (
        ("classes", 10),
        ("conventions.activation", "relu"),
        ("conventions.norm.epsilon", 1e-5),
        ("stochastic_depth.rate", 0.1),
        ("stochastic_depth.decay", "constant"),
        ("defaults.conv.groups", 1),
    ):
        hashes.add(factory.canonical_hash(factory.plan(spec.override({path: value}))))
    assert len(hashes) == 6  # all but the last, which changes nothing


def test_there_are_never_too_many_templates(monkeypatch):
    monkeypatch.setattr(graph_net, "MAX_TEMPLATES", 5)
    for width in range(8, 48, 8):
        factory.plan(factory.load({"stages": {"a": {"block": "conv", "filters": width}}}))
        assert len(graph_net._TEMPLATES) < 20

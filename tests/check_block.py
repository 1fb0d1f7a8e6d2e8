"""The check that every block has to pass: what its graph says is what its Keras layers are and do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras_counts import keras_activations, keras_macs, trainable_count

import factory
from factory.graph import Graph
from factory.models.build import build_graph

STEM = {"block": "conv", "filters": 6, "kernel": 1, "norm": "none", "activation": "linear"}
HEAD = {"block": "classifier", "units": 3, "activation": "linear"}


@dataclass(frozen=True)
class Sample:
    """A call of a block inside a small network: stem, the stages `before`, the call as stage `tested`, those `after`.

    `still` names layers whose weights one step of training need not change; `free` is false for what needs a known
    resolution.
    """

    block: str
    call: Mapping[str, Any] = field(default_factory=dict)
    shape: tuple[int, int, int] = (10, 8, 3)
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=lambda: {"head": HEAD})
    spec: Mapping[str, Any] = field(default_factory=dict)
    still: frozenset[str] = frozenset()
    free: bool = True

    def __str__(self) -> str:
        return f"{self.block} {dict(self.call)}".replace("'", "")[:90]

    def mapping(self, resolution: Any = None) -> dict[str, Any]:
        """The spec of the network."""
        *size, channels = self.shape
        stages = {"stem": STEM, **self.before, "tested": {"block": self.block, **self.call}, **self.after}
        image = {"resolution": resolution or size, "channels": channels}
        return {"name": "sample", "input": image, "stages": stages, **self.spec}

    def images(self, count: int = 4) -> np.ndarray:
        return np.random.default_rng(0).normal(size=(count, *self.shape)).astype("float32")


def check_block(sample: Sample, folder: Path) -> None:
    """Checks a sample's static numbers against its Keras layers, then training, saving and mixed precision."""
    spec = factory.load(sample.mapping())
    graph = factory.plan(spec)
    model = build_graph(graph, seed=1)
    check_layers(graph, model)
    check_costs(spec, graph, model)
    outputs = run(model, sample.images())
    check_saved(sample, model, outputs, folder)
    check_unknown_resolution(sample, model, outputs)
    check_training_step(sample, model, outputs)
    check_mixed_precision(sample, graph)


def check_layers(graph: Graph, model: keras.Model) -> None:
    """Layer by layer: shapes of the outputs; names, shapes, order and trainability of the weights."""
    layers = {layer.name: layer for layer in model.layers}
    calls: dict[str, int] = {}
    for node in graph.nodes:
        owner = node if node.shared is None else graph.nodes[node.shared]
        if owner.name not in layers:  # an activation inside the layer before it
            before = layers[graph.nodes[node.inputs[0][0]].name]
            expected = {"swish": "silu", "hard_swish": "hard_silu"}.get(node.op.kind, node.op.kind)
            assert keras.activations.serialize(before.activation) == expected
            continue
        layer = layers[owner.name]
        last = layers.get(f"{owner.name}.crop", layer)  # what a transposed convolution may end with
        call = last._inbound_nodes[calls.setdefault(owner.name, 0)]
        calls[owner.name] += 1
        made = [tuple(tensor.shape[1:]) for tensor in call.output_tensors]
        assert made == list(node.outputs[: len(made)]), node
        weights = [(tuple(weight.shape), weight.trainable) for weight in layer.weights]
        assert weights == [(w.shape, w.trainable) for w in node.op.weights(*graph.input_shapes(node))], node
    helpers = [layer for layer in model.layers if layer.name not in calls]
    assert not any(layer.weights for layer in helpers), "what is no node has no weights"


def check_costs(spec: factory.Spec, graph: Graph, model: keras.Model) -> None:
    """Totals against the counts of Keras and against an independent count of its layers."""
    cost = graph.cost
    assert cost.params == model.count_params()
    assert cost.trainable == trainable_count(model)
    assert cost.macs == keras_macs(model)
    assert cost.activations == keras_activations(model)
    assert factory.totals(spec) == cost.totals


def check_saved(sample: Sample, model: keras.Model, outputs: list[np.ndarray], folder: Path) -> None:
    model.save(folder / "model.keras")
    again = keras.saving.load_model(folder / "model.keras")
    for a, b in zip(outputs, run(again, sample.images()), strict=True):
        np.testing.assert_array_equal(a, b)


def check_unknown_resolution(sample: Sample, model: keras.Model, outputs: list[np.ndarray]) -> None:
    """With a resolution that is known only at run time the same weights give the same outputs."""
    if not sample.free:
        return
    graph = factory.plan(factory.load(sample.mapping("any")))
    free = build_graph(graph)
    free.set_weights(model.get_weights())
    for a, b in zip(outputs, run(free, sample.images()), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def check_training_step(sample: Sample, model: keras.Model, outputs: list[np.ndarray]) -> None:
    """One step with a finite loss changes every trainable weight, so that gradients pass through all of the block.

    Not traced, which would take four times as long; tests/models trace every operation in training.
    """
    before = {weight.path: weight.numpy().copy() for weight in model.trainable_weights}
    targets = [np.random.default_rng(1).normal(size=(8, *y.shape[1:])).astype("float32") for y in outputs]
    variables = [weight.value for weight in model.trainable_weights]
    with tf.GradientTape() as tape:
        made = model(sample.images(8), training=True)
        values = made if isinstance(made, list) else [made]
        loss = sum(tf.reduce_mean((y - target) ** 2) for y, target in zip(values, targets, strict=True))
    assert np.isfinite(loss)
    for variable, gradient in zip(variables, tape.gradient(loss, variables, unconnected_gradients="zero"), strict=True):
        variable.assign_sub(0.5 * gradient)
    still = [
        weight.path
        for layer in model.layers
        for weight in layer.trainable_weights
        if layer.name not in sample.still and np.array_equal(weight.numpy(), before[weight.path])
    ]
    assert not still


def check_mixed_precision(sample: Sample, graph: Graph) -> None:
    for precision in ("mixed_bfloat16", "mixed_float16"):
        for value in run(build_graph(graph, seed=1, precision=precision), sample.images(2)):
            assert value.dtype == "float32"
            assert np.isfinite(value).all()


def run(model: keras.Model, images: np.ndarray) -> list[np.ndarray]:
    """All outputs of a model, as arrays."""
    made = model(images, training=False)
    return [keras.ops.convert_to_numpy(value) for value in (made if isinstance(made, list) else [made])]

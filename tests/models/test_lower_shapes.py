"""Every operation, lowered, has the shapes and the weights that the graph says."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from cases import CASES, Case
from running import images, results

from factory.graph import ops
from factory.models.build import build_graph
from factory.train.graphs import quick_start

cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


def test_there_is_a_case_for_every_operation():
    classes = {kind for kind in vars(ops).values() if isinstance(kind, type) and issubclass(kind, ops.Op)} - {ops.Op}
    elsewhere = {ops.MaxUnpool, ops.ChoosePath, ops.JoinColumns}  # they read another operation: with it, in other tests
    assert {type(case.op) for case in CASES} | elsewhere == classes


@cases
def test_output_shapes_are_the_graphs(case: Case):
    graph = case.graph()
    model = build_graph(graph)
    declared = model.output_shape if isinstance(model.output_shape, list) else [model.output_shape]
    made = results(model, images(case.shape))
    for ref, shape, value in zip(graph.outputs.values(), declared, made, strict=True):
        assert shape == (None, *graph.shape(ref))
        assert all(known in (None, size) for known, size in zip(graph.shape(ref), value.shape[1:], strict=True))


@cases
def test_weights_are_the_operations_in_order(case: Case):
    graph = case.graph()
    model = build_graph(graph)
    node = graph.nodes[-1]
    layer = model.get_layer("tested")
    made = [(weight.name, tuple(weight.shape), weight.trainable) for weight in layer.weights]
    assert made == [tuple(weight) for weight in node.op.weights(*graph.input_shapes(node))]


@cases
def test_a_traced_training_pass_in_mixed_precision_keeps_outputs_float32(case: Case):
    model = build_graph(case.graph(inside=True), precision="mixed_bfloat16")
    made = model.get_layer("tested").output
    assert {tensor.dtype for tensor in (made if isinstance(made, list) else [made])} <= {"bfloat16", "int32"}
    traced = tf.function(lambda x: model(x, training=True))
    with quick_start():
        made = results(traced, images(case.shape))
    for value in made:
        assert value.dtype == "float32"
        assert np.isfinite(value).all()


@cases
def test_a_saved_model_gives_the_same_outputs(case: Case, tmp_path):
    model = build_graph(case.graph())
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    x = images(case.shape)
    for a, b in zip(results(model, x), results(again, x), strict=True):
        np.testing.assert_array_equal(a, b)

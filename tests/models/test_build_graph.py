"""Models built from graphs: names, outputs, sharing, seeds, precision, devices, strategies."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from graphs import GraphBuilder
from networks import EFFICIENT, MOBILE, stock_networks
from running import run

from factory.errors import FactoryError
from factory.graph import INPUT, Graph, ops
from factory.models.build import build_graph
from factory.models.devices import check_device, device_scope, dtype_policy, jit_compile, make_strategy


def weights(model: keras.Model) -> list[np.ndarray]:
    return [keras.ops.convert_to_numpy(weight) for weight in model.weights]


def same(a: keras.Model, b: keras.Model) -> bool:
    return all(np.array_equal(x, y) for x, y in zip(weights(a), weights(b), strict=True))


def two_heads() -> Graph:
    builder = GraphBuilder((16, 16, 3))
    stem = builder.add(ops.Conv(4, (3, 3), (2, 2), ((0, 1), (0, 1))), name="stem")
    builder.add(ops.GlobalPool("mean"), stem, name="aux.pool")
    auxiliary = builder.add(ops.Dense(5), name="aux.dense")
    builder.add(ops.Conv(8, (3, 3)), stem, name="s1")
    builder.add(ops.GlobalPool("mean"), name="head.pool")
    head = builder.add(ops.Dense(5), name="head.dense")
    return builder.graph(head, auxiliary={"aux": auxiliary})


def test_layers_are_named_as_their_nodes_and_helpers_have_a_suffix():
    builder = GraphBuilder((8, 8, 3))
    builder.add(ops.Conv(4, (3, 3), (2, 2), ((1, 1), (1, 1))), name="s1.1.expand")
    builder.add(ops.BatchNorm(), name="s1.1.expand.norm")
    names = [layer.name for layer in build_graph(builder.graph()).layers]
    assert names == ["input", "s1.1.expand.pad", "s1.1.expand", "s1.1.expand.norm"]


def test_a_helper_gives_way_to_a_node_of_its_name():
    builder = GraphBuilder((8, 8, 3))
    builder.add(ops.Conv(4, (3, 3), (2, 2), ((1, 1), (1, 1))), name="input")
    builder.add(ops.ZeroPad(((1, 1), (1, 1))), name="input.pad")
    names = [layer.name for layer in build_graph(builder.graph()).layers]
    assert names == ["input_", "input.pad_", "input", "input.pad"]


def test_auxiliary_heads_are_there_only_when_asked_for():
    assert build_graph(two_heads()).output_names == ["head.dense"]
    assert build_graph(two_heads(), auxiliary=True).output_names == ["head.dense", "aux.dense"]


def test_several_outputs_train_with_a_loss_and_a_weight_each():
    model = build_graph(two_heads(), auxiliary=True)
    model.compile("sgd", loss=["mse", "mae"], loss_weights=[1.0, 0.3])
    y = np.zeros((4, 5))
    losses = model.evaluate(np.ones((4, 16, 16, 3)), (y, y), return_dict=True, verbose=0)
    assert losses["loss"] == pytest.approx(losses["head.dense_loss"] + 0.3 * losses["aux.dense_loss"], rel=1e-5)


def test_nodes_with_shared_weights_are_calls_of_one_layer():
    builder = GraphBuilder((8, 8, 3))
    a = builder.add(ops.Crop(((0, 1), (0, 1))))
    first = builder.add(ops.Conv(4, (3, 3), (2, 2), ((0, 1), (0, 1))), INPUT, name="owner")
    second = builder.add(ops.Conv(4, (3, 3), (2, 2), ((0, 1), (0, 1))), a, shared=first)  # no "same" on 7 pixels
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    model = build_graph(builder.graph(first, second))
    assert model.count_params() == 3 * 3 * 3 * 4 + 4
    large, small = (keras.ops.convert_to_numpy(y) for y in model(x))
    assert large.shape[1:] == (4, 4, 4)
    assert small.shape[1:] == (3, 3, 4)
    np.testing.assert_allclose(large[:, :3, :3], small, atol=1e-5)


@pytest.mark.parametrize("seed", [0, 7])
def test_a_seed_gives_the_same_weights_whatever_ran_before(seed):
    first = build_graph(EFFICIENT, seed=seed)
    keras.random.normal((3,))
    build_graph(MOBILE, seed=1)
    assert same(first, build_graph(EFFICIENT, seed=seed))


@pytest.fixture(scope="module")
def elsewhere() -> list[str]:
    """What a process of its own finds: the size of EFFICIENT's weights, and how a model trains on two devices."""
    script = """
import numpy as np, tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from running import run
from graphs import GraphBuilder
from networks import EFFICIENT, conv, head
from factory.models.build import build_graph
from factory.models.devices import make_strategy, strategy_scope
print(sum(float(abs(w.numpy()).sum()) for w in build_graph(EFFICIENT, seed=0).trainable_weights))
net = GraphBuilder((8, 8, 3))
conv(net, "stem", 4, 3, 2, "relu")
strategy = make_strategy("mirrored", ["cpu:0", "cpu:1"])
model = build_graph(head(net), seed=0, strategy=strategy)
model.compile("sgd", "sparse_categorical_crossentropy")
before = model.get_layer("stem").get_weights()[0].copy()
loss = model.fit(np.random.rand(8, 8, 8, 3) * 255, np.arange(8), batch_size=4, verbose=0).history["loss"][0]
print(strategy.num_replicas_in_sync, type(model.weights[-1].value).__name__, np.isfinite(loss))
print(not np.array_equal(before, model.get_layer("stem").get_weights()[0]))
"""
    return run(script).splitlines()[-3:]


def test_a_seed_gives_the_same_weights_in_another_process(elsewhere):
    here = sum(float(np.abs(w.numpy()).sum()) for w in build_graph(EFFICIENT, seed=0).trainable_weights)
    assert float(elsewhere[0]) == here


def test_a_mirrored_model_trains_on_two_devices(elsewhere):
    assert elsewhere[1:] == ["2 MirroredVariable True", "True"]


def test_other_seeds_none_and_other_layers_give_other_weights():
    models = [build_graph(EFFICIENT, seed=seed) for seed in (0, 1, None, None)]
    kernels = [model.get_layer("stem").get_weights()[0].tobytes() for model in models]
    assert len(set(kernels)) == 4
    first, second = (models[0].get_layer(name).get_weights()[0] for name in ("s1.1.project", "s2.1.project"))
    assert not np.array_equal(first[..., :8], second[..., :8])


def test_a_seed_leaves_the_users_random_state_alone():
    keras.utils.set_random_seed(3)
    expected = keras.ops.convert_to_numpy(keras.random.normal((4,)))
    keras.utils.set_random_seed(3)
    build_graph(EFFICIENT, seed=0)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(keras.random.normal((4,))), expected)


def test_a_seed_fixes_dropout_too():
    x = np.random.default_rng(0).normal(size=(8, 32, 32, 3)).astype("float32")
    a, b = (build_graph(EFFICIENT, seed=5)(x, training=True) for _ in range(2))
    np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("precision,compute", [("mixed_float16", "float16"), ("mixed_bfloat16", "bfloat16")])
def test_precision_holds_for_the_model_and_not_for_its_outputs_or_for_others(precision, compute):
    model = build_graph(EFFICIENT, precision=precision)
    assert model.get_layer("stem").compute_dtype == compute
    assert model.get_layer("stem").variable_dtype == "float32"
    assert model.output.dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"


def test_jit_is_off_on_a_cpu_unless_asked_for():
    assert jit_compile("auto", "cpu") is False
    assert jit_compile("on", "cpu") is True
    assert jit_compile("off", "auto") is False
    model = build_graph(MOBILE, jit="off")
    model.compile("sgd", "mse")
    assert model.jit_compile is False


@pytest.mark.parametrize(
    "options,message",
    [
        ({"precision": "mixed_float61"}, "unknown precision 'mixed_float61': did you mean 'mixed_float16'?"),
        ({"jit": "yes"}, "unknown jit 'yes': known: auto, off, on"),
        ({"strategy": "mirored"}, "unknown strategy 'mirored': did you mean 'mirrored'?"),
        ({"device": "gpus"}, "unknown device 'gpus'.*did you mean 'gpu'"),
        ({"device": "gpu:x"}, "unknown device 'gpu:x': expected auto, cpu, gpu or gpu:0"),
        ({"device": "cpu:1"}, "unknown device 'cpu:1'"),
        ({"device": "gpu:99"}, "device 'gpu:99' is not available"),
    ],
)
def test_unknown_names_and_absent_devices_are_told(options, message):
    with pytest.raises(FactoryError, match=message):
        build_graph(MOBILE, **options)


def test_a_gpu_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind=None: [])  # also on a machine that has one
    with pytest.raises(FactoryError, match="'gpu' is not available: there is no GPU"):
        check_device("gpu")
    with pytest.raises(FactoryError, match="needs GPUs"):
        make_strategy("mirrored")


def test_weights_live_on_the_device_asked_for():
    model = build_graph(MOBILE, device="cpu")
    assert {weight.value.device.rpartition("/")[2] for weight in model.weights} == {"device:CPU:0"}
    with device_scope("auto"):
        assert dtype_policy("float32").compute_dtype == "float32"


def test_a_device_and_a_strategy_exclude_each_other():
    with pytest.raises(FactoryError, match="cannot be combined"):
        build_graph(MOBILE, device="cpu", strategy=tf.distribute.get_strategy())


@pytest.mark.parametrize("graph", stock_networks(), ids=lambda graph: graph.name)
def test_common_networks_need_no_layer_of_our_own(graph):
    model = build_graph(graph)
    kinds = {layer["module"] for layer in json.loads(model.to_json())["config"]["layers"]}
    assert kinds == {"keras.layers"}

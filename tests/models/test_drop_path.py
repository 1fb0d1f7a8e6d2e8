"""Drop-path of fractal networks: inference is the mean, training keeps what the sample's path says."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from graphs import GraphBuilder
from running import results

import factory
from factory.graph import INPUT, Graph
from factory.graph import ops as o
from factory.models.build import build_graph
from factory.models.layers import ColumnJoin, PathChoice
from factory.models.layers.fractal import LOCAL, PATHS

MANY = 4096


def scaled(drop_path: dict, columns: int = 3, blocks: int = 1) -> factory.Spec:
    """A network whose output tells the path: each body multiplies by 10, so that a column of n gives 10 ** n."""
    body = [{"block": "rescale", "scale": 10}]
    stage = {"block": "fractal", "columns": columns, "body": body}
    stages = {f"s{i}": stage for i in range(blocks)}
    return factory.load({"name": "paths", "input": {"resolution": 1, "channels": 1}, "stages": stages,
                         "drop_path": drop_path})  # fmt: skip


def values(spec: factory.Spec, *, seed: int | None = 0, training: bool = True, count: int = MANY) -> np.ndarray:
    model = factory.build(spec, seed=seed)
    return np.log10(results(model, np.ones((count, 1, 1, 1), "float32"), training=training)[0].ravel())


def test_inference_is_the_mean():
    made = 10 ** values(scaled({"local": 0.5, "global": 0.5}), training=False)
    middle = (10 + 10**2) / 2
    np.testing.assert_allclose(made, (10 + 10 * middle + 10 * 10 * middle) / 3, rtol=1e-5)


def test_a_global_sample_takes_one_column_through_the_whole_network():
    made = values(scaled({"global": 1.0}, columns=3, blocks=2))
    depths, counts = np.unique(made.round(3), return_counts=True)
    np.testing.assert_array_equal(depths, [2, 4, 8])  # twice 1, 2 or 4 bodies
    np.testing.assert_allclose(counts / MANY, 1 / 3, atol=0.03)


def test_fractals_of_different_width_are_crossed_by_the_same_sample():
    body = [{"block": "rescale", "scale": 10}]
    stages = {
        "a": {"block": "fractal", "columns": 2, "body": body},
        "b": {"block": "fractal", "columns": 4, "body": body},
    }
    spec = factory.load({"name": "n", "input": {"resolution": 1, "channels": 1}, "stages": stages,
                         "drop_path": {"global": 1.0}})  # fmt: skip
    # the first two of four columns go with the first of two
    assert set(values(spec).round(3)) == {1 + 1, 1 + 2, 2 + 4, 2 + 8}


def test_so_many_samples_are_global_and_the_others_decide_at_each_join():
    made = values(scaled({"global": 0.5}, columns=2)).round(3)
    assert set(made) == {1, 2, np.log10(55).round(3).astype("float32")}  # local with rate 0 keeps both
    np.testing.assert_allclose(np.mean((made == 1) | (made == 2)), 0.5, atol=0.03)


def join(count: int, rate: float, columns: int = 3, seed: int = 0) -> tuple[ColumnJoin, np.ndarray]:
    """Which ends a layer keeps for MANY local samples."""
    layer = ColumnJoin(columns, rate, seed=seed)
    return layer, np.asarray(layer.kept(np.full((MANY, 1), LOCAL, "int32"), count))


@pytest.mark.parametrize("count,rate", [(2, 0.15), (3, 0.15), (3, 0.9)])
def test_local_drop_path_keeps_each_end_as_often_as_it_should_and_one_at_least(count, rate):
    _, kept = join(count, rate)
    assert kept.any(axis=1).all()
    # an end stays by itself, or because it is drawn when all are gone
    expected = (1 - rate) + rate**count / count
    np.testing.assert_allclose(kept.mean(axis=0), expected, atol=0.03)


def test_a_local_join_is_the_mean_of_what_is_left_as_often_as_each_set_is_left():
    layer = ColumnJoin(2, 0.3, seed=1)
    ends = [np.full((MANY, 1), value, "float32") for value in (1, 3)]
    made = np.asarray(layer([*ends, np.full((MANY, 1), LOCAL, "int32")], training=True)).ravel()
    alone = 0.7 * 0.3 + 0.3 * 0.3 / 2
    for value, share in ((1, alone), (3, alone), (2, 0.49)):
        np.testing.assert_allclose(np.mean(made == value), share, atol=0.03)


def test_a_path_falls_evenly_on_the_columns_and_a_join_without_its_column_is_the_mean_of_all():
    paths = np.array([[0], [PATHS // 3 - 1], [PATHS // 3], [PATHS - 1]], "int32")
    layer = ColumnJoin(3, 0.5)
    one, all_ = [True, False], [True, True]
    np.testing.assert_array_equal(layer.kept(paths, 2), [all_, all_, one, one[::-1]])
    np.testing.assert_array_equal(np.asarray(layer.kept(paths, 3)).argmax(1), [0, 0, 1, 2])
    assert all(PATHS % columns == 0 for columns in range(1, o.JoinColumns.MAX + 1))


def test_the_same_seed_makes_the_same_paths_in_every_build_and_another_seed_others():
    spec = scaled({"local": 0.3, "global": 0.5})
    first, again, other = (values(spec, seed=seed, count=64) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def network(precision: str = "float32", drop_path: bool = True, seed: int = 3) -> keras.Model:
    body = [{"block": "conv", "filters": 4, "norm": "none"}]
    stages = {"a": {"block": "fractal", "columns": 3, "body": body},
              "b": {"block": "fractal", "columns": 2, "body": body},
              "head": {"block": "classifier"}}  # fmt: skip
    spec = {"name": "net", "input": {"resolution": 8}, "classes": 3, "stages": stages}
    if drop_path:
        spec["drop_path"] = {"local": 0.2, "global": 0.5}
    return factory.build(spec, seed=seed, precision=precision)


def test_weights_are_copied_into_the_same_network_without_drop_path():
    source, target = network(), network(drop_path=False, seed=4)
    x = np.random.default_rng(0).uniform(0, 255, (4, 8, 8, 3)).astype("float32")
    factory.copy_weights(source, target)
    np.testing.assert_allclose(results(target, x)[0], results(source, x)[0], rtol=1e-5)


@pytest.mark.parametrize("precision,jit", [("float32", False), ("float32", True), ("mixed_bfloat16", True)])
def test_it_trains_compiled_or_not_in_every_precision(precision, jit):
    model = network(precision)
    model.supports_jit = True  # on the CPU, too, where it is off by default
    model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=jit)
    x = np.random.default_rng(0).uniform(0, 255, (8, 8, 8, 3)).astype("float32")
    assert np.isfinite(model.train_on_batch(x, np.arange(8) % 3))


def test_paths_are_the_same_in_every_precision():
    """Global paths are whole numbers: half precision cannot round one sample into another column."""
    builder = GraphBuilder((1, 1, 1))
    path = builder.add(o.ChoosePath(1.0), INPUT)
    ends = [builder.add(o.Rescale(float(scale)), INPUT) for scale in (1, 2, 4)]
    graph: Graph = builder.graph(builder.add(o.JoinColumns(3, 0.0), *ends, path))
    x = np.ones((256, 1, 1, 1), "float32")
    single, half = (
        results(build_graph(graph, seed=1, precision=precision), x, training=True)[0]
        for precision in ("float32", "mixed_float16")
    )
    np.testing.assert_array_equal(single, half)
    assert set(single.ravel()) == {1, 2, 4}


def test_a_saved_model_goes_on_dropping_paths_and_an_exported_one_is_the_mean(tmp_path):
    model = network()
    x = np.random.default_rng(0).uniform(0, 255, (16, 8, 8, 3)).astype("float32")
    model.save(tmp_path / "net.keras")
    again = keras.saving.load_model(tmp_path / "net.keras")
    layers = [layer for layer in again.layers if isinstance(layer, (ColumnJoin, PathChoice))]
    assert [layer.get_config() for layer in layers] == [
        layer.get_config() for layer in model.layers if isinstance(layer, (ColumnJoin, PathChoice))
    ]
    expected = results(model, x, training=False)[0]
    assert np.abs(results(again, x, training=True)[0] - results(again, x, training=False)[0]).max() > 1e-4
    model.export(tmp_path / "net", format="tf_saved_model", verbose=False)
    served = tf.saved_model.load(tmp_path / "net")
    np.testing.assert_allclose(served.serve(x), expected, atol=1e-5)

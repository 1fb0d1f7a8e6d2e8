"""Where stages end, and what is kept of their activations."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

import factory
from factory.errors import FactoryError
from factory.train.representations import Patterns, read_patterns, stage_outputs

SPEC = {
    "name": "two_ways",
    "input": {"resolution": 8, "preprocess": "unit"},
    "classes": 3,
    "stages": {
        "stem": {"block": "conv", "filters": 4, "stride": 2},
        "s1": {"block": "mbconv", "repeats": 2, "filters": 4},
        "head": {"block": "classifier"},
    },
}
RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(0, 255, (9, 8, 8, 3)).astype("float32")

activations = st.builds(
    lambda seed, count, shape, offset: np.random.default_rng(seed).normal(offset, 1, (count, *shape)).astype("float32"),
    st.integers(0, 1000),
    st.integers(2, 7),
    st.lists(st.integers(1, 4), min_size=1, max_size=3).filter(lambda shape: np.prod(shape) > 2),
    st.sampled_from([0.0, 3.0, -100.0]),
)


@given(activations)
def test_dissimilarities_are_scipys_correlation_distances(x):
    expected = pdist(x.reshape(len(x), -1).astype("float64"), "correlation")
    np.testing.assert_allclose(Patterns.of(x).dissimilarities(), expected, atol=1e-6)


def test_a_dissimilarity_by_hand():
    """(1, 2, 3) falls as (3, 2, 1) rises; (1, 2, 3) and (1, 3, 2) have correlation 1/2."""
    found = Patterns.of(np.array([[1, 2, 3], [3, 2, 1], [1, 3, 2]], "float32")).dissimilarities()
    np.testing.assert_allclose(found, [2, 0.5, 1.5])


def test_dissimilarities_go_row_by_row_above_the_diagonal():
    x = RNG.normal(size=(5, 6))
    square = squareform(pdist(x, "correlation"))
    np.testing.assert_allclose(squareform(Patterns.of(x).dissimilarities()), square, atol=1e-12)


@pytest.mark.parametrize("level", [0.0, 0.1, -3e4])
def test_an_activation_that_is_the_same_everywhere_is_correlated_with_none(level):
    x = RNG.normal(size=(3, 50)).astype("float32")
    x[1] = level
    first, between, last = Patterns.of(x).dissimilarities()
    assert first == last == 1
    assert between != 1


@given(activations)
def test_the_centred_kernel_is_of_features_without_their_means(x):
    flat = x.reshape(len(x), -1).astype("float64")
    centred = flat - flat.mean(0)
    expected = centred @ centred.T
    np.testing.assert_allclose(Patterns.of(x).centred(), expected, atol=1e-5 * max(1, np.abs(expected).max()))


def test_stages_end_in_the_layer_that_others_read():
    model = factory.build(SPEC, seed=0)
    ends = stage_outputs(model)
    assert list(ends) == ["stem", "s1", "head"]
    assert ends["head"] is model.output
    assert ends["s1"] is next(layer for layer in model.layers if layer.name.startswith("head.")).input
    assert tuple(ends["stem"].shape) == (None, 4, 4, 4)


def test_a_stage_that_others_read_in_two_places_has_two_ends():
    image = keras.Input((4, 4, 2))
    inner = keras.layers.Conv2D(3, 1, name="a.conv")(image)
    outer = keras.layers.ReLU(name="a.relu")(inner)
    model = keras.Model(image, keras.layers.Add(name="b.add")([inner, outer]))
    ends = stage_outputs(model)
    assert list(ends) == ["a.conv", "a.relu", "b"]
    assert ends["a.conv"] is inner and ends["a.relu"] is outer


def test_a_shared_layer_has_an_end_for_each_call():
    image = keras.Input((4,))
    shared = keras.layers.Dense(4, name="a")
    once = keras.layers.ReLU(name="b")(shared(image))
    model = keras.Model(image, keras.layers.Add(name="c")([once, shared(once)]))
    assert set(stage_outputs(model)) == {"a", "a#2", "b", "c"}


def test_preprocessing_and_whole_numbers_are_no_representations():
    image = keras.Input((4, 4, 3))
    scaled = keras.layers.Rescaling(0.1, name="input.rescale")(image)
    places = keras.ops.argmax(scaled, axis=-1)
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(scaled)
    late = keras.layers.Dense(2, name="late")(pooled)
    model = keras.Model(image, [late, places])
    assert list(stage_outputs(model)) == ["pool", "late"]


def test_a_sequential_model_has_a_stage_a_layer():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, name="one"), keras.layers.Dense(2, name="two")])
    assert list(stage_outputs(model)) == ["one", "two"]


def test_only_calls_inside_the_model_count():
    image = keras.Input((4,))
    middle = keras.layers.Dense(3, name="a.dense")(image)
    model = keras.Model(image, keras.layers.ReLU(name="a.relu")(middle))
    keras.layers.Dense(2, name="elsewhere")(middle)
    assert list(stage_outputs(model)) == ["a"]


def test_a_subclassed_model_is_refused():
    class Own(keras.Model):
        def call(self, inputs):
            return inputs

    with pytest.raises(FactoryError, match="mine is neither functional nor sequential"):
        stage_outputs(Own(name="mine"))


def test_patterns_are_those_of_the_layers_in_inference():
    model = factory.build(SPEC, seed=0)
    found = read_patterns(model, IMAGES)
    assert list(found) == ["stem", "s1", "head"]
    stem = keras.Model(model.input, stage_outputs(model)["stem"])(IMAGES, training=False)
    assert found["stem"].features == 4 * 4 * 4
    expected = pdist(np.reshape(stem, (9, -1)).astype("float64"), "correlation")
    np.testing.assert_allclose(found["stem"].dissimilarities(), expected, atol=1e-6)


@pytest.mark.parametrize("images", [1, 2, 4, 8])
def test_little_memory_changes_nothing(images):
    """Blocks of 1, 2, 4 and 8 of 9 images: 64 + 64 + 3 numbers of 4 bytes for an image, two blocks at a time."""
    model = factory.build(SPEC, seed=0)
    whole = read_patterns(model, IMAGES)
    parts = read_patterns(model, IMAGES, memory=images * 2 * 4 * (64 + 64 + 3))
    for name in whole:
        np.testing.assert_allclose(parts[name].products, whole[name].products, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(parts[name].means, whole[name].means, rtol=1e-5)


def test_no_more_activations_are_held_than_allowed(monkeypatch):
    sizes = []
    concatenate = np.concatenate
    monkeypatch.setattr(np, "concatenate", lambda parts: sizes.append(sum(map(len, parts))) or concatenate(parts))
    read_patterns(factory.build(SPEC, seed=0), IMAGES, memory=3 * 2 * 4 * (64 + 64 + 3))
    assert max(sizes) == 3


@pytest.mark.parametrize("columns", [1, 4, 7])
def test_products_are_the_same_however_many_columns_are_multiplied_at_a_time(columns, monkeypatch):
    x = RNG.normal(1, 1, (5, 7)).astype("float32")
    centred = x.astype("float64") - x.mean(1, dtype="float64", keepdims=True)
    monkeypatch.setattr("factory.train.representations._COLUMNS", columns)
    np.testing.assert_allclose(Patterns.of(x).products, centred @ centred.T, atol=1e-12)

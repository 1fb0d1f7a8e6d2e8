"""Weights copied along the structure of two models; what does not fit is refused and told."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from graphs import GraphBuilder
from keras.src.applications.inception_resnet_v2 import CustomScaleLayer
from networks import EFFICIENT, MOBILE, PLAIN, RESIDUAL, inverted

from factory.graph import INPUT, ops
from factory.models.build import build_graph
from factory.models.compare import compare_outputs, perturb, random_images
from factory.models.copy import WeightMismatch, copy_weights
from factory.models.structure import structure_of

layers = keras.layers


def check(source: keras.Model, target: keras.Model, seed: int = 0):
    """Copies a perturbed source and asks that the outputs, different before, are then equal."""
    perturb(source, seed)
    images = random_images(source, 3, seed + 1, size=32)
    assert not compare_outputs(source, target, images).ok
    report = copy_weights(source, target)
    found = compare_outputs(source, target, images)
    assert found.ok, found
    assert report.values == source.count_params()
    return report


def pair(make) -> tuple[keras.Model, keras.Model]:
    return make(), make()


def sequential(*made: keras.layers.Layer, shape=(8, 8, 3)) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *made])


@pytest.mark.parametrize("graph", [EFFICIENT, MOBILE, RESIDUAL, PLAIN], ids=lambda graph: graph.name)
def test_lowered_graphs_copy_onto_themselves(graph):
    check(*pair(lambda: build_graph(graph)))


def keras_inverted(x, filters: int, stride: int, expand: int):
    """MobileNetV2's block as keras.applications writes it: zero padding before strides, layers made out of order."""
    project = layers.Conv2D(filters, 1, use_bias=False)
    channels = x.shape[-1]
    y = x
    if expand > 1:
        y = layers.Conv2D(channels * expand, 1, padding="same", use_bias=False)(y)
        y = layers.ReLU(6.0)(layers.BatchNormalization()(y))
    if stride == 2:
        y = layers.ZeroPadding2D(((0, 1), (0, 1)))(y)
    y = layers.DepthwiseConv2D(3, stride, padding="valid" if stride == 2 else "same", use_bias=False)(y)
    y = layers.BatchNormalization()(project(layers.ReLU(6.0)(layers.BatchNormalization()(y))))
    return layers.Add()([y, x]) if stride == 1 and filters == channels else y


def test_a_model_written_in_another_way_fits_a_lowered_graph():
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, 2, padding="same", use_bias=False)(image)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    for filters, stride, expand in [(8, 1, 1), (12, 2, 6), (12, 1, 6), (12, 1, 6)]:
        x = keras_inverted(x, filters, stride, expand)
    x = layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = layers.Flatten()(layers.Conv2D(10, 1)(layers.Dropout(0.2)(x)))  # a 1x1 convolution for the dense layer
    check(keras.Model(image, layers.Softmax()(x)), build_graph(MOBILE))


def test_a_separable_convolution_fits_a_depthwise_and_a_pointwise_one():
    apart = sequential(layers.DepthwiseConv2D(3, use_bias=False), layers.Conv2D(5, 1), layers.Flatten())
    check(sequential(layers.SeparableConv2D(5, 3), layers.Flatten()), apart)
    check(apart, sequential(layers.SeparableConv2D(5, 3), layers.Flatten()))


def test_a_dense_layer_on_an_image_fits_a_pointwise_convolution():
    check(sequential(layers.Conv2D(5, 1), layers.ReLU()), sequential(layers.Dense(5, activation="relu")))


def test_one_group_a_channel_fits_a_depthwise_convolution():
    check(sequential(layers.Conv2D(6, 3, groups=3)), sequential(layers.DepthwiseConv2D(3, depth_multiplier=2)))


def test_nested_models_fit_their_contents():
    def contents():
        return [layers.Conv2D(4, 3), layers.BatchNormalization(), layers.ReLU(), layers.Conv2D(4, 3)]

    def inner():
        image = keras.Input((8, 8, 3))
        x = image
        for layer in contents():
            x = layer(x)
        return keras.Model(image, x)

    flat = sequential(*contents(), layers.Flatten(), layers.Dense(2))
    check(sequential(keras.Sequential(contents()), layers.Flatten(), layers.Dense(2)), flat)
    check(sequential(inner(), layers.Flatten(), layers.Dense(2)), flat, seed=5)


def test_a_nested_model_called_twice_fits_shared_weights():
    nested = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3, padding="same", name="shared")])
    image = keras.Input((8, 8, 3))
    source = keras.Model(image, layers.Concatenate()([nested(image), nested(layers.ReLU()(image * -1.0 + 100.0))]))
    builder = GraphBuilder((8, 8, 3))
    first = builder.add(ops.Conv(4, (3, 3), padding=((1, 1), (1, 1))))
    builder.add(ops.Rescale(-1.0, 100.0), INPUT)
    flipped = builder.add(ops.Activation("relu"))
    second = builder.add(ops.Conv(4, (3, 3), padding=((1, 1), (1, 1))), flipped, shared=first)
    builder.add(ops.Concat(), first, second)
    assert check(source, build_graph(builder.graph())).layers == 1


def test_weights_go_by_name_where_layers_keep_them_in_another_order():
    source = sequential(layers.LayerNormalization(), layers.Conv2D(3, 1))
    norm = source.layers[0]
    check(source, sequential(layers.LayerNormalization(), layers.Conv2D(3, 1)))
    assert {weight.name for weight in norm.weights} == {"gamma", "beta"}


def test_interchangeable_branches_may_be_swapped():
    def make():
        image = keras.Input((8, 8, 3))
        return keras.Model(image, layers.Add()([layers.Conv2D(4, 3)(image) for _ in range(3)]))

    check(*pair(make))


def branches(first: int, second: int, merge: type[layers.Layer]) -> keras.Model:
    """Two convolutions of equal shape, told apart by their dilation; `first` is called first."""
    image = keras.Input((16, 16, 3))
    made = {d: layers.Conv2D(4, 3, dilation_rate=d, padding="same")(image) for d in (first, second)}
    return keras.Model(image, merge()([made[first], made[second]]))


def test_branches_of_one_shape_are_told_apart_by_their_dilation():
    check(branches(1, 2, layers.Add), branches(2, 1, layers.Add))


def test_branches_of_one_shape_are_told_apart_by_what_has_no_weights():
    def make(flip: bool):
        image = keras.Input((16, 16, 3))
        pools = [layers.MaxPooling2D(2), layers.AveragePooling2D(2)][:: -1 if flip else 1]
        return keras.Model(image, layers.Add()([layers.Conv2D(4, 3)(pool(image)) for pool in pools]))

    check(make(False), make(True))


def test_the_order_of_concatenation_counts():
    with pytest.raises(WeightMismatch, match="wired differently"):
        copy_weights(branches(1, 2, layers.Concatenate), branches(2, 1, layers.Concatenate))


def test_a_sum_that_scales_its_second_part_fits_a_scaling_and_a_sum():
    def make(join):
        image = keras.Input((8, 8, 3))
        return keras.Model(image, join(layers.Conv2D(4, 3)(image), layers.Conv2D(4, 3)(image)))

    def apart(x, branch):
        return layers.Add()([layers.Rescaling(0.2)(branch), x])

    def together(x, branch):
        return CustomScaleLayer(0.2)([x, branch])

    check(make(apart), make(together))
    check(make(together), make(apart))


def test_an_activation_may_be_written_out():
    def written(image):
        x = layers.Conv2D(4, 3)(image)
        return layers.Multiply()([x, layers.ReLU(6.0)(x + 3.0) * (1 / 6)])

    image = keras.Input((8, 8, 3))
    check(keras.Model(image, written(image)), sequential(layers.Conv2D(4, 3, activation="hard_silu")))


@pytest.mark.parametrize(
    "ours,theirs,missing",
    [
        ([layers.BatchNormalization(scale=False)], [layers.BatchNormalization()], "gamma (4,)"),
        ([], [layers.BatchNormalization()], "BatchNormalization"),
        ([layers.Conv2D(4, 3, use_bias=False)], [layers.Conv2D(4, 3)], "bias (4,)"),
        ([layers.Conv2D(4, 3)], [layers.Conv2D(4, 5)], "kernel (5, 5, 4, 4)"),
        ([layers.Conv2D(4, 3)], [layers.Conv2D(4, 3, 2)], "Conv2D /2"),
        ([layers.GroupNormalization(2)], [layers.LayerNormalization()], "LayerNormalization"),
    ],
)
def test_layers_without_a_partner_are_refused_and_listed(ours, theirs, missing):
    source = sequential(layers.Conv2D(4, 1), *ours)
    target = sequential(layers.Conv2D(4, 1), *theirs)
    before = [weight.numpy() for weight in target.weights]
    with pytest.raises(WeightMismatch) as refused:
        copy_weights(source, target)
    assert f"the weights of {source.name} do not fit {target.name}" in str(refused.value)
    assert f"in {target.name} without a partner" in str(refused.value)
    assert missing in str(refused.value)
    for old, weight in zip(before, target.weights, strict=True):
        np.testing.assert_array_equal(old, weight.numpy())


def test_another_number_of_classes_is_refused():
    other = GraphBuilder((32, 32, 3), "other")
    other.nodes = [*PLAIN.nodes[:-2]]
    other.add(ops.Dense(11), name="fc2")
    with pytest.raises(WeightMismatch, match=r"fc2 \(Linear: kernel \(16, 11\), bias \(11,\)\)"):
        copy_weights(build_graph(PLAIN), build_graph(other.graph()))


def test_equal_layers_wired_differently_are_refused():
    def make(long: int):
        image = keras.Input((8, 8, 4))
        sides = [image, image]
        for _ in range(long):
            sides[0] = layers.Conv2D(4, 1)(sides[0])
        for _ in range(4 - long):
            sides[1] = layers.Conv2D(4, 1)(sides[1])
        return keras.Model(image, layers.Add()(sides))

    with pytest.raises(WeightMismatch, match="wired differently"):
        copy_weights(make(2), make(3))


def test_alike_branches_are_refused_where_nothing_says_which_is_which():
    def make(pool):
        image = keras.Input((8, 8, 3))
        sides = [layers.Conv2D(4, 3)(image), layers.Conv2D(4, 3)(pool(image))]
        return keras.Model(image, layers.Add()(sides))

    with pytest.raises(WeightMismatch, match="no telling which is which"):
        copy_weights(make(layers.MaxPooling2D(1)), make(layers.AveragePooling2D(1)))


def test_weights_shared_by_other_calls_are_refused():
    def make(order):
        image = x = keras.Input((8, 8, 4))
        made = [layers.Conv2D(4, 3, padding="same") for _ in range(2)]
        for index in order:
            x = layers.ReLU()(made[index](x))
        return keras.Model(image, x)

    with pytest.raises(WeightMismatch, match="shared by other calls"):
        copy_weights(make([0, 1, 0, 1]), make([0, 1, 1, 0]))
    check(make([0, 1, 1, 0]), make([1, 0, 0, 1]))


def test_structures_name_units_and_their_weights():
    net = GraphBuilder((8, 8, 4), "net")
    inverted(net, "s1", 4, 1, 1, "relu", se=False)
    text = [str(unit) for unit in structure_of(build_graph(net.graph())).units]
    assert text[:2] == ["input 0 (input 0)", "s1.depthwise (DepthwiseConv2D: kernel (3, 3, 4, 1))"]
    assert text[-1] == "s1.add (Add)"


def test_the_report_counts_layers_and_values():
    source, target = pair(lambda: sequential(layers.Conv2D(4, 1), layers.BatchNormalization()))
    report = copy_weights(source, target)
    assert (report.layers, report.values) == (2, 3 * 4 + 4 + 4 * 4)
    assert str(report) == f"copied 32 values of 2 layers from {source.name} to {target.name}"

"""Which layers of a network are pre-trained, and where the stack ends."""

from __future__ import annotations

import keras
import pytest
from keras import layers
from pretrain_nets import FLATTEN, dense, network, perceptron

import factory
from factory.errors import FactoryError
from factory.train.pretrain.stack import find_stack


def names(model: keras.Model) -> list[str]:
    return [member.layer.name for member in find_stack(model).layers]


def conv(filters: int = 4, **more: object) -> dict[str, object]:
    return {"block": "conv", "filters": filters, "kernel": 3, **more}


def test_dense_layers_before_the_output_are_found_in_order():
    stack = find_stack(perceptron(8, 6, 4))
    assert [member.layer.name for member in stack.layers] == ["fc1", "fc2", "fc3"]
    assert stack.end == "the output layer head"


def test_each_layer_reads_what_comes_directly_before_it():
    stack = find_stack(perceptron(8, 6))
    assert [member.before.shape for member in stack.layers] == [(None, 36), (None, 8)]


def test_preprocessing_padding_pooling_dropout_activations_and_batch_norm_are_passed_through():
    model = network(
        {"mean": [0.5], "std": [0.2], "scale": 1 / 255},
        c1=conv(padding=1, norm="batch", activation="relu"),
        pool={"block": "max_pool", "kernel": 2},
        dropout={"block": "dropout", "rate": 0.5},
        c2=conv(padding="same"),
        mean={"block": "avg_pool", "kernel": 3},
        flatten=FLATTEN,
        fc=dense(5, "leaky_relu"),
    )
    assert names(model) == ["c1", "c2", "fc"]


def test_the_preprocessing_of_colour_images_is_passed_through():
    for preprocess in ("tf", "torch", "caffe", "cifar"):
        spec = factory.load("vgg16", **{"input.resolution": 32, "input.preprocess": preprocess, "width": 0.05})
        found = find_stack(factory.build(spec)).layers
        assert len(found) == 15  # 13 convolutions, 2 of 3 dense layers


def test_the_stack_ends_before_a_branching():
    image = keras.Input((6, 6, 1))
    trunk = layers.Conv2D(4, 3, name="trunk")(image)
    left, right = (layers.Conv2D(4, 3, name=name)(trunk) for name in ("left", "right"))
    stack = find_stack(keras.Model(image, layers.Dense(2)(layers.Flatten()(layers.Add()([left, right])))))
    assert [member.layer.name for member in stack.layers] == ["trunk"]
    assert stack.end == "the branching behind trunk"


def test_the_stack_ends_where_features_leave_the_network():
    image = keras.Input((6, 6, 1))
    first = layers.Conv2D(4, 3, name="first")(image)
    second = layers.Conv2D(4, 3, name="second")(first)
    model = keras.Model(image, [first, layers.Dense(2)(layers.Flatten()(second))])
    assert names(model) == ["first"]


def test_the_stack_ends_before_a_layer_of_another_kind():
    model = network(c1=conv(), deep={"block": "depthwise_conv", "kernel": 3}, c2=conv(kernel=1), flatten=FLATTEN)
    stack = find_stack(model)
    assert len(stack.layers) == 1
    assert stack.end.endswith("(DepthwiseConv2D)")


def test_the_output_of_a_fully_convolutional_network_is_no_part_of_the_stack():
    image = keras.Input((None, None, 1))
    hidden = layers.Conv2D(4, 3, name="hidden")(image)
    scores = layers.GlobalAveragePooling2D()(layers.Conv2D(3, 1, name="scores")(hidden))
    assert names(keras.Model(image, layers.Activation("softmax")(scores))) == ["hidden"]


def test_frozen_layers_are_passed_through():
    model = perceptron(8, 6, 4)
    model.get_layer(names(model)[1]).trainable = False
    assert names(model) == [names(perceptron(8, 6, 4))[i] for i in (0, 2)]


def test_a_layer_that_is_called_twice_ends_the_stack():
    image = keras.Input((6, 6, 1))
    twice = layers.Dense(8, name="twice")
    hidden = twice(twice(layers.Dense(8, name="once")(layers.Flatten()(image))))
    stack = find_stack(keras.Model(image, layers.Dense(2)(hidden)))
    assert [member.layer.name for member in stack.layers] == ["once"]
    assert stack.end == "twice, which is called several times"


def test_calls_of_a_layer_outside_the_model_do_not_count():
    model = perceptron(8, 6)
    layer = model.get_layer(names(model)[1])
    layer(keras.Input((8,)))
    assert len(names(model)) == 2


def test_without_a_layer_to_pretrain_the_message_says_where_the_network_was_searched():
    with pytest.raises(FactoryError, match=r"net has no dense or convolution layer .* and the output layer head"):
        find_stack(network(flatten=FLATTEN))


def test_a_model_whose_wiring_is_not_known_is_an_error():
    class Own(keras.Model):
        pass

    with pytest.raises(FactoryError, match="no functional model with one input"):
        find_stack(Own(name="own"))


def test_a_model_with_two_inputs_is_an_error():
    left, right = keras.Input((4,)), keras.Input((4,))
    model = keras.Model([left, right], layers.Dense(2)(layers.Dense(3)(layers.Add()([left, right]))))
    with pytest.raises(FactoryError, match="no functional model with one input"):
        find_stack(model)


@pytest.mark.parametrize(
    ("activation", "function"),
    [("sigmoid", "sigmoid"), ("relu", "relu"), ("tanh", "tanh"), ("none", "linear"), ("relu6", "relu6")],
)
def test_the_function_of_a_layer_is_that_of_its_activation(activation, function):
    [found] = find_stack(perceptron(8, activation=activation)).layers
    assert found.function == function


@pytest.mark.parametrize(
    ("more", "function"), [({}, "relu"), ({"max_value": 6.0}, "ReLU"), ({"threshold": 1.0}, "ReLU")]
)
def test_a_relu_layer_with_parameters_is_no_plain_relu(more, function):
    image = keras.Input((4,))
    hidden = layers.ReLU(**more)(layers.Dense(3)(image))
    [found] = find_stack(keras.Model(image, layers.Dense(2)(hidden))).layers
    assert found.function == function


def test_an_activation_behind_batch_norm_and_dropout_is_the_function_of_the_layer():
    model = network(c=conv(norm="batch", activation="relu"), flatten=FLATTEN)
    [found] = find_stack(model).layers
    assert found.function == "relu"
    assert [type(layer) for layer in found.tail] == [layers.BatchNormalization, layers.Activation]


def test_a_function_of_several_parts_names_them_all():
    [found] = find_stack(perceptron(8, activation="scaled_tanh")).layers
    assert found.function == "Rescaling, tanh, Rescaling"

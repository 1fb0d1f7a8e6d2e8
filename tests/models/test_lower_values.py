"""Lowered operations compute what their definitions say, written out anew in numpy."""

from __future__ import annotations

import numpy as np
import pytest
from cases import EVEN, IMAGE, Case
from graphs import GraphBuilder
from running import images, results

from factory.errors import ShapeError
from factory.graph import INPUT, ops
from factory.models.build import build_graph

X = images(IMAGE)


def lowered(op: ops.Op, x: np.ndarray = X, shape: ops.Shape | None = None, **weights: np.ndarray) -> np.ndarray:
    """The first output of one operation, with these weights where given."""
    model = build_graph(Case(op, shape or x.shape[1:]).graph())
    layer = model.get_layer("tested")
    for weight in layer.weights:
        if weight.name in weights:
            weight.assign(weights[weight.name])
    return results(model, x)[0]


def close(a: np.ndarray, b: np.ndarray, tolerance: float = 1e-5) -> None:
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def windows(x: np.ndarray, kernel, stride, padding, fill: float) -> np.ndarray:
    """All windows of a padded image: (batch, h', w', c, kh, kw)."""
    padded = np.pad(x, ((0, 0), *padding, (0, 0)), constant_values=fill)
    slid = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(1, 2))
    return slid[:, :: stride[0], :: stride[1]]


PADS = [((0, 0), (0, 0)), EVEN, ((0, 1), (0, 1)), ((2, 0), (1, 2))]


@pytest.mark.parametrize("padding", PADS)
@pytest.mark.parametrize("stride", [(1, 1), (2, 2), (2, 1)])
@pytest.mark.parametrize("shape", [IMAGE, (None, None, 6)])
def test_convolution_pads_as_asked(stride, padding, shape):
    kernel = np.random.default_rng(1).normal(size=(3, 2, 6, 4))
    made = lowered(ops.Conv(4, (3, 2), stride, padding, bias=False), shape=shape, kernel=kernel)
    close(made, np.einsum("bhwcij,ijcf->bhwf", windows(X, (3, 2), stride, padding, 0), kernel), 1e-4)


@pytest.mark.parametrize("groups", [2, 3])
def test_grouped_convolution_is_one_convolution_a_group(groups):
    kernel = np.random.default_rng(1).normal(size=(3, 3, 6 // groups, 12))
    parts = [
        np.einsum("bhwcij,ijcf->bhwf", windows(part, (3, 3), (1, 1), EVEN, 0), filters)
        for part, filters in zip(np.split(X, groups, -1), np.split(kernel, groups, -1), strict=True)
    ]
    made = lowered(ops.Conv(12, (3, 3), padding=EVEN, groups=groups, bias=False), kernel=kernel)
    close(made, np.concatenate(parts, -1), 1e-4)


@pytest.mark.parametrize("stride,padding", [((1, 1), EVEN), ((2, 2), EVEN), ((2, 2), ((0, 1), (0, 1)))])
def test_depthwise_convolution_convolves_each_channel_alone(stride, padding):
    kernel = np.random.default_rng(1).normal(size=(3, 3, 6, 2))
    made = lowered(ops.DepthwiseConv((3, 3), stride, padding, multiplier=2, bias=False), kernel=kernel)
    expected = np.einsum("bhwcij,ijcm->bhwcm", windows(X, (3, 3), stride, padding, 0), kernel)
    close(made, expected.reshape(made.shape), 1e-4)


@pytest.mark.parametrize("kernel,stride", [((2, 2), (2, 2)), ((3, 3), (2, 2)), ((4, 3), (2, 1)), ((2, 2), (3, 3))])
@pytest.mark.parametrize("crop", [((0, 0), (0, 0)), ((0, 1), (0, 1)), EVEN, ((1, -1), (0, -3))])
def test_transposed_convolution_adds_up_shifted_kernels_and_crops(kernel, stride, crop):
    rng = np.random.default_rng(1)
    weights, bias = rng.normal(size=(*kernel, 5, 6)), rng.normal(size=5)
    made = lowered(ops.ConvTranspose(5, kernel, stride, crop), kernel=weights, bias=bias)
    full = np.zeros((2, *((n - 1) * s + k + 9 for n, s, k in zip((9, 8), stride, kernel, strict=True)), 5))
    for i in range(9):
        for j in range(8):
            y, x = i * stride[0], j * stride[1]
            full[:, y : y + kernel[0], x : x + kernel[1]] += np.einsum("bc,ijfc->bijf", X[:, i, j], weights)
    top, left = crop[0][0], crop[1][0]
    close(made, full[:, top : top + made.shape[1], left : left + made.shape[2]] + bias, 1e-4)


@pytest.mark.parametrize("padding", PADS)
@pytest.mark.parametrize("after_relu", [False, True])
def test_max_pooling_pads_with_minus_infinity(padding, after_relu):
    x = X - 3  # nearly all below zero: zeros would win
    builder = GraphBuilder(IMAGE)
    if after_relu:
        builder.add(ops.Activation("relu"))
    builder.add(ops.MaxPool((3, 3), (2, 2), padding))
    expected = windows(np.maximum(x, 0) if after_relu else x, (3, 3), (2, 2), padding, -np.inf).max((-1, -2))
    model = build_graph(builder.graph())
    close(results(model, x)[0], expected)
    assert not after_relu or not any(type(layer).__module__.startswith("factory") for layer in model.layers)


@pytest.mark.parametrize("padding", PADS)
@pytest.mark.parametrize("shape", [IMAGE, (None, None, 6)])
def test_average_pooling_leaves_padding_out_of_the_mean_unless_it_is_counted(padding, shape):
    share = windows(np.ones_like(X), (3, 3), (2, 2), padding, 0).mean((-1, -2))
    mean = windows(X, (3, 3), (2, 2), padding, 0).mean((-1, -2))
    close(lowered(ops.AvgPool((3, 3), (2, 2), padding), shape=shape), mean / share)
    close(lowered(ops.AvgPool((3, 3), (2, 2), padding, padding), shape=shape), mean)


def test_average_pooling_counts_a_part_of_its_padding():
    """Ceiling mode: one row and column of zeros count, the row that fills the last window does not."""
    padding, counted = ((1, 2), (1, 1)), EVEN
    inside = np.pad(np.ones_like(X), ((0, 0), *counted, (0, 0)))
    share = windows(inside + (inside == 0), (3, 3), (2, 2), ((0, 1), (0, 0)), 0).mean((-1, -2))
    mean = windows(X, (3, 3), (2, 2), padding, 0).mean((-1, -2))
    close(lowered(ops.AvgPool((3, 3), (2, 2), padding, counted)), mean / share)


def test_average_pooling_cannot_count_padding_of_unknown_size():
    with pytest.raises(ShapeError, match="known only at run time"):
        lowered(ops.AvgPool((3, 3), (2, 2), "same", EVEN), shape=(None, None, 6))


@pytest.mark.parametrize("kind,reduce", [("mean", np.mean), ("max", np.max)])
@pytest.mark.parametrize("size", [(1, 1), (3, 3), (4, 5), (9, 8)])
def test_adaptive_pooling_covers_from_floor_to_ceiling(kind, reduce, size):
    expected = np.zeros((2, *size, 6))
    for i in range(size[0]):
        for j in range(size[1]):
            rows = slice(i * 9 // size[0], -(-(i + 1) * 9 // size[0]))
            columns = slice(j * 8 // size[1], -(-(j + 1) * 8 // size[1]))
            expected[:, i, j] = reduce(X[:, rows, columns], axis=(1, 2))
    close(lowered(ops.AdaptivePool(kind, size)), expected)


def test_the_index_of_a_maximum_is_the_place_of_the_first_one_in_its_window():
    x = np.zeros((1, 4, 4, 1), "float32")
    x[0, 0, 1] = x[0, 3, 0] = x[0, 3, 1] = x[0, 2, 2] = 1
    builder = GraphBuilder((4, 4, 1))
    pool = builder.add(ops.MaxPool((2, 2), (2, 2)))
    values, places = results(build_graph(builder.graph(pool, (pool[0], 1))), x)
    assert values[0, ..., 0].tolist() == [[1, 0], [1, 1]]
    assert places[0, ..., 0].tolist() == [[1, 0], [2, 0]]


@pytest.mark.parametrize("shape,padding", [(IMAGE, EVEN), (IMAGE, ((0, 1), (0, 0))), ((None, None, 6), "same")])
def test_indices_of_padded_pooling_point_at_the_maximum(shape, padding):
    builder = GraphBuilder(shape)
    pool = builder.add(ops.MaxPool((3, 2), (2, 2), padding))
    values, places = results(build_graph(builder.graph(pool, (pool[0], 1))), X)
    pads = ((1, 1), (0, 0)) if padding == "same" else padding
    seen = windows(X, (3, 2), (2, 2), pads, -np.inf).reshape(*values.shape, 6)
    close(values, seen.max(-1))
    assert (places == seen.argmax(-1)).all()


def test_unpooling_puts_maxima_back_and_zeros_elsewhere():
    builder = GraphBuilder((None, None, 6))
    pool = builder.add(ops.MaxPool((3, 2), (3, 2)))
    builder.add(ops.MaxUnpool((3, 2)), pool, (pool[0], 1))
    tiles = X.reshape(2, 3, 3, 4, 2, 6).transpose(0, 1, 3, 5, 2, 4)
    kept = np.where(tiles == tiles.max((-1, -2), keepdims=True), tiles, 0)
    close(results(build_graph(builder.graph()), X)[0], kept.transpose(0, 1, 4, 2, 5, 3).reshape(X.shape))


def test_pooling_has_an_index_only_where_something_reads_it():
    builder = GraphBuilder(IMAGE)
    builder.add(ops.MaxPool((2, 2), (2, 2)))
    assert type(build_graph(builder.graph()).layers[-1]).__name__ == "MaxPooling2D"


def test_local_response_normalisation_sums_squares_of_neighbouring_channels():
    expected = np.empty_like(X)
    for c in range(6):
        near = X[..., max(0, c - 2) : c + 3]
        expected[..., c] = X[..., c] / (1.5 + 0.3 * (near**2).sum(-1)) ** 0.75
    close(lowered(ops.LocalResponseNorm(2, 1.5, 0.3, 0.75)), expected)


def test_input_normalisation_subtracts_means_and_divides_by_deviations():
    mean, std = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6), (1.0, 2.0, 0.5, 1.5, 3.0, 0.01)
    close(lowered(ops.InputNorm(mean, std)), (X - mean) / std, 1e-4)


def test_group_normalisation_of_one_group_a_channel_is_instance_normalisation():
    mean, variance = X.mean((1, 2), keepdims=True), X.var((1, 2), keepdims=True)
    close(lowered(ops.GroupNorm(-1, 1e-2)), (X - mean) / np.sqrt(variance + 1e-2), 1e-4)


SIGMOID = 1 / (1 + np.exp(-X))
FUNCTIONS = {
    "relu": np.maximum(X, 0),
    "relu6": np.clip(X, 0, 6),
    "leaky_relu": np.where(X > 0, X, 0.01 * X),
    "elu": np.where(X > 0, X, np.exp(X) - 1),
    "selu": 1.0507009873 * np.where(X > 0, X, 1.6732632423 * (np.exp(X) - 1)),
    "swish": X * SIGMOID,
    "hard_swish": X * np.clip(X + 3, 0, 6) / 6,
    "sigmoid": SIGMOID,
    "hard_sigmoid": np.clip(X + 3, 0, 6) / 6,
    "tanh": np.tanh(X),
    "scaled_tanh": 1.7159 * np.tanh(2 / 3 * X),
    "softmax": np.exp(X) / np.exp(X).sum(-1, keepdims=True),
    "mish": X * np.tanh(np.log1p(np.exp(X))),
    "softplus": np.log1p(np.exp(X)),
}


@pytest.mark.parametrize("kind", FUNCTIONS)
def test_activation_functions_are_their_formulas(kind):
    close(lowered(ops.Activation(kind)), FUNCTIONS[kind])


def test_gelu_is_the_exact_one():
    erf = np.array([0.8413447461])  # the normal distribution's value at 1
    close(lowered(ops.Activation("gelu"), np.ones((1, 1), "float32"))[0], erf)


def test_parameters_of_activations_are_used():
    close(lowered(ops.Activation("leaky_relu", (0.3,))), np.where(X > 0, X, 0.3 * X))
    close(lowered(ops.Activation("elu", (0.5,))), np.where(X > 0, X, 0.5 * (np.exp(X) - 1)))
    close(lowered(ops.Activation("scaled_tanh", (2.0, 0.5))), 2 * np.tanh(0.5 * X))
    close(lowered(ops.PRelu(start=0.1)), np.where(X > 0, X, 0.1 * X))


def test_channel_operations_move_channels_as_defined():
    close(lowered(ops.ChannelGather((5, 0, 0))), X[..., [5, 0, 0]])
    close(lowered(ops.ChannelShuffle(3)), X[..., [0, 2, 4, 1, 3, 5]])
    close(lowered(ops.ChannelShuffle(2), shape=(None, None, 6)), X[..., [0, 3, 1, 4, 2, 5]])
    close(lowered(ops.ChannelZeroPad((1, 2))), np.pad(X, ((0, 0), (0, 0), (0, 0), (1, 2))))
    close(lowered(ops.ChannelZeroPad((1, 2)), X[:, 0, 0]), np.pad(X[:, 0, 0], ((0, 0), (1, 2))))
    close(lowered(ops.Maxout(3)), np.stack([X[..., :3].max(-1), X[..., 3:].max(-1)], -1))
    close(lowered(ops.Split((1, 3, 2))), X[..., :1])


def test_learned_scales_and_offsets_act_a_channel_each():
    gamma, beta = np.arange(6.0), np.arange(6.0) - 2
    close(lowered(ops.Affine(), gamma=gamma, beta=beta), X * gamma + beta)
    close(lowered(ops.LayerScale(), gamma=gamma), X * gamma)
    close(lowered(ops.LayerScale(0.5)), X * 0.5)
    close(lowered(ops.Rescale(2.0, tuple(beta))), X * 2 + beta)


@pytest.mark.parametrize("kind", ["free", "sigmoid", "softmax"])
def test_weighted_sums_weigh_each_input(kind):
    builder = GraphBuilder(IMAGE)
    doubled = builder.add(ops.Rescale(2.0))
    builder.add(ops.WeightedSum(kind), INPUT, doubled, name="sum")
    model = build_graph(builder.graph())
    weights = np.array([0.3, -0.7])
    model.get_layer("sum").set_weights([weights])
    if kind == "sigmoid":
        weights = 1 / (1 + np.exp(-weights))
    elif kind == "softmax":
        weights = np.exp(weights) / np.exp(weights).sum()
    close(results(model, X)[0], weights[0] * X + weights[1] * 2 * X)


@pytest.mark.parametrize("known", [True, False])
def test_cropping_to_match_is_centred(known):
    builder = GraphBuilder(IMAGE if known else (None, None, 6))
    small = builder.add(ops.Crop(((3, 2), (2, 0))))
    builder.add(ops.CropLike(), INPUT, small)
    close(results(build_graph(builder.graph()), X)[0], X[:, 2:6, 1:7])


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("method", ["nearest", "bilinear"])
def test_resizing_to_match_doubles_as_resizing_by_two_does(known, method):
    builder = GraphBuilder(IMAGE if known else (None, None, 6))
    large = builder.add(ops.ConvTranspose(2, (2, 2), (2, 2)))
    like = builder.add(ops.ResizeLike(method), INPUT, large)
    twice = builder.add(ops.Resize((2, 2), method), INPUT)
    a, b = results(build_graph(builder.graph(like, twice)), X)
    close(a, b)
    if method == "nearest":
        close(a, X.repeat(2, 1).repeat(2, 2))
    else:  # half-pixel centres: a quarter of the neighbour, except at the edge
        close(a[:, 0, 1], 0.75 * X[:, 0, 0] + 0.25 * X[:, 0, 1])


@pytest.mark.parametrize("op", [ops.Dropout(0.5), ops.SpatialDropout(0.5), ops.StochasticDepth(0.5)], ids=str)
def test_what_acts_in_training_is_the_identity_at_inference(op):
    close(lowered(op), X)


def test_stochastic_depth_drops_whole_samples_and_spatial_dropout_whole_channels():
    x = np.ones((64, 2, 2, 6), "float32")
    for op, axes in [(ops.StochasticDepth(0.5), (1, 2, 3)), (ops.SpatialDropout(0.5), (1, 2))]:
        model = build_graph(Case(op, (2, 2, 6)).graph(), seed=0)
        made = results(model, x, training=True)[0]
        assert (np.ptp(made, axis=axes) == 0).all()
        assert set(np.unique(made)) == {0, 2}

"""Padding written in words, against TensorFlow's convolutions, PyTorch's formula and Keras' transposed convolutions."""

from __future__ import annotations

import itertools
import math

import keras
import pytest
import tensorflow as tf
from plans import planned

from factory.blocks.padding import ceil_padding, resolve_padding, transposed_crop
from factory.errors import SpecError
from factory.graph import ops as o

SIZES, KERNELS = range(1, 12), (1, 2, 3, 4, 5, 7)


@pytest.mark.parametrize("stride,dilation", [(1, 1), (2, 1), (3, 1), (4, 1), (1, 2), (1, 3)])
def test_same_padding_gives_the_sizes_and_values_of_tensorflow(stride, dilation):
    """Height and width have sizes and kernels of their own; ones everywhere show how many zeros lie on each side."""
    for size, kernel in itertools.product(SIZES, KERNELS):
        other_size, other_kernel = 12 - size, KERNELS[-1] + 1 - kernel
        x = tf.ones((1, size, other_size, 1))
        taps = tf.reshape(tf.range(1.0, kernel * other_kernel + 1), (kernel, other_kernel, 1, 1))
        theirs = tf.nn.conv2d(x, taps, stride, "SAME", dilations=dilation)
        k, s, d = (kernel, other_kernel), (stride, stride), (dilation, dilation)
        pads = resolve_padding("same", (size, other_size, 1), k, s, d)
        assert o.Conv(1, k, s, pads, d).outputs((size, other_size, 1)) == (tuple(theirs.shape[1:]),)
        ours = tf.nn.conv2d(tf.pad(x, [(0, 0), *pads, (0, 0)]), taps, stride, "VALID", dilations=dilation)
        assert bool(tf.reduce_all(ours == theirs)), (size, kernel)


@pytest.mark.parametrize("kernel,stride", [((3, 2), (2, 1)), ((5, 3), (1, 3)), ((2, 7), (3, 2))])
def test_same_padding_takes_each_axis_for_itself(kernel, stride):
    theirs = tf.nn.max_pool2d(tf.zeros((1, 9, 11, 1)), kernel, stride, "SAME")
    pads = resolve_padding("same", (9, 11, 1), kernel, stride)
    assert o.MaxPool(kernel, stride, pads).outputs((9, 11, 1))[0] == tuple(theirs.shape[1:])


def test_same_padding_stays_open_only_where_a_stride_meets_an_unknown_size():
    assert resolve_padding("same", (None, None, 3), (3, 5), (1, 1)) == ((1, 1), (2, 2))
    assert resolve_padding("same", (None, None, 3), (3, 3), (2, 2)) == "same"
    assert resolve_padding("same", (8, None, 3), (3, 3), (2, 1)) == ((0, 1), (1, 1))


def test_symmetric_padding_is_pytorchs_usual_one():
    """padding = dilation * (kernel - 1) // 2, for odd kernels what keeps the size at stride 1."""
    for kernel, dilation in itertools.product((1, 2, 3, 4, 5, 7), (1, 2, 3)):
        expected = dilation * (kernel - 1) // 2
        assert resolve_padding("symmetric", (9, 9, 1), (kernel, 1), (2, 2), (dilation, 1)) == (
            (expected, expected),
            (0, 0),
        )


def test_valid_and_numbers_are_taken_as_they_are():
    assert resolve_padding("valid", (9, 9, 1), (3, 3), (2, 2)) == ((0, 0), (0, 0))
    assert resolve_padding(2, (9, 9, 1), (3, 3), (2, 2)) == ((2, 2), (2, 2))
    assert resolve_padding(((0, 1), (2, 3)), (9, 9, 1), (3, 3), (2, 2)) == ((0, 1), (2, 3))


@pytest.mark.parametrize(
    "written,pads",
    [
        (1, ((1, 1), (1, 1))),
        ([1, 2], ((1, 1), (2, 2))),
        ([[0, 1], [2, 0]], ((0, 1), (2, 0))),
        ("same", ((0, 1), (0, 1))),
        ("valid", ((0, 0), (0, 0))),
        ("symmetric", ((1, 1), (1, 1))),
    ],
)
def test_every_way_to_write_padding_arrives_in_the_convolution(written, pads):
    [conv, *_] = planned({"block": "conv", "filters": 4, "stride": 2, "padding": written}).nodes
    assert conv.op.padding == pads


def pytorch_pooled(size: int, kernel: int, stride: int, padding: int) -> int:
    """PyTorch's output size with ceil_mode=True, as torch.nn.MaxPool2d's documentation and pooling_shape have it."""
    made = math.ceil((size + 2 * padding - kernel) / stride) + 1
    if (made - 1) * stride >= size + padding:
        made -= 1  # the last window would begin in the padding behind
    return made


@pytest.mark.parametrize("kernel,stride", list(itertools.product((1, 2, 3, 4, 5), (1, 2, 3, 4))))
def test_ceil_mode_gives_the_sizes_of_pytorch(kernel, stride):
    for size, padding in itertools.product(range(5, 20), range(kernel // 2 + 1)):
        pads = ((padding, padding), (padding, padding))
        grown = ceil_padding(pads, (size, size, 1), (kernel, kernel), (stride, stride))
        made = o.MaxPool((kernel, kernel), (stride, stride), grown).outputs((size, size, 1))[0][0]
        assert made == pytorch_pooled(size, kernel, stride, padding), (size, padding)
        assert grown[0][0] == padding, "what lies before stays"


@pytest.mark.parametrize("kernel,stride,padding", [(3, 2, 0), (3, 2, 1), (2, 2, 0), (3, 3, 0), (3, 1, 1)])
def test_ceil_mode_of_an_unknown_size_is_right_for_every_size(kernel, stride, padding):
    call = {"block": "max_pool", "kernel": kernel, "stride": stride, "padding": padding, "ceil_mode": True}
    [node] = planned(call, (None, None, 3)).nodes
    for size in range(5, 20):
        assert node.op.outputs((size, size, 3))[0][0] == pytorch_pooled(size, kernel, stride, padding)


@pytest.mark.parametrize("kernel,stride,padding", [(2, 2, 1), (3, 3, 1), (1, 2, 0), (2, 3, 0)])
def test_ceil_mode_of_an_unknown_size_is_refused_where_the_last_window_depends_on_the_size(kernel, stride, padding):
    call = {"block": "max_pool", "kernel": kernel, "stride": stride, "padding": padding, "ceil_mode": True}
    with pytest.raises(SpecError, match=r"ceil_mode .* needs a known resolution"):
        planned(call, (None, None, 3))


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("kernel,stride", list(itertools.product((1, 2, 3, 4, 5), (1, 2, 3))))
def test_transposed_convolutions_have_the_sizes_of_keras(kernel, stride, padding):
    layer = keras.layers.Conv2DTranspose(2, kernel, stride, padding)
    crop = transposed_crop(padding, (kernel, kernel), (stride, stride), (0, 0))
    for size in (1, 2, 5, 6):
        theirs = tuple(layer.compute_output_shape((None, size, size + 1, 3))[1:])
        made = o.ConvTranspose(2, (kernel, kernel), (stride, stride), crop).outputs((size, size + 1, 3))[0]
        if padding == "valid" and stride > kernel:  # Keras adds positions behind that no kernel reaches
            assert made == ((size - 1) * stride + kernel, size * stride + kernel, 2)
        else:
            assert made == theirs


def test_transposed_convolutions_have_the_sizes_of_pytorchs_formula():
    """(h - 1) * stride - 2 * padding + kernel + output_padding."""
    for kernel, stride, padding, extra in itertools.product((2, 3, 4), (1, 2), (0, 1), (0, 1)):
        call = {"block": "conv_transpose", "filters": 2, "kernel": kernel, "stride": stride, "norm": "none"}
        graph = planned({**call, "padding": padding, "output_padding": extra}, (6, 7, 3))
        height, width = (6 - 1) * stride, (7 - 1) * stride
        rest = kernel - 2 * padding + extra
        assert graph.nodes[-1].outputs[0] == (height + rest, width + rest, 2)

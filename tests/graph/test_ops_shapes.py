"""Output shapes of operations, and what is said where shapes do not fit."""

from __future__ import annotations

import pytest

from factory.errors import ShapeError
from factory.graph import ops as o

IMAGE = (9, 8, 6)


@pytest.mark.parametrize(
    "op,inputs,made",
    [
        (o.Conv(4, (3, 3), (2, 2), "same"), [(None, 8, 6)], [(None, 4, 4)]),
        (o.Conv(4, (3, 3), (2, 2), ((1, 1), (1, 1))), [(9, None, 6)], [(5, None, 4)]),
        (o.ConvTranspose(4, (3, 3), (2, 2), ((1, -1), (0, 1))), [IMAGE], [(19, 16, 4)]),
        (o.ConvTranspose(4, (3, 3), (2, 2)), [(None, None, 6)], [(None, None, 4)]),
        (o.MaxPool((3, 3), (2, 2)), [IMAGE], [(4, 3, 6), (4, 3, 6)]),
        (o.AdaptivePool("mean", (2, 5)), [IMAGE], [(2, 5, 6)]),
        (o.GlobalPool("max"), [IMAGE], [(6,)]),
        (o.GlobalPool("max", True), [(None, None, 6)], [(1, 1, 6)]),
        (o.MaxUnpool((2, 3)), [IMAGE, IMAGE], [(18, 24, 6)]),
        (o.Merge("multiply"), [IMAGE, (1, 1, 6), (9, 8, 1)], [IMAGE]),
        (o.Merge("multiply"), [(1, 1, 6), IMAGE], [IMAGE]),
        (o.Concat(), [IMAGE, (9, 8, 1), IMAGE], [(9, 8, 13)]),
        (o.Concat(), [(3,), (4,)], [(7,)]),
        (o.Split((1, 2, 3)), [IMAGE], [(9, 8, 1), (9, 8, 2), (9, 8, 3)]),
        (o.ChannelGather((5, 5)), [IMAGE], [(9, 8, 2)]),
        (o.ChannelZeroPad((1, 3)), [IMAGE], [(9, 8, 10)]),
        (o.Maxout(3), [IMAGE], [(9, 8, 2)]),
        (o.ZeroPad(((1, 2), (0, 3))), [(None, 8, 6)], [(None, 11, 6)]),
        (o.Crop(((1, 2), (0, 3))), [IMAGE], [(6, 5, 6)]),
        (o.CropLike(), [IMAGE, (4, 8, 1)], [(4, 8, 6)]),
        (o.Resize((2, 3)), [IMAGE], [(18, 24, 6)]),
        (o.ResizeLike(), [IMAGE, (4, 20, 1)], [(4, 20, 6)]),
        (o.Flatten(), [IMAGE], [(432,)]),
        (o.Reshape((4, 108)), [IMAGE], [(4, 108)]),
        (o.Dense(3), [IMAGE], [(9, 8, 3)]),
    ],
    ids=str,
)
def test_output_shapes_are_as_defined(op, inputs, made):
    assert list(op.outputs(*inputs)) == made


@pytest.mark.parametrize(
    "op,inputs,message",
    [
        (o.Conv(4, (3, 3), groups=4), [IMAGE], "6 input channels are not divisible by groups 4"),
        (o.Conv(4, (3, 3), groups=3), [IMAGE], "4 filters are not divisible by groups 3"),
        (o.Conv(4, (3, 3), (2, 2), dilation=(2, 2)), [IMAGE], "cannot be combined"),
        (o.Conv(4, (3, 3)), [(6,)], r"needs an image \(height, width, channels\), received \(6\)"),
        (o.Conv(4, (9, 9)), [IMAGE], "shrinks the width below 1: kernel 9 on 8"),
        (o.Conv(4, (5, 3), dilation=(3, 1)), [IMAGE], r"shrinks the height below 1: kernel 13 on 9 \(dilation 3\)"),
        (o.MaxPool((9, 11), (1, 1), ((0, 0), (1, 1))), [IMAGE], r"kernel 11 on 10 \(input 8, padding 2\)"),
        (o.DepthwiseConv((3, 3), (2, 1)), [IMAGE], "equal strides"),
        (o.ConvTranspose(4, (1, 1), crop=((5, 4), (0, 0))), [IMAGE], "shrinks 9 to 0"),
        (o.Dense(4), [(None,)], "needs a known number of inputs"),
        (o.Flatten(), [(None, 8, 6)], "flatten needs a known size"),
        (o.GroupNorm(4), [IMAGE], "6 channels are not divisible by the 4 groups"),
        (o.InputNorm((0.0,), (1.0,)), [IMAGE], "1 and 1 values for 6 input channels"),
        (o.Merge("add"), [IMAGE, (9, 8, 5)], "add needs matching shapes"),
        (o.Merge("multiply"), [IMAGE, (3, 8, 6)], "multiply needs matching shapes"),
        (o.Merge("multiply"), [IMAGE, (6,)], "multiply needs matching shapes"),
        (o.Concat(), [IMAGE, (9, 7, 6)], "concat needs matching shapes"),
        (o.WeightedSum(), [IMAGE, (9, 8, 1)], "weighted_sum needs matching shapes"),
        (o.Split((2, 3)), [IMAGE], "do not add up to 6"),
        (o.ChannelGather((6,)), [IMAGE], "channel 6 does not exist: there are 6"),
        (o.ChannelShuffle(4), [IMAGE], "not divisible by 4 groups"),
        (o.Maxout(4), [IMAGE], "not divisible by 4 pieces"),
        (o.Rescale((1.0, 2.0)), [IMAGE], "2 values for 6 channels"),
        (o.MaxUnpool((2, 2)), [IMAGE, (9, 8, 1)], "values and indices of one shape"),
        (o.AdaptivePool("mean", (2, 2)), [(None, 8, 6)], "known resolution"),
        (o.Crop(((5, 4), (0, 0))), [IMAGE], "leaves nothing"),
        (o.CropLike(), [IMAGE, (10, 8, 6)], "cannot crop"),
        (o.Reshape((4, 4)), [IMAGE], r"\(9, 8, 6\) has 432 values, \(4, 4\) has 16"),
        (o.Reshape((4, 4)), [(None, 8, 6)], "known size"),
    ],
    ids=str,
)
def test_shapes_that_do_not_fit_are_told(op, inputs, message):
    with pytest.raises(ShapeError, match=message):
        op.outputs(*inputs)

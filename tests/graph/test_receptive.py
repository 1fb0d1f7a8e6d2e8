"""Receptive fields against stacks of windows in numpy, whose input pixels are changed one by one."""

from __future__ import annotations

import numpy as np
import pytest
from nets import INPUT, ByHand

from factory.graph import ops as o
from factory.graph.receptive import Field, receptive_fields

SIZE = (61, 58)
SAME = ((1, 1), (1, 1))

STACKS = {
    "two convolutions": [o.Conv(1, (3, 3)), o.Conv(1, (3, 3))],
    "strides": [o.Conv(1, (3, 3), (2, 2)), o.Conv(1, (3, 3)), o.Conv(1, (5, 5), (2, 2)), o.Conv(1, (3, 3))],
    "dilation": [o.Conv(1, (3, 3), dilation=(2, 3)), o.Conv(1, (3, 3), (2, 1)), o.Conv(1, (2, 3), dilation=(4, 2))],
    "rectangles": [o.Conv(1, (1, 7), (1, 2)), o.Conv(1, (5, 1), (3, 1)), o.Conv(1, (2, 2))],
    "pooling": [o.Conv(1, (3, 3)), o.MaxPool((2, 2), (2, 2)), o.Conv(1, (3, 3)), o.AvgPool((3, 3), (2, 2))],
    "padding": [o.Conv(1, (3, 3), padding=SAME), o.MaxPool((3, 3), (2, 2), SAME), o.Conv(1, (3, 3), padding=SAME)],
    "depthwise": [o.DepthwiseConv((3, 3), (2, 2)), o.Conv(1, (1, 1)), o.DepthwiseConv((5, 5), dilation=(1, 1))],
    "a stride longer than the kernel": [o.Conv(1, (1, 1), (2, 2)), o.MaxPool((2, 2), (3, 3)), o.Conv(1, (3, 3))],
    "each position alone": [o.Conv(1, (3, 3)), o.BatchNorm(), o.Activation("relu"), o.Dropout(0.1), o.Conv(1, (3, 3))],
}


@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)
def test_field_and_stride_are_those_of_pixels_that_change_an_output(stack):
    net = ByHand((*SIZE, 1))
    for index, op in enumerate(stack):
        net(op, (index - 1, 0))
    field = receptive_fields(net.graph())[-1]
    (top, bottom), (next_top, _) = seen(stack, 0, 0), seen(stack, 0, 1)
    (left, right), (next_left, _) = seen(stack, 1, 0), seen(stack, 1, 1)
    assert field == Field((bottom - top + 1, right - left + 1), (next_top - top, next_left - left))


def seen(stack: list[o.Op], axis: int, step: int) -> tuple[int, int]:
    """First and last row (or column) of the input that changes an output in the middle, or `step` rows further."""
    blank = np.zeros(SIZE)
    middle = [size // 2 for size in forward(stack, blank).shape]
    middle[axis] += step
    changes = []
    for place in range(SIZE[axis]):
        image = blank.copy()
        image[(place, slice(None)) if axis == 0 else (slice(None), place)] = 1
        if forward(stack, image)[tuple(middle)] != 0:
            changes.append(place)
    return changes[0], changes[-1]


def forward(stack: list[o.Op], x: np.ndarray) -> np.ndarray:
    """Kernels of ones, so that all that a window sees adds up; max pooling takes the largest."""
    for op in stack:
        if isinstance(op, (o.BatchNorm, o.Activation, o.Dropout)):
            continue
        dilation = getattr(op, "dilation", (1, 1))
        reach = [(kernel - 1) * d + 1 for kernel, d in zip(op.kernel, dilation, strict=True)]
        windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, op.padding), reach)
        windows = windows[:: op.stride[0], :: op.stride[1], :: dilation[0], :: dilation[1]]
        x = windows.max((-1, -2)) if isinstance(op, o.MaxPool) else windows.sum((-1, -2))
    return x


def test_after_a_merge_the_largest_field_of_the_paths_counts():
    net = ByHand((16, 16, 2))
    narrow = net(o.Conv(2, (1, 1)), INPUT)
    wide = net(o.Conv(2, (3, 7), padding=((1, 1), (3, 3))), INPUT)
    net(o.Merge("add"), narrow, wide)
    assert receptive_fields(net.graph())[-1] == Field((3, 7), (1, 1))


def test_what_pools_over_the_image_sees_all_of_it_and_a_channel_gate_does_not_widen_the_field():
    net = ByHand((16, 16, 2))
    conv = net(o.Conv(2, (3, 3)), INPUT)
    net(o.GlobalPool("mean", keep_size=True))
    gate = net(o.Activation("sigmoid"))
    net(o.Merge("multiply"), conv, gate)
    net(o.Flatten())
    net(o.Dense(3))
    assert receptive_fields(net.graph()) == [Field((3, 3), (1, 1)), None, None, Field((3, 3), (1, 1)), None, None]


@pytest.mark.parametrize("grow", [o.Resize((2, 2)), o.ConvTranspose(1, (2, 2), (2, 2))], ids=str)
def test_enlarging_takes_a_stride_back(grow):
    net = ByHand((16, 16, 1))
    net(o.Conv(1, (2, 2), (2, 2)), INPUT)
    net(grow)
    net(o.Conv(1, (3, 3)))
    # 2 pixels each, of which 2 rows share one: the window of 3 reaches at most 2 further pixels
    assert receptive_fields(net.graph())[1:] == [Field((2, 2), (1, 1)), Field((4, 4), (1, 1))]


def test_a_stage_has_the_field_of_its_last_node():
    net = ByHand((16, 16, 1))
    net(o.Conv(1, (3, 3), (2, 2)), INPUT)
    net(o.Conv(1, (3, 3)))
    assert [stage.field for stage in net.graph().cost.stages] == [Field((3, 3), (2, 2)), Field((7, 7), (2, 2))]

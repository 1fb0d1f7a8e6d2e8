"""Inverted bottlenecks: weights counted by hand, the width of the squeeze, where the shortcut is."""

from __future__ import annotations

import pytest
from plans import kinds, named, planned, trainable

from factory.blocks.values import Multiple, SqueezeExcite, nearest_int
from factory.graph import ops as o


def norm(channels: int) -> int:
    """Learned values of a batch norm."""
    return 2 * channels


def test_mbconv_has_the_weights_of_its_four_convolutions():
    # 8 -> 6 * 8 = 48 -> 12; kernel 5; the squeeze has a quarter of the 8 input channels
    assert trainable({"block": "mbconv", "filters": 12, "kernel": 5, "expand": 6, "se": 0.25}) == (
        (8 * 48 + norm(48)) + (25 * 48 + norm(48)) + (48 * 2 + 2 + 2 * 48 + 48) + (48 * 12 + norm(12))
    )


def test_mbconv_of_expansion_one_has_no_expansion():
    assert trainable({"block": "mbconv", "filters": 8, "expand": 1}) == (9 * 8 + norm(8)) + (8 * 8 + norm(8))


def test_fused_mbconv_has_one_convolution_for_two():
    assert trainable({"block": "fused_mbconv", "filters": 12, "expand": 4, "se": 0.5}) == (
        (9 * 8 * 32 + norm(32)) + (32 * 4 + 4 + 4 * 32 + 32) + (32 * 12 + norm(12))
    )


def test_fused_mbconv_of_expansion_one_is_a_single_convolution_with_activation():
    graph = planned({"block": "fused_mbconv", "filters": 12, "expand": 1})
    assert kinds(graph) == [o.Conv, o.BatchNorm, o.Activation]
    assert graph.cost.trainable == 9 * 8 * 12 + norm(12)


@pytest.mark.parametrize("block", ["mbconv", "fused_mbconv"])
def test_the_projection_is_linear_and_is_followed_by_the_sum(block):
    graph = planned({"block": block, "filters": 8})
    assert kinds(graph)[-3:] == [o.Conv, o.BatchNorm, o.Merge]


@pytest.mark.parametrize("block", ["mbconv", "fused_mbconv"])
@pytest.mark.parametrize(
    "call,there",
    [
        ({"filters": 8}, True),
        ({"filters": 8, "expand": 1}, True),
        ({"filters": 9}, False),
        ({"filters": 8, "stride": 2}, False),
        ({"filters": 8, "shortcut": "none"}, False),
        ({"filters": 8, "padding": "valid"}, False),
    ],
)
def test_the_shortcut_is_there_where_shapes_stay_and_it_is_wanted(block, call, there):
    assert (kinds(planned({"block": block, **call}))[-1] is o.Merge) == there


def test_without_a_known_size_a_stride_still_leaves_the_shortcut_out():
    for stride, there in ((1, True), (2, False)):
        graph = planned({"block": "mbconv", "filters": 8, "stride": stride}, (None, None, 8))
        assert (kinds(graph)[-1] is o.Merge) == there


@pytest.mark.parametrize(
    "se,channels,expected",
    [
        (SqueezeExcite(ratio=0.25), 40, 10),
        (SqueezeExcite(ratio=0.25), 6, 2),  # 1.5 rounds up
        (SqueezeExcite(ratio=0.25), 1, 1),  # never none
        (SqueezeExcite(ratio=0.25, round=Multiple(to=8, keep=0.9)), 72, 24),  # 18 -> 16, which is below 0.9 * 18
        (SqueezeExcite(ratio=0.25, round=Multiple(to=8, keep=0.0)), 72, 16),
        (SqueezeExcite(ratio=0.25, round=Multiple(to=8)), 16, 8),
        (SqueezeExcite(ratio=1 / 24), 480, 20),
    ],
)
def test_the_squeeze_has_its_share_of_the_channels_rounded_as_asked(se, channels, expected):
    assert se.squeezed(channels) == expected


@pytest.mark.parametrize("of,expected", [("input", 2), ("expanded", 12)])
def test_the_squeeze_refers_to_the_input_or_to_the_expanded_channels(of, expected):
    graph = planned({"block": "mbconv", "filters": 8, "expand": 6, "se": {"ratio": 0.25, "of": of}})
    assert named(graph, "x.se.reduce").op.filters == expected


def test_mobilenet_v3_rounds_its_squeezes_to_multiples_of_eight_with_the_nine_tenths_rule():
    """Howard et al. 2019, torchvision's channels: squeezes of 72, 120, 480, 672 and 960 channels."""
    se = SqueezeExcite(ratio=0.25, round=Multiple(to=8))
    assert [se.squeezed(channels) for channels in (72, 120, 480, 672, 960)] == [24, 32, 120, 168, 240]


def test_squeeze_of_ratio_zero_is_none():
    assert o.GlobalPool not in kinds(planned({"block": "mbconv", "filters": 8, "se": 0}))
    assert planned({"block": "squeeze_excite", "se": 0}).nodes == []


def test_gates_and_activations_of_the_squeeze_are_as_asked():
    gate = {"ratio": 0.5, "activation": "relu", "gate": "hard_sigmoid"}
    graph = planned({"block": "squeeze_excite", "se": gate})
    assert [node.op.kind for node in graph.nodes if isinstance(node.op, o.Activation)] == ["relu", "hard_sigmoid"]
    assert kinds(graph) == [o.GlobalPool, o.Conv, o.Activation, o.Conv, o.Activation, o.Merge]


def test_expanded_channels_follow_the_width_rounding_only_where_the_spec_sets_it():
    call = {"block": "mbconv", "filters": 8, "expand": 2.5}
    assert named(planned(call, (8, 8, 6)), "x.expand").op.filters == 15
    rounded = planned(call, (8, 8, 6), rounding={"width": {"to": 8}})
    assert named(rounded, "x.expand").op.filters == 16


def test_halves_round_up_and_what_floating_point_makes_of_whole_numbers_stays_whole():
    assert [nearest_int(value) for value in (0.5, 1.5, 2.4999, 2.3 * 80, 0.1 * 3 * 10)] == [1, 2, 2, 184, 3]

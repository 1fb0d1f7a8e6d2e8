"""The classics and the segmentation networks, against what their papers' tables and figures say and counts by hand."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import pytest

import factory
from factory.graph import Graph
from factory.graph import ops as o
from factory.graph.cost import op_totals
from factory.models.compare import compare_outputs, logits, perturb, random_images

RELU_START = {"conventions.initializer": "he_normal"}  # without norms the signal fades away from the usual start


def stages(name: str, **changes: Any) -> dict[str, Any]:
    """The cost of each stage by its name."""
    return {stage.name: stage for stage in factory.cost(factory.load(name, **changes)).stages}


def sizes(name: str) -> dict[str, int]:
    """The height that each stage leaves."""
    return {stage: cost.output[0] for stage, cost in stages(name).items()}


def layers(name: str) -> dict[str, Any]:
    """(params, macs) of each operation with weights."""
    graph: Graph = factory.plan(factory.load(name))
    totals = {node.name: op_totals(node.op, graph.input_shapes(node), node.outputs) for node in graph.nodes}
    return {name: (cost.params, cost.macs) for name, cost in totals.items() if cost.params}


# LeNet-5 and Ciresan's networks

TABLE_1 = """
#...###..####.##
##...###..####.#
###...###..#.###
.###..####..#.##
..###..####.##.#
...###..####.###
"""  # LeCun et al. 1998: a row is a map of S2, a column a map of C3; # is a connection


def test_lenet_has_the_60000_parameters_of_its_paper():
    params = {name: stage.totals.params for name, stage in stages("lenet5").items() if stage.totals.params}
    expected = {"c1": 156, "s2": 12, "c3": 1516, "s4": 32, "c5": 48_120, "f6": 10_164}
    assert params == {**expected, "head": 84 * 10 + 10}
    assert sum(expected.values()) == 60_000


def test_lenet_computes_its_paper_with_the_connection_table_written_out():
    model = factory.build(factory.load("lenet5"), seed=0)
    perturb(model)
    images = random_images(model)
    difference = compare_outputs(logits(model, images), [lenet(model, images)], images)
    assert difference.ok, difference


def lenet(model: keras.Model, images: np.ndarray) -> np.ndarray:
    weights = {layer.name: layer.get_weights() for layer in model.layers}

    def squash(x: np.ndarray) -> np.ndarray:
        return 1.7159 * np.tanh(2 / 3 * x)

    def conv(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
        windows = np.lib.stride_tricks.sliding_window_view(x, kernel.shape[:2], (1, 2))
        return np.einsum("nhwcij,ijco->nhwo", windows, kernel) + bias

    def subsampling(x: np.ndarray, scale: np.ndarray, shift: np.ndarray) -> np.ndarray:
        corners = x[:, ::2, ::2], x[:, ::2, 1::2], x[:, 1::2, ::2], x[:, 1::2, 1::2]
        return squash(sum(corners) / 4 * scale + shift)

    x = squash(conv(images * 1.275 / 255 - 0.1, *weights["c1"]))
    x = subsampling(x, *weights["s2.affine"])
    kernels = [weights[f"c3.{part}"] for part in ("threes.conv", "fours.conv", "all")]
    each = [(kernel[..., i : i + 1], bias[i]) for kernel, bias in kernels for i in range(len(bias))]
    rows = TABLE_1.split()
    reads = [[row for row in range(6) if rows[row][column] == "#"] for column in range(16)]
    x = squash(np.concatenate([conv(x[..., maps], *one) for maps, one in zip(reads, each, strict=True)], -1))
    x = subsampling(x, *weights["s4.affine"])
    x = squash(conv(x, *weights["c5"]))[:, 0, 0]
    kernel, bias = weights["f6"]
    kernel_out, bias_out = weights["head"]
    return squash(x @ kernel + bias) @ kernel_out + bias_out


@pytest.mark.parametrize("first,millions", [(4, 1.34), (3, 3.26), (2, 6.69), (1, 12.11)])
def test_ciresan_mlps_have_the_parameters_of_table_1(first, millions):
    without = {f"stages.fc{number}": None for number in range(1, first)}
    params = factory.totals(factory.load("ciresan_mlp", **without)).params
    assert math.floor(params / 1e4) / 100 == millions  # the table cuts off


def test_ciresan_column_has_the_maps_of_its_figure():
    after = sizes("ciresan_mcdnn_column")
    assert [after[name] for name in ("conv1", "pool1", "conv2", "pool2")] == [26, 13, 9, 3]


# AlexNet and those that follow it


def test_alexnet_layer_by_layer():
    assert layers("alexnet") == {
        "conv1": (34_944, 105_415_200),
        "conv2": (307_456, 223_948_800),  # 48 of 96 maps are read
        "conv3": (885_120, 149_520_384),
        "conv4": (663_936, 112_140_288),
        "conv5": (442_624, 74_760_192),
        "head.fc6": (37_752_832, 37_748_736),
        "head.fc7": (16_781_312, 16_777_216),
        "head.fc8": (4_097_000, 4_096_000),
    }
    after = sizes("alexnet")
    assert [after[name] for name in ("conv1", "pool1", "pool2", "pool5")] == [55, 27, 13, 6]


def test_alexnet_neurons_are_those_of_its_paper():
    """Section 3.5; but for the first layer, whose 253,440 are not 55 x 55 x 96."""
    graph = factory.plan(factory.load("alexnet"))
    counted = [math.prod(node.outputs[0]) for node in graph.nodes if node.op.counted]
    assert counted[1:] == [186_624, 64_896, 64_896, 43_264, 4_096, 4_096, 1_000]


def test_zfnet_maps_have_the_sizes_of_its_figure():
    after = sizes("zfnet")
    assert [after[name] for name in ("conv1", "pool1", "conv2", "pool2", "conv5", "pool5")] == [110, 55, 26, 13, 13, 6]


@pytest.mark.parametrize("name,millions,connections", [("overfeat_fast", 145, 2810), ("overfeat_accurate", 144, 5369)])
def test_overfeat_costs_what_table_4_says(name, millions, connections):
    total = factory.totals(factory.load(name))
    assert math.floor(total.params / 1e6) == millions
    assert total.macs / 1e6 == pytest.approx(connections, rel=0.005)  # a connection may be a bias


def test_overfeat_maps_have_the_sizes_of_its_tables():
    fast, accurate = sizes("overfeat_fast"), sizes("overfeat_accurate")
    assert [fast[name] for name in ("conv2", "pool2", "conv5", "pool5")] == [24, 12, 12, 6]
    assert [accurate[name] for name in ("pool1", "pool2", "conv6", "pool6")] == [36, 15, 15, 5]


@pytest.mark.parametrize("image,maps", [((245, 245), (17, 17)), ((281, 317), (20, 23)), ((461, 569), (35, 44))])
def test_overfeat_slides_over_larger_images_as_table_5_says(image, maps):
    graph = factory.plan(factory.load("overfeat_accurate", **{"input.resolution": list(image)}))
    outputs = {node.name: node.outputs[0] for node in graph.nodes}
    assert outputs["conv6"][:2] == maps
    assert outputs["head.fc8"][:2] == tuple(size // 3 - 4 for size in maps)
    assert graph.cost.params == 144_656_488


def test_network_in_network_maps_have_the_sizes_of_the_caffe_model():
    after = sizes("nin_imagenet")
    assert [after[name] for name in ("s1", "pool1", "pool2", "pool3", "s4")] == [54, 27, 13, 6, 6]


@pytest.mark.parametrize("name,convolutions", [("vgg11_bn", 8), ("vgg13_bn", 10), ("vgg16_bn", 13), ("vgg19_bn", 16)])
def test_vgg_with_batch_norm_keeps_its_biases(name, convolutions):
    spec, plain = factory.load(name), factory.load(name.removesuffix("_bn"))
    graph = factory.plan(spec)
    biased = [node.op for node in graph.nodes if isinstance(node.op, o.Conv)]
    assert len(biased) == convolutions == sum(isinstance(node.op, o.BatchNorm) for node in graph.nodes)
    assert all(op.bias for op in biased)
    channels = sum(op.filters for op in biased)
    assert factory.totals(spec).params == factory.totals(plain).params + 4 * channels


# SqueezeNet


def test_bypasses_of_squeezenet_are_where_figure_2_has_them():
    plain, simple, complex_ = (stages(f"squeezenet1_0{kind}") for kind in ("", "_simple_bypass", "_complex_bypass"))
    for number in range(2, 10):
        name = f"fire{number}"
        assert adds("squeezenet1_0_complex_bypass", name)
        assert adds("squeezenet1_0_simple_bypass", name) == (number % 2 == 1)
        assert not adds("squeezenet1_0", name)
        assert simple[name].totals == plain[name].totals
    more = {
        name: complex_[name].totals.params - plain[name].totals.params
        for name in plain
        if complex_[name].totals != plain[name].totals
    }
    assert more == {"fire2": 97 * 128, "fire4": 129 * 256, "fire6": 257 * 384, "fire8": 385 * 512}


def adds(name: str, stage: str) -> bool:
    graph = factory.plan(factory.load(name))
    return any(node.op == o.Merge("add") for node in graph.nodes if node.stage == stage)


# Segmentation

FCN = """
extends: deeplab_aspp
name: fcn
stages:
  aspp: null
  head: {body: {project: {filters: 512, kernel: 3}, dropout: {rate: 0.1}, conv: null}}
"""  # Long et al. 2015, as torchvision's fcn_resnet50 has it


@pytest.fixture(scope="module")
def fcn(tmp_path_factory):
    path = tmp_path_factory.mktemp("specs") / "fcn.yaml"
    path.write_text(FCN, encoding="utf-8")
    return str(path)


def test_a_fully_convolutional_head_on_the_dilated_backbone_costs_what_torchvisions_does(fcn):
    total = factory.totals(factory.load(fcn))
    assert (total.trainable, total.macs) == (32_957_013, 142_647_529_152)


@pytest.mark.parametrize(
    "name,size,out",
    [
        ("enet", (32, 64), (32, 64)),
        ("deeplab_aspp", (65, 33), (65, 33)),
        ("deeplab_aspp", (64, 40), (64, 40)),
        ("fcn", (57, 64), (57, 64)),
        ("unet", (188, 204), (4, 20)),  # what valid convolutions leave
    ],
)
def test_segmentation_networks_have_an_output_for_each_pixel(name, size, out, fcn):
    spec = factory.load(fcn if name == "fcn" else name, classes=5, **{"input.resolution": list(size)})
    graph = factory.plan(spec)
    assert [graph.shape(output) for output in graph.outputs.values()] == [(*out, 5)]


@pytest.mark.parametrize("name", ["enet", "deeplab_aspp", "unet"])
def test_segmentation_networks_give_probabilities_at_each_pixel(name):
    size = {"enet": [32, 48], "deeplab_aspp": 33, "unet": 188}[name]
    spec = factory.load(name, width=1 / 16, classes=3, **{"input.resolution": size})
    model = factory.build(spec, seed=0)
    values = keras.ops.convert_to_numpy(model(random_images(model)[:2], training=False))
    assert values.shape == (2, *model.output_shape[1:])
    np.testing.assert_allclose(values.sum(-1), 1, rtol=1e-5)


def test_deeplab_keeps_an_eighth_of_the_size_by_dilation():
    graph = factory.plan(factory.load("deeplab_aspp"))
    dilated = {
        node.name: node.op.dilation[0]
        for node in graph.nodes
        if isinstance(node.op, o.Conv) and node.op.kernel == (3, 3) and node.op.dilation != (1, 1)
    }
    assert dilated == {
        **{f"conv4.{unit}.spatial": 2 for unit in range(1, 6)},  # the first as before, since its input is as before
        "conv5.0.spatial": 2,
        **{f"conv5.{unit}.spatial": 4 for unit in (1, 2)},
        **{f"aspp.atrous{rate}": rate for rate in (12, 24, 36)},
    }
    assert sizes("deeplab_aspp")["aspp"] == 65 == math.ceil(513 / 8)


UNET = [(570, 568, 64), (282, 280, 128), (138, 136, 256), (66, 64, 512), (30, 28, 1024)]  # figure 1, down
UNET += [(54, 52, 512), (102, 100, 256), (198, 196, 128), (390, 388, 64)]  # and up


def test_unet_has_the_sizes_of_its_figure_and_the_costs_that_follow():
    after = sizes("unet")
    names = ["d1", "d2", "d3", "d4", "d5", "u4", "u3", "u2", "u1"]
    assert [after[name] for name in names] == [size for _, size, _ in UNET]
    assert after["head"] == 388
    params, macs, before = 0, 0, 1
    for step, (first, second, filters) in enumerate(UNET):
        if step > 4:
            size = UNET[step - 1][1]
            params += 4 * before * filters + filters
            macs += size**2 * 4 * before * filters
        params += 9 * filters * (before + filters) + 2 * filters
        macs += 9 * filters * (first**2 * before + second**2 * filters)
        before = filters
    total = factory.totals(factory.load("unet"))
    assert total.params == params + 64 * 2 + 2 == 31_030_658
    assert total.macs == macs + 388**2 * 64 * 2


def test_unet_computes_its_figure_written_out():
    spec = factory.load("unet", width=1 / 16, **{"input.resolution": 204}, **RELU_START)
    model = factory.build(spec, seed=0)
    perturb(model)
    images = random_images(model)
    difference = compare_outputs(logits(model, images), [unet(model, images)], images)
    assert difference.ok, difference


def unet(model: keras.Model, images: np.ndarray) -> np.ndarray:
    weights = {layer.name: layer.get_weights() for layer in model.layers}
    ops = keras.ops

    def twice(x: Any, name: str) -> Any:
        for number in range(2):
            kernel, bias = weights[f"{name}.{number}"]
            x = ops.relu(ops.conv(x, kernel) + bias)
        return x

    def double(x: Any, kernel: np.ndarray, bias: np.ndarray) -> Any:
        """Every value becomes a square of 2 x 2."""
        n, h, w, _ = x.shape
        spread = ops.einsum("nhwc,ijoc->nhiwjo", x, kernel)
        return ops.reshape(spread, (n, 2 * h, 2 * w, -1)) + bias

    x = twice(images / 255, "d1")
    skips = []
    for level in range(2, 6):
        skips.append(x)
        x = twice(ops.max_pool(x, 2), f"d{level}.conv")
    for level in range(4, 0, -1):
        x = double(x, *weights[f"u{level}.up"])
        skip = skips.pop()
        cut = (skip.shape[1] - x.shape[1]) // 2
        x = twice(ops.concatenate([skip[:, cut:-cut, cut:-cut], x], -1), f"u{level}.conv")
    kernel, bias = weights["head"]
    return ops.convert_to_numpy(ops.conv(x, kernel) + bias)

"""Networks that have grown compute what they did before, within 1e-5 of the spread between images, or say why not."""

from __future__ import annotations

import numpy as np
import pytest
from growing_networks import BRANCHED, FIRST, IMAGES, INVERTED, PLAIN, RESIDUAL, check_another, check_same, network
from hypothesis import given, settings
from hypothesis import strategies as st

from factory.graph import Graph
from factory.models.build import build_graph
from factory.models.compare import perturb
from factory.spec import load, plan
from tuner.morphism import plan_morphism
from tuner.morphism.models import inherit


@settings(max_examples=3)
@given(first=st.integers(6, 20), s1=st.integers(6, 20), s2=st.integers(8, 20), seed=st.integers(0, 9))
def test_a_plain_network_of_any_greater_widths(first, s1, s2, seed):
    changes = {"stages.first.filters": first, "stages.s1.filters": s1, "stages.s2.filters": s2}
    check_same(PLAIN, PLAIN.override(changes), seed=seed)


@pytest.mark.parametrize(
    ("parent", "changes"),
    [
        (PLAIN, {"stages.s1.repeats": 3}),
        (PLAIN, {"stages.s1.repeats": 2, "stages.s1.filters": 9, "stages.s1.kernel": 5, "stages.s2.kernel": 5}),
        # the identity shortcut becomes a projection
        (RESIDUAL, {"stages.s1.filters": 11, "stages.s1.se": 0.75, "stages.s2.filters": 7}),
        (RESIDUAL, {"stages.s1.repeats": 3, "stages.s2.repeats": 2, "stages.s2.kernel": 5, "stages.s2.expand": 3}),
        (INVERTED, {"stages.s1.expand": 5, "stages.s1.kernel": 5, "stages.s1.filters": 13, "stages.s2.kernel": 5}),
        (INVERTED, {"stages.s1.repeats": 3, "stages.s2.repeats": 2, "stages.first.filters": 7}),
        (
            BRANCHED,
            {"stages.s1.branches.0.0.filters": 7, "stages.s1.branches.1.1.filters": 9, "stages.first.filters": 8},
        ),
        (BRANCHED, {"stages.s1.branches.1.1.kernel": 5, "stages.s1.branches.1.0.filters": 6}),
    ],
    ids=lambda given: "-".join(given) if isinstance(given, dict) else "",
)
def test_wider_deeper_and_larger_windows(parent, changes):
    check_same(parent, parent.override(changes))


def test_what_stands_in_blocks_stays_in_its_block():
    groups = network(
        {
            "first": {**FIRST, "filters": 8},
            "s1": {"block": "conv", "filters": 8, "kernel": 3, "groups": 2},
            "shuffle": {"block": "channel_shuffle", "groups": 2},
            "s2": {"block": "hierarchical", "scales": 2, "body": [{"block": "conv", "filters": 4, "kernel": 3}]},
        }
    )
    check_same(
        groups, groups.override({"stages.first.filters": 14, "stages.s1.filters": 16, "stages.s2.body.0.filters": 8})
    )


def test_layer_norm_at_twice_the_width_and_not_between():
    normed = PLAIN.override({"conventions.norm": {"kind": "layer"}})
    check_same(normed, normed.override({"stages.first.filters": 12, "stages.s1.filters": 12, "stages.s2.filters": 16}))
    uneven = check_another(normed, normed.override({"stages.s1.filters": 9}))
    assert [str(problem) for problem in uneven.problems] == [
        "s1.0.norm: normalises over channels that are not all repeated equally often"
    ]


def test_an_input_normalisation_that_is_weights_is_taken_over():
    as_weights = {"input.preprocess": {"mean": [120.0], "std": [60.0], "as": "weights"}}
    normed = PLAIN.override(as_weights)
    check_same(normed, normed.override({"stages.s1.filters": 9}))


def test_dense_connectivity_grows_in_depth_and_in_growth():
    dense = load(
        "densenet40_k12_cifar",
        **{"input": {"resolution": 8, "channels": 1, "preprocess": "unit"}, "defaults.dense_layer.growth": 4},
        **{f"stages.dense{i}.repeats": 1 for i in (1, 2, 3)},
    )
    changes = {"stages.dense1.repeats": 3, "stages.dense3.repeats": 2, "defaults.dense_layer.growth": 6}
    check_same(dense, dense.override({**changes, "stages.conv1.filters": 31}))


def test_replicas_of_a_channel_learn_to_differ():
    """Equal shares would leave them equal for ever: every output has shares of its own, and gradients differ."""
    import keras
    import tensorflow as tf

    wide = plan(PLAIN.override({"stages.first.filters": 12}))
    parent, child = build_graph(plan(PLAIN), seed=0), build_graph(wide, seed=1)
    inherit(parent, plan(PLAIN), child, wide)
    kernel = child.get_layer("first").kernel
    channels = np.asarray(kernel).reshape(9, 12)
    assert np.array_equal(channels[:, ::2], channels[:, 1::2])
    with tf.GradientTape() as tape:
        loss = keras.losses.sparse_categorical_crossentropy(np.arange(24) % 10, child(IMAGES, training=True))
    gradient = np.array(tape.gradient(loss, kernel)).reshape(9, 12)
    gradient /= np.linalg.norm(gradient, axis=0)
    assert np.abs(gradient[:, ::2] - gradient[:, 1::2]).max() > 0.01


def test_a_new_branch_that_ends_in_zero_learns_at_the_first_step():
    import keras
    import tensorflow as tf

    deep = plan(RESIDUAL.override({"stages.s2.repeats": 2}))
    parent, child = build_graph(plan(RESIDUAL), seed=0), build_graph(deep, seed=1)
    inherit(parent, plan(RESIDUAL), child, deep)
    end = child.get_layer("s2.1.expand.norm")
    assert not np.any(end.gamma) and not np.any(end.beta)
    with tf.GradientTape() as tape:
        loss = keras.losses.sparse_categorical_crossentropy(np.arange(24) % 10, child(IMAGES, training=True))
    assert np.abs(tape.gradient(loss, end.gamma)).max() > 1e-6


def test_a_new_convolution_hardly_changes_what_a_training_step_sees():
    """Its norm has the statistics of what it reads, from the norm before: batch statistics are close to them."""
    deep = plan(PLAIN.override({"stages.s1.repeats": 2}))
    parent, child = build_graph(plan(PLAIN), seed=0), build_graph(deep, seed=1)
    perturb(parent, images=IMAGES)
    inherit(parent, plan(PLAIN), child, deep)
    before, after = np.asarray(parent(IMAGES, training=True)), np.asarray(child(IMAGES, training=True))
    assert np.abs(after - before).max() < 0.15 * np.ptp(before, axis=0).max()


# ---- what cannot be kept is told


@pytest.mark.parametrize(
    ("parent", "changes", "told"),
    [
        (PLAIN, {"stages.s2.filters": 5}, "head.dense: 3 of the parent's 8 channels are not there"),
        (PLAIN, {"stages.s2.kernel": 1}, "s2: a kernel of (3, 3) does not fit in one of (1, 1)"),
        (PLAIN, {"stages.s2.stride": 1}, "s2: stride is (1, 1), the parent's (2, 2)\ns2: gives (8, 8) positions"),
        (PLAIN, {"conventions.activation": "swish"}, "first.activation: kind is swish, the parent's relu"),
        (RESIDUAL, {"stages.s1.se": 0}, "s1.0.add: reads s1.0.conv2.norm, the parent's reads s1.0.se.excite"),
        (
            BRANCHED,
            {"stages.s1": {"block": "conv", "filters": 9, "kernel": 3}},
            "takes the place of s1.concat and begins",
        ),
    ],
    ids=lambda given: next(iter(given)) if isinstance(given, dict) else "",
)
def test_why_a_child_computes_something_else(parent, changes, told):
    morphism = check_another(parent, parent.override(changes))
    assert told in "\n".join(map(str, morphism.problems))


def test_a_new_layer_with_an_activation_that_changes_its_own_outputs_is_told():
    swish = PLAIN.override({"conventions.activation": "swish"})
    morphism = check_another(swish, swish.override({"stages.s1.repeats": 2}))
    assert [str(problem) for problem in morphism.problems] == [
        "s1.1.activation: swish of s1.0.activation is another function"
    ]


def test_a_branch_that_could_not_learn_from_zero_is_told():
    fused = network({"first": FIRST, "s1": {"block": "fused_mbconv", "filters": 6, "expand": 1, "repeats": 1}})
    morphism = plan_morphism(plan(fused), plan(fused.override({"stages.s1.repeats": 2})))
    assert list(map(str, morphism.problems)) == ["s1.1.project.activation: cannot begin at zero and learn behind relu"]


# ---- children that are smaller


def test_a_smaller_child_has_the_overlap_of_the_weights():
    narrow = plan(PLAIN.override({"stages.s1.filters": 4, "stages.s2.kernel": 1}))
    parent, child = build_graph(plan(PLAIN), seed=0), build_graph(narrow, seed=1)
    inherit(parent, plan(PLAIN), child, narrow)
    theirs, mine = (np.asarray(model.get_layer("s1.0").kernel) for model in (parent, child))
    assert np.array_equal(mine, theirs[..., :4])
    theirs, mine = (np.asarray(model.get_layer("s2").kernel) for model in (parent, child))
    assert np.array_equal(mine, theirs[1:2, 1:2, :4])


def test_a_layer_of_another_kind_begins_afresh_and_the_rest_does_not():
    other = PLAIN.override({"stages.s1": {"block": "mbconv", "filters": 6, "kernel": 3, "expand": 2}})
    parent, child = build_graph(plan(PLAIN), seed=0), build_graph(plan(other), seed=1)
    before = {variable.path: np.asarray(variable) for variable in child.weights}
    morphism = inherit(parent, plan(PLAIN), child, plan(other))
    afresh = {layer.name for layer in morphism.layers if layer.how == "afresh"}
    assert afresh and all(name.startswith("s1.") for name in afresh)
    for variable in child.weights:
        if variable.name == "kernel":
            same = np.array_equal(np.asarray(variable), before[variable.path])
            assert same == (variable.path.rpartition("/")[0] in afresh)
    assert np.array_equal(child.get_layer("s2").kernel, parent.get_layer("s2").kernel)


# ---- the zoo


@pytest.mark.parametrize(
    "name",
    [
        "resnet50",
        "mobilenet_v3_small",
        "efficientnet_b0",
        "densenet121",
        "inception_v3",
        "shufflenet_v1_g3",
        "resnext50_32x4d",
        "res2net50_26w_4s",
    ],
)
def test_networks_of_the_zoo_at_twice_their_width(name):
    spec = load(name)
    assert plan_morphism(plan(spec), plan(spec.override({"scale.width": 2 * spec.scale.width}))).preserving


def test_a_network_is_its_own_child():
    graph: Graph = plan(load("mobilenet_v2"))
    morphism = plan_morphism(graph, graph)
    assert morphism.preserving and {layer.how for layer in morphism.layers} == {"copied"}

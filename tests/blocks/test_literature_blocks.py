"""Building blocks that the literature names: each is a block, or one call of blocks as docs/language.md shows it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml
from check_block import Sample, check_block
from samples import SAMPLES

from factory.spec.sections import SECTIONS

sys.path.append(str(Path(__file__).parents[1] / "docs"))
from examples import examples

[PAGE] = [example for example in examples("language.md") if example.argument == "literature"]
SHOWN = yaml.safe_load(PAGE.text)

# name in the literature -> stages shown on the page, and blocks of the registry with samples of their own
NAMES = {
    "dense_connect": (["dense"], ["dense_connect"]),
    "fractal": (["fractal"], ["fractal"]),
    "cell": ([], ["cell"]),
    "random_graph": ([], ["random_graph"]),
    "concatenation downsampling": (["downsample"], ["branches"]),
    "asymmetric 1xn and nx1 pair": (["asymmetric"], ["conv"]),
    "atrous convolution": (["atrous"], ["conv", "depthwise_conv", "separable_conv"]),
    "maxout": (["maxout"], ["maxout"]),
    "maxout over kernels of different sizes": (["multi_scale_maxout"], ["branches", "max"]),
    "ELU and maxout": (["elu_maxout"], ["maxout"]),
    "sum of average and max pooling": (["pool"], ["avg_pool", "max_pool"]),
    "learned colour transform": (["colour"], ["conv"]),
    "drop-path": ([], ["fractal", "stochastic_depth"]),
    "linear bottleneck": (["linear_bottleneck"], ["mbconv"]),
    "channel split and shuffle": (["shuffle"], ["split", "channel_shuffle"]),
    "squeeze-and-excitation anywhere": (["gate"], ["squeeze_excite"]),
    "learned weighted aggregation": (["aggregation"], ["weighted_sum"]),
    "skip connections by anchors": (["skips"], ["anchored"]),
    "weight sharing over repeats": (["shared"], ["conv", "sequence", "residual"]),
}


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_shown_or_a_block(name):
    stages, blocks = NAMES[name]
    assert set(stages) <= SHOWN.keys()
    assert set(blocks) <= {sample.block for sample in SAMPLES}


def test_nothing_is_shown_that_has_no_name_here():
    assert SHOWN.keys() == {stage for stages, _ in NAMES.values() for stage in stages}
    assert {"drop_path", "stochastic_depth"} <= SECTIONS.keys()


@pytest.mark.parametrize("stage", SHOWN)
def test_what_the_page_shows_is_a_sound_block(stage, tmp_path):
    call = dict(SHOWN[stage])
    before = {"wide": {"block": "conv", "filters": 16, "norm": "none", "activation": "tanh"}}
    free = stage != "skips"  # padding with zeros to the largest input needs sizes
    check_block(Sample(call.pop("block"), call, before=before, free=free), tmp_path)

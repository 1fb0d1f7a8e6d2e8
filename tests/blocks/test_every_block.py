"""Every block of the registry: its graph and its Keras layers agree, it trains, is saved, works in mixed precision."""

from __future__ import annotations

import pytest
from check_block import Sample, check_block
from samples import SAMPLES

from factory.blocks import REGISTRY


def test_every_block_has_a_sample():
    assert sorted({sample.block for sample in SAMPLES}) == sorted(REGISTRY)


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_block_is_what_its_graph_says(sample: Sample, tmp_path):
    check_block(sample, tmp_path)

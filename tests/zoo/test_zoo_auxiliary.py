"""Auxiliary heads, which costs leave out, have as many weights as in published implementations."""

from __future__ import annotations

import pytest
from published import PUBLISHED

import factory
from factory.spec.zoo import zoo_names


def test_every_auxiliary_head_has_published_numbers():
    heads = {name for name in zoo_names() if factory.load(name).auxiliary}
    assert heads == {name for name, published in PUBLISHED.items() if "auxiliary" in published}


@pytest.mark.parametrize("name", [name for name, published in PUBLISHED.items() if "auxiliary" in published])
def test_auxiliary_heads_have_the_published_weights(name):
    published, heads = PUBLISHED[name]["auxiliary"], factory.cost(factory.load(name)).auxiliary
    assert (heads.params, heads.trainable) == (published["params"], published["trainable"])

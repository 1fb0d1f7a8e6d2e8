"""Families: equal to what was published, and as large as their strategy says but for rounding."""

from __future__ import annotations

import pytest

import factory
from factory.errors import FactoryError
from tuner.scaling import STRATEGIES, Base
from tuner.scaling.unrounded import unrounded_macs

PUBLISHED = [5_330_571, 7_856_239, 9_177_569, 12_320_535, 19_466_823, 30_562_527, 43_265_143, 66_658_687]
"""Parameters of EfficientNetB0 to B7 of keras.applications 3.15."""


@pytest.fixture(scope="module")
def b0():
    return Base.load("efficientnet_b0")


@pytest.mark.parametrize("number", range(8))
def test_the_table_gives_the_published_networks(b0, number):
    member = b0.member(STRATEGIES["table"], number)
    assert member.totals.params == PUBLISHED[number]
    zoo = factory.load(f"efficientnet_b{number}")
    assert factory.canonical_hash(factory.plan(member.spec)) == factory.canonical_hash(factory.plan(zoo))
    assert factory.totals(zoo) == member.totals


def test_the_table_sets_the_dropout_of_the_head_where_there_is_one(b0):
    member = b0.member(STRATEGIES["table"], 5)
    assert b0.head == "head" and member.spec.document["stages"]["head"]["dropout"] == member.dropout == 0.4
    headless = Base("net", factory.load({"stages": {"a": {"block": "conv", "filters": 8}}}))
    assert headless.head is None and headless.member(STRATEGIES["table"], 5).dropout is None


def test_no_other_strategy_changes_the_dropout(b0):
    assert b0.member(STRATEGIES["compound"], 5).dropout is None


@pytest.mark.parametrize("phi", range(1, 8))
def test_without_rounding_multiply_accumulates_follow_the_law(b0, phi):
    """What is linear in the width (depthwise), or free of the image size (the head), stays a little behind."""
    member = b0.member(STRATEGIES["compound"], phi)
    smooth = unrounded_macs(b0.spec, member.scale) / b0.totals.macs
    assert -0.04 < smooth / 1.92027**phi - 1 < 0
    error = member.totals.macs / b0.totals.macs / 1.92027**phi - 1
    rounding = member.totals.macs / b0.totals.macs / smooth - 1
    assert abs(error - rounding) < 0.04 and error < 0.35


def test_unrounded_costs_are_the_costs_where_nothing_is_rounded():
    spec = factory.load("efficientnet_b0")
    for depth, width, side in [(1, 1.0, 224), (2, 1.0, 448), (3, 2.0, 256)]:
        scaled = spec.override({"scale.depth": float(depth), "scale.width": width, "input.resolution": side})
        scale = STRATEGIES["d"].at(0)._replace(depth=depth, width=width, resolution=side / 224)
        assert unrounded_macs(spec, scale) == pytest.approx(factory.totals(scaled).macs, rel=1e-6)


def test_unrounded_repeats_are_shares_of_a_layer():
    """One and a half times a layer of 3 * 3 * 8 * 8 weights on 32 x 32 pixels, behind one of 3 * 3 * 3 * 8."""
    stages = {"a": {"block": "conv", "filters": 8}, "b": {"block": "conv", "filters": 8, "repeats": 1}}
    spec = factory.load({"input": {"resolution": 32}, "defaults": {"conv": {"kernel": 3}}, "stages": stages})
    scale = STRATEGIES["d"].at(0)._replace(depth=1.5)
    assert unrounded_macs(spec, scale) == 32 * 32 * (9 * 3 * 8 + 1.5 * 9 * 8 * 8)


def test_factors_go_over_the_multipliers_of_the_base():
    base = Base.load("efficientnet_b2")
    assert base.member(STRATEGIES["compound"], 1).scale == pytest.approx((1.2 * 1.2, 1.1 * 1.1, 1.15))
    assert base.member(STRATEGIES["compound"], 0).totals == base.totals


def test_a_network_of_any_size_has_no_cost_to_compare():
    spec = factory.load("efficientnet_b0", **{"input.resolution": "any"})
    assert unrounded_macs(spec, STRATEGIES["w"].at(1)) is None


def test_factors_beyond_what_a_spec_takes_are_told(b0):
    with pytest.raises(FactoryError, match=r"efficientnet_b0 at phi 100: scale.depth: expected .* 1000"):
        b0.member(STRATEGIES["compound"], 100)


def test_a_built_model_is_no_base(tmp_path):
    with pytest.raises(
        FactoryError, match=r"net.keras: a built model cannot be extended, its spec can: factory render"
    ):
        Base.load(str(tmp_path / "net.keras"))

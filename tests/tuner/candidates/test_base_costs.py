"""Constraints relative to the network around which is searched: `macs <= 2 * base_macs`."""

from __future__ import annotations

import pytest

import factory
import tuner
from factory.errors import SpecError
from tuner.candidates.constraints import parse_constraint

SPEC = {
    "name": "net",
    "input": {"resolution": 16, "channels": 1},
    "classes": 10,
    "stages": {"a": {"block": "conv", "filters": 8, "kernel": 3}, "head": {"block": "classifier"}},
}
SWEEP = {"spec": SPEC, "space": {"stages.a.filters": {"choice": [4, 8, 16, 24]}}}


def test_costs_of_the_base_are_those_before_anything_is_changed():
    sweep = tuner.load({**SWEEP, "constraints": ["macs > base_macs", "params <= 2.5 * base_params"]})
    base = factory.totals(sweep.spec)
    for point in sweep.space.grid():
        found = factory.totals(sweep.candidate(point).spec)
        assert sweep.feasible(point) == (found.macs > base.macs and found.params <= 2.5 * base.params)
    assert [point["stages.a.filters"] for point in sweep.space.grid() if sweep.feasible(point)] == [16]


def test_they_need_no_graph_and_do_not_count_as_a_cost():
    assert parse_constraint("macs <= 2 * base_peak_memory", {"peak_memory": 10}).additive
    with pytest.raises(SpecError, match="a constraint needs a cost"):
        tuner.load({**SWEEP, "constraints": ["base_macs <= 400M"]})


def test_a_misspelt_one_is_told():
    with pytest.raises(SpecError, match=r"'base_mac' is not known\n +.*did you mean 'base_macs'"):
        tuner.load({**SWEEP, "constraints": ["macs <= 2 * base_mac"]})


def test_one_that_the_base_does_not_have_is_told():
    spec = {**SPEC, "input": {"resolution": "any", "channels": 1}}
    with pytest.raises(SpecError, match="base_macs is not known: the input size of the spec is 'any'"):
        tuner.load({**SWEEP, "spec": spec, "data": "tfds:unseen", "constraints": ["params <= 2 * base_macs"]})

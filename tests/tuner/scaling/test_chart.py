"""The trained chart: its networks cost what they should, the shipped results are theirs, the page tells them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import factory

ROOT = Path(__file__).parents[3]


@pytest.fixture
def example(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    import scaling_cifar10

    return scaling_cifar10


def test_networks_of_the_same_times_cost_the_same(example):
    found = {(name, times): factory.totals(spec).macs for name, times, spec in example.networks()}
    assert len(found) == 1 + 4 * 3
    for (_, times), macs in found.items():
        assert macs == pytest.approx(times * found["", 1], rel=0.05)


def test_the_results_are_of_the_networks_and_the_recipe_as_they_are_now(example):
    filed = json.loads(example.RESULTS.read_text(encoding="utf-8"))
    assert filed["recipe"] == example.RECIPE
    costs = {(name, times): factory.totals(spec) for name, times, spec in example.networks()}
    for run in filed["runs"]:
        cost = costs[run["strategy"], run["times"]]
        assert (run["macs"], run["params"]) == (cost.macs, cost.params)


def test_the_page_shows_the_results(example):
    assert example.page() == example.PAGE.read_text(encoding="utf-8") and example.table() in example.page()
    assert example.PICTURE.is_file()


def test_the_chart_is_drawn_from_the_results(example, tmp_path, monkeypatch):
    monkeypatch.setattr(example, "PICTURE", tmp_path / "chart.png")
    example.draw()
    assert (tmp_path / "chart.png").stat().st_size > 10_000

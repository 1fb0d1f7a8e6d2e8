"""From a trained network to a smaller one: on digits, killed in between, and asked for what cannot be."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from factory.models.quiet import quiet_tensorflow

quiet_tensorflow()

import factory  # noqa: E402
from factory.errors import FactoryError  # noqa: E402
from factory.train.fit import Trained  # noqa: E402
from factory.train.learner import Machine  # noqa: E402
from factory.train.prepare import prepare  # noqa: E402
from factory.train.recipe.reading import load_recipe  # noqa: E402
from tuner.netadapt import Adapted, Settings, adapt, stepping, tuning  # noqa: E402
from tuner.netadapt.models import read_network  # noqa: E402

SPEC: dict[str, Any] = {
    "name": "tiny",
    "input": {"resolution": 8, "channels": 1, "preprocess": "unit"},
    "classes": 10,
    "stages": {
        "stem": {"block": "conv", "filters": 6, "kernel": 3},
        "s1": {"block": "conv", "filters": 12, "kernel": 3, "stride": 2, "norm": "none"},
        "head": {"block": "classifier"},
    },
}
RECIPE = {"recipe": "quick", "epochs": 1, "batch_size": 40, "learning_rate": 0.05, "data": {"samples": 400}}
HALF = Settings(target="50%", first=0.3, short_steps=0)
"""Without training proposals are judged as they are: the same whenever, and quickly."""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "run"
    factory.fit(SPEC, "digits", RECIPE, folder)
    return folder


@pytest.fixture(scope="module")
def halved(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Adapted:
    return adapt(trained, tmp_path_factory.mktemp("halved") / "out", settings=HALF)


def test_the_target_is_met_and_the_network_is_a_spec_and_a_model_of_so_many_macs(halved: Adapted) -> None:
    before = factory.cost(factory.load(SPEC)).macs
    after = factory.cost(factory.load(halved.spec))
    assert before is not None and after.macs is not None
    assert halved.history[0]["macs"] == before and after.macs <= before / 2
    assert halved.result["macs"] == halved.history[-1]["macs"] == after.macs
    assert halved.model.count_params() == halved.result["params"] == after.params
    assert halved.model.output_shape == (None, 10)


def test_every_step_has_a_row_and_takes_its_share_from_one_width(halved: Adapted) -> None:
    with (halved.folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == list(range(len(halved.history))) and len(rows) > 2
    start = float(rows[0]["cost"])
    for number, (before, row) in enumerate(pairwise(rows), 1):
        assert row["width"] in ("stem", "s1") and int(row["after"]) < int(row["before"])
        assert float(row["cost"]) <= max(start / 2, float(before["cost"]) - 0.3 * 0.96 ** (number - 1) * start)


def test_fine_tuning_begins_with_the_weights_that_were_kept(trained: Path, halved: Adapted) -> None:
    from factory.models.load import load

    before, after = load(trained / "model.keras").model, load(halved.folder / "pruned.keras").model
    assert before is not None and after is not None
    old, new = (np.asarray(model.get_layer("stem").kernel) for model in (before, after))
    filters = [filter_.tobytes() for filter_ in np.moveaxis(old, -1, 0)]
    kept = [filters.index(filter_.tobytes()) for filter_ in np.moveaxis(new, -1, 0)]  # every filter is one of the old
    assert kept == sorted(kept)
    inputs = np.asarray(before.get_layer("s1").kernel)[:, :, kept]
    outputs = [filter_.tobytes() for filter_ in np.moveaxis(inputs, -1, 0)]
    assert all(filter_.tobytes() in outputs for filter_ in np.moveaxis(np.asarray(after.get_layer("s1").kernel), -1, 0))


class Killed(BaseException):
    """What ends a process, as far as files are concerned."""


def test_a_killed_adaptation_repeats_no_finished_proposal_and_comes_to_the_same(
    trained: Path, halved: Adapted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tuned, finished = tuning.ShortTerm.tuned, 0

    def tuned_until_killed(self: tuning.ShortTerm, network: Any, number: int) -> Any:
        nonlocal finished
        if finished in deaths:
            deaths.remove(finished)
            raise Killed
        finished += 1
        return tuned(self, network, number)

    monkeypatch.setattr(tuning.ShortTerm, "tuned", tuned_until_killed)
    monkeypatch.setattr(stepping, "fit_spec", lambda *_: Trained(tmp_path, {}))  # a run goes on by itself
    deaths = {1, 2}  # in the middle of the first step, and at the beginning of the second
    for _ in range(2):
        with pytest.raises(Killed):
            adapt(trained, tmp_path, settings=HALF)
    again = adapt(trained, tmp_path, settings=HALF)
    assert finished == sum(row.get("proposals", 0) for row in again.history)

    def without_times(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]

    assert without_times(again.history) == without_times(halved.history)


def test_proposals_learn_before_they_are_judged_and_only_for_a_while(trained: Path) -> None:
    network = read_network(trained / "model.keras")
    recipe = tuning.short_recipe(load_recipe(RECIPE), 0.02)
    prepared = prepare(network.spec, "digits", "digits", recipe, print)
    short_term = tuning.ShortTerm(prepared, recipe, Machine(), steps=30)
    learnt, judgement = short_term.tuned(network, 1)
    assert judgement.measures["loss"] < short_term.judged(network).measures["loss"]
    assert judgement == short_term.judged(learnt)  # these are the weights that go on
    assert judgement.score == judgement.measures["accuracy"]


def test_a_folder_of_another_adaptation_is_left_alone(trained: Path, halved: Adapted) -> None:
    with pytest.raises(FactoryError) as told:
        adapt(trained, halved.folder, settings=Settings(target="60%", first=0.3, short_steps=0))
    assert f"{halved.folder} holds an adaptation of something else:\n    target: 50% there, 60% now" in str(told.value)


@pytest.mark.parametrize(
    "data, recipe, message",
    [
        ("digits", {**RECIPE, "data": {"samples": 400, "validation": 0}}, "set recipe.data.validation"),
        ((np.zeros((8, 8, 8, 1), "uint8"), np.arange(8) % 3), RECIPE, "classes"),
    ],
)
def test_data_that_cannot_judge_are_told(
    trained: Path, tmp_path: Path, data: Any, recipe: dict[str, Any], message: str
) -> None:
    with pytest.raises(FactoryError, match=message):
        adapt(trained, tmp_path, data=data, recipe=recipe, settings=HALF)

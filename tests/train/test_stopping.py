"""Losses and errors fall, all other measures grow; waiting ends after `patience` epochs without improvement."""

from __future__ import annotations

import pytest

from factory.errors import FactoryError
from factory.train.recipe.sections import EarlyStopping
from factory.train.stopping import improves, runs_out


@pytest.mark.parametrize("measure", ["loss", "val_loss", "mean_absolute_error", "val_root_mean_squared_error"])
def test_losses_and_errors_should_fall(measure):
    assert improves(measure, 0.4, 0.5) and not improves(measure, 0.6, 0.5) and not improves(measure, 0.5, 0.5)


@pytest.mark.parametrize("measure", ["accuracy", "val_mean_iou", "f1"])
def test_other_measures_should_grow(measure):
    assert improves(measure, 0.6, 0.5) and not improves(measure, 0.4, 0.5) and not improves(measure, 0.5, 0.5)


def test_the_first_value_is_an_improvement_whatever_it_is():
    assert improves("loss", float("inf"), None)


def test_a_change_below_the_least_does_not_count():
    assert not improves("accuracy", 0.505, 0.5, 0.01) and improves("accuracy", 0.52, 0.5, 0.01)


def epochs_until_stop(rule: EarlyStopping, values: list[float]) -> int | None:
    rows = [{rule.monitor: value} for value in values]
    return next((n for n in range(1, len(rows) + 1) if runs_out(rule, rows[:n])), None)


def test_waiting_ends_after_patience_epochs_without_improvement():
    rule = EarlyStopping(monitor="val_loss", patience=2)
    assert epochs_until_stop(rule, [5, 4, 4.5, 3, 3.5, 3.2, 1]) == 6
    assert epochs_until_stop(rule, [5, 4, 3, 2]) is None


def test_slow_progress_adds_up_to_an_improvement():
    rule = EarlyStopping(monitor="accuracy", patience=3, min_delta=0.1)
    assert epochs_until_stop(rule, [0.5, 0.55, 0.58, 0.65, 0.66, 0.67, 0.68]) == 7


def test_an_unknown_measure_is_told_with_the_nearest():
    with pytest.raises(FactoryError, match=r"no measure 'val_acuracy'.*did you mean 'val_accuracy'"):
        runs_out(EarlyStopping(monitor="val_acuracy"), [{"val_accuracy": 0.5}])

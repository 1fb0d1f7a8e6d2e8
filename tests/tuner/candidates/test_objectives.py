"""Objectives, compared with values worked out by hand."""

from __future__ import annotations

import math

import pytest

from factory import FactoryError
from tuner.candidates.formulas import parse_formula
from tuner.candidates.objectives import FEW, MEASURES, Objective, known_names, metrics

ROWS = [
    {"epoch": 1, "val_accuracy": 0.5, "val_loss": 1.5, "seconds": 2.0, "images_per_second": 100.0},
    {"epoch": 2, "val_accuracy": 0.9, "val_loss": 1.0, "seconds": 4.0, "images_per_second": 300.0},
    {"epoch": 3, "val_accuracy": 0.7, "val_loss": 0.2, "seconds": 6.5, "images_per_second": 200.0},
]
COSTS = {"macs": 600_000_000, "params": 1_000_000, "peak_memory": None}


def objective(text: str, take: str = "best", maximize: bool = True) -> Objective:
    return Objective(text, parse_formula(text, known_names()), maximize, take)


@pytest.mark.parametrize(
    ("text", "take", "maximize", "value"),
    [
        ("val_accuracy", "best", True, 0.9),
        ("val_accuracy", "best", False, 0.5),
        ("val_accuracy", "last", True, 0.7),
        ("val_accuracy", "average", True, 0.7),
        ("val_loss", "best", False, 0.2),
        ("val_loss", "average", False, 0.9),
        ("macs", "best", False, 600_000_000),
        ("params / 1M", "last", False, 1.0),
        ("seconds", "best", False, 6.5),  # of the run, not of its first epoch
        ("images_per_second", "best", True, 200.0),
        ("val_accuracy * (macs / 300M) ** -0.07", "best", True, 0.9 * 2**-0.07),
        ("val_accuracy - val_loss", "best", True, 0.7 - 0.2),  # of one epoch: not the best of each
        ("val_accuracy / seconds", "last", True, 0.7 / 6.5),
    ],
)
def test_values_by_hand(text, take, maximize, value):
    assert objective(text, take, maximize).value(ROWS, {}, COSTS) == pytest.approx(value, rel=1e-12)


def test_a_score_is_better_where_it_is_greater():
    assert objective("val_accuracy").score(0.9) == 0.9
    assert objective("val_loss", maximize=False).score(0.2) == -0.2


def test_what_a_finished_run_says_of_itself_comes_first():
    assert objective("seconds").value(ROWS, {"seconds": 7.5, "images_per_second": 50}, COSTS) == 7.5


def test_costs_alone_need_no_epoch():
    assert objective("macs", maximize=False).value([], {}, COSTS) == 600_000_000


def test_a_run_that_goes_on_has_a_value_after_each_epoch():
    values = [objective("val_accuracy").value(ROWS[:epochs], {}, COSTS) for epochs in (1, 2, 3)]
    assert values == [0.5, 0.9, 0.9]


@pytest.mark.parametrize(
    ("text", "take", "rows", "message"),
    [
        ("val_accuracy", "best", [], "has no value: the run has no epoch yet"),
        ("val_f1", "best", ROWS, "'val_f1' needs 'val_f1', which the run has not measured"),
        ("peak_memory", "best", ROWS, "'peak_memory' is not known"),
        ("val_loss", "last", [*ROWS, {"val_loss": math.nan}], "'val_loss' is nan in epoch 4, no finite number"),
        ("val_loss", "average", [*ROWS, {"val_loss": math.inf}], "'val_loss' is inf on average, no finite number"),
        ("val_loss", "best", [{"val_loss": math.nan}], "'val_loss' is no finite number in any of 1 epochs"),
    ],
)
def test_no_finite_value_is_an_error(text, take, rows, message):
    with pytest.raises(FactoryError, match=message):
        objective(text, take).value(rows, {}, COSTS)


def test_the_best_of_the_finite_epochs_counts():
    rows = [{"val_loss": math.inf}, {"val_loss": 2.0}, {"val_loss": math.nan}]
    assert objective("val_loss", maximize=False).value(rows, {}, COSTS) == 2.0


def test_names_depend_on_the_task():
    assert metrics("values")[:3] == ["val_loss", "val_mean_absolute_error", "val_root_mean_squared_error"]
    assert "val_f1" in known_names() and "val_f1" not in known_names("classes")
    assert [("top5_accuracy" in metrics("classes", classes)) for classes in (FEW, FEW + 1, None)] == [False, True, True]


def test_the_names_are_those_that_training_measures():
    """The measures are TensorFlow's; here they are only named."""
    from factory.train.measures import MANY, make_measures

    assert FEW == MANY
    for task, names in MEASURES.items():
        measures = make_measures(task, [str(number) for number in range(MANY + 1)])
        zeros = measures.zeros()
        ones = {name: zero + 1 for name, zero in zeros.items()}
        assert tuple(measures.results(ones)) == names

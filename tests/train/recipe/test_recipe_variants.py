"""What each choice uses: the tables agree with what schedules and losses do."""

from __future__ import annotations

import numpy as np
import pytest

from factory.train.recipe.checks import section_mistakes
from factory.train.recipe.sections import Schedule
from factory.train.recipe.variants import VARIANTS
from factory.train.schedules import rates

SCHEDULES = VARIANTS["schedule"]
OTHER = {
    "peak": 0.3, "end": 0.01, "warmup_epochs": 1.0, "warmup_start": 0.05, "at": (1.0, 6.0), "factor": 0.7, "power": 3.0,
    "base": 0.02, "cycle_epochs": 3.0, "cycle_factor": 2.0, "cycle_decay": 0.5, "gamma": 0.9, "rise": 0.6,
}  # fmt: skip
"""A value of every field that is not its default nor that of BEFORE."""
BEFORE = {"at": (2.0, 4.0), "cycle_epochs": 2.0, "warmup_epochs": 0.5}


def test_every_section_with_a_choice_has_a_table_of_all_its_choices():
    for variants in VARIANTS.values():
        field = variants.section.model_json_schema()["properties"][variants.key]
        assert set(variants.own) == set(field.get("enum", variants.own))
        assert variants.default in variants.own
        assert set().union(*variants.own.values()) <= set(variants.section.model_fields)


@pytest.mark.parametrize("name", SCHEDULES.own)
@pytest.mark.parametrize("field", OTHER)
def test_a_schedule_uses_exactly_the_fields_that_it_may_be_given(name, field):
    known = {key: value for key, value in BEFORE.items() if key not in SCHEDULES.unused(name)}

    def learning_rates(**changes):
        return rates(Schedule(name=name, **{**BEFORE, **changes}), epochs=8, steps_per_epoch=10)

    changed = not np.array_equal(learning_rates(), learning_rates(**{field: OTHER[field]}))
    assert changed == (field not in SCHEDULES.unused(name))
    mistakes = [mistake.loc for mistake in section_mistakes(Schedule(name=name, **{**known, field: OTHER[field]}))]
    assert mistakes == ([] if changed else [(field,)])


def test_the_table_above_has_every_field():
    assert {"name", *OTHER} == set(Schedule.model_fields)

"""The README shows what the commands print."""

from __future__ import annotations

import pytest
from readme import README, Shown, run, shown_commands

STATIC = [shown for shown in shown_commands() if shown.static]


@pytest.mark.parametrize("shown", STATIC, ids=[shown.command for shown in STATIC])
def test_the_readme_shows_what_the_command_prints(shown: Shown, tmp_path):
    assert run(shown.command, tmp_path) == shown.output


def test_the_readme_shows_building_and_predicting_too():
    assert {shown.command.split()[0] for shown in shown_commands()} >= {"build", "predict"}


def test_the_readme_names_the_two_commands():
    text = README.read_text(encoding="utf-8")
    assert "make demo" in text and "make test" in text

"""docs/training.md: its files are read, its commands and Python are real, what it has to name it names."""

from __future__ import annotations

import re
import shlex

import pytest
import typer.main

import factory
from examples import DOCS, Example, examples
from factory.cli.main import app
from factory.train import run
from factory.train.recipe.reading import load_recipe

EXAMPLES = examples("training.md")
TEXT = (DOCS / "training.md").read_text(encoding="utf-8")
SHOWN = [line[len("$ factory ") :] for line in TEXT.splitlines() if line.startswith("$ factory ")]
COMMANDS = ("train", "lr-find", "evaluate", "predict", "compare", "similarity")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with all files that the page writes."""
    for example in EXAMPLES:
        if example.what == "file":
            (tmp_path / example.argument).write_text(example.text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.kind == "yaml"], ids=lambda example: example.id)
def test_a_file_is_a_spec_or_a_recipe(example: Example):
    assert example.what == "file"
    if "stages:" in example.text:
        assert factory.plan(factory.load(example.argument)).nodes
    else:
        load_recipe(example.argument)


@pytest.mark.parametrize("line", SHOWN)
def test_a_command_that_is_shown_can_be_given(line: str):
    name, *arguments = shlex.split(line)
    command = typer.main.get_command(app).commands[name]
    with command.make_context(name, arguments) as context:  # raises for unknown options, names and choices
        given = context.params
    if name in ("train", "lr-find"):
        from factory.cli.train import load_both

        spec, recipe = load_both(given["spec"], given["recipe"], given["settings"])
        assert factory.plan(spec).nodes and recipe.epochs


def test_commands_are_shown():
    assert {line.split()[0] for line in SHOWN} == set(COMMANDS)


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.kind == "python"], ids=lambda example: example.id)
def test_python_runs(example: Example, folder, capsys):
    exec(compile(example.text, "training.md", "exec"), {})
    assert (folder / "runs/arrays/model.keras").is_file()
    assert "FactoryError" not in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_named(name: str):
    command = typer.main.get_command(app).commands[name]
    options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    assert sorted(option for option in options if f"{option}" not in TEXT) == []


def test_every_file_of_a_run_is_named():
    names = (run.SPEC, run.RECIPE, run.RUN, run.ENVIRONMENT, run.METRICS_CSV, run.METRICS_JSONL, run.RESULT, run.MODEL)
    for name in (*names, f"{run.CHECKPOINTS}/{run.BEST}", f"{run.TENSORBOARD}/"):
        assert f"`{name}`" in TEXT, name


def test_every_link_leads_somewhere():
    for page, title in re.findall(r"\]\(([\w./]*)#?([^)]*)\)", TEXT):
        target = DOCS / page if page else DOCS / "training.md"
        titles = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        assert not title or title in {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in titles}

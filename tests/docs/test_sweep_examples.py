"""docs/sweeps.md: examples are sweeps that show every field, tables and outputs are current, named tests exist."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from sweep_tables import PAGE, page, write_files

import factory
import tuner
from examples import Example, examples
from factory.blocks.values import Section, field_section
from factory.cli.main import app
from factory.spec.reading import read_text
from factory.spec.zoo import zoo_directory
from tuner.candidates.costs import QUANTITIES
from tuner.candidates.data_facts import KNOWN
from tuner.space.conditions import TESTS
from tuner.sweep import entries
from tuner.sweep.sections import SweepFile

ROOT = Path(__file__).resolve().parents[2]
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = examples("sweeps.md")
SWEEPS = [example for example in EXAMPLES if example.kind == "yaml" and "stages:\n" not in example.text]
READY = sorted((zoo_directory() / "sweeps").glob("*.yaml")) + sorted((ROOT / "examples").glob("*_digits.yaml"))
PART = "spec: digits_net.yaml\nspace: {stages.s2.filters: {choice: [16, 32, 64]}}\n"
"""What a part of a file is completed with, as far as it has not got that itself."""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    write_files(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def text_of(example: Example) -> str:
    if example.what != "part":
        return example.text
    given = read_text(example.text, "example.yaml")
    missing = [line for line in PART.splitlines() if line.partition(":")[0] not in given]
    return example.text + "".join(f"{line}\n" for line in missing)


def test_tables_and_outputs_are_current():
    assert page() == TEXT, "run: python tests/docs/sweep_tables.py"


@pytest.mark.parametrize("example", SWEEPS, ids=lambda example: example.id)
def test_an_example_is_a_sweep(example, folder):
    (folder / "example.yaml").write_text(text_of(example), encoding="utf-8")
    assert len(tuner.load("example.yaml").space)


@pytest.mark.parametrize("path", READY, ids=lambda path: path.name)
def test_a_ready_sweep_can_be_run_and_says_how(path):
    sweep = tuner.load(path)
    assert sweep.data in KNOWN and sweep.name == path.stem
    head = path.read_text(encoding="utf-8").partition("\nsweep:")[0]
    how = f"factory sweep {path.stem}" if path.parent.name == "sweeps" else f"python examples/{path.stem}.py"
    assert f"#   {how}" in head
    if path.parent.name == "sweeps":
        assert f"`{path.stem}`" in TEXT and read_text(path.read_text(encoding="utf-8"), path.name)["note"]


@pytest.mark.parametrize("example", [e for e in EXAMPLES if e.kind == "python"], ids=lambda example: example.id)
def test_python_runs_or_can_be_read(example):
    code = compile(example.text, "sweeps.md", "exec")
    if example.what != "not run":
        exec(code, {})


def test_every_field_is_given_in_an_example():
    given: set[str] = set()
    for example in SWEEPS:
        given |= fields_in(read_text(example.text, "example.yaml"), SweepFile)
    assert fields_of(SweepFile) <= given
    texts = "".join(example.text for example in SWEEPS)
    for kind, section in entries.KINDS.items():
        for field in section.model_fields:
            assert f"{field}: " in texts, f"{kind}.{field}"
    for cost in QUANTITIES:
        assert re.search(rf"\b{cost} [<>]=", texts), cost
    assert all(f"`{test}`" in TEXT for test in TESTS)


def fields_in(value, section: type[Section], above: str = "") -> set[str]:
    """The fields that a part of an example gives: `budget.hours`."""
    if isinstance(value, list):
        return set().union(*(fields_in(item, section, above) for item in value))
    found = set()
    for key, item in value.items() if isinstance(value, dict) else ():
        inner = field_section(section, key)
        found |= {f"{above}{key}"} | (fields_in(item, inner, f"{above}{key}.") if inner else set())
    return found


def fields_of(section: type[Section], above: str = "") -> set[str]:
    found = set()
    for name in section.model_fields:
        inner = field_section(section, name)
        found |= {f"{above}{name}"} | (fields_of(inner, f"{above}{name}.") if inner else set())
    return found


def test_the_check_above_sees_fields_of_sections():
    assert {"budget.hours", "objective.take", "stop.after", "trial.retries", "repeats.folds"} <= fields_of(SweepFile)


def test_every_command_of_the_program_is_told():
    group = typer.main.get_command(app).commands["sweep"]
    assert {f"`factory sweep {name} DIR`" for name in group.named} <= set(re.findall(r"`factory sweep \w+ DIR`", TEXT))
    for option in group.commands["run"].params:
        assert option.name in ("file", "output") or option.opts[0] in TEXT


def test_every_row_of_what_breaks_has_a_test():
    table = TEXT.partition("## What breaks elsewhere")[2]
    named = re.findall(r"^\|.*\| `(\w+)` \|$", table, re.MULTILINE)
    rows = re.findall(r"^\| (?!event|---)", table, re.MULTILINE)
    assert len(named) == len(rows) >= 19
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert set(named) <= defined


def test_every_link_inside_the_page_leads_somewhere():
    titles = {title.lower().replace(" ", "-") for title in re.findall(r"^#+ (.*)$", TEXT, re.MULTILINE)}
    assert set(re.findall(r"\]\(#(.*?)\)", TEXT)) <= titles
    for link in re.findall(r"\]\(([\w/]+\.md)", TEXT):
        assert (PAGE.parent / link).is_file(), link


@pytest.mark.parametrize("name", ["sweep_digits", "pareto_digits"])
def test_an_example_sweeps_and_exports_and_ends_where_a_command_fails(name, folder, monkeypatch, capsys):
    given: list[list[str]] = []

    def finished(words: list[str]) -> subprocess.CompletedProcess[bytes]:
        given.append(words[3:])
        return subprocess.CompletedProcess(words, 3 if "export" in words else 0)

    monkeypatch.syspath_prepend(str(ROOT / "examples"))
    monkeypatch.setattr(subprocess, "run", finished)
    monkeypatch.setattr(sys, "argv", [name, "--workers", "1", "--output", "out"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(ROOT / "examples" / f"{name}.py"), run_name="__main__")
    assert ended.value.code == 3
    assert given == [
        ["sweep", os.path.relpath(ROOT / "examples" / f"{name}.yaml"), "-o", "out", "--workers", "1"],
        ["sweep", "export", "out", "--weights"],
    ]
    assert capsys.readouterr().out.startswith(f"$ factory sweep {given[0][1]} -o out --workers 1\n")


def test_what_the_page_says_of_whole_calls_holds():
    [example] = [example for example in SWEEPS if "fused_mbconv" in example.text]
    Path("example.yaml").write_text(text_of(example), encoding="utf-8")
    sweep = tuner.load("example.yaml")
    point = sweep.space.at([0.0] * len(sweep.space))
    stage = sweep.candidate(point | {"stages.s2": "mb"}).spec.document["stages"]["s2"]
    base = factory.load("digits_net.yaml").document["stages"]["s2"]
    assert stage["block"] == "mbconv" and stage["filters"] == base["filters"]

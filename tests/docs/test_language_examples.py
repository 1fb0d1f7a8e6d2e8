"""docs/language.md: every example is run, every error shown is the real one, every type is named."""

from __future__ import annotations

import pytest

import factory
from examples import DOCS, Example, examples
from factory import FactoryError, SpecError
from factory.blocks import registry
from factory.blocks.types import TYPES
from factory.spec.spec import KEYS

EXAMPLES = examples("language.md")


def run_by(*kinds: str, error: bool = False):
    chosen = [e for e in EXAMPLES if e.kind in kinds and e.what.endswith("error") == error]
    return pytest.mark.parametrize("example", chosen, ids=lambda example: example.id)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with all files that the page writes."""
    for example in EXAMPLES:
        if example.what.endswith("file"):
            (tmp_path / example.argument).write_text(example.text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def loaded(folder, example: Example) -> factory.Spec:
    (folder / "example.yaml").write_text(example.spec, encoding="utf-8")
    return factory.load("example.yaml")


@run_by("yaml")
def test_an_example_is_a_spec_that_can_be_planned(folder, example):
    if example.what.endswith("file"):
        return  # read by the examples that name it
    spec = loaded(folder, example)
    assert factory.plan(spec).nodes
    assert factory.totals(spec) == factory.cost(spec).totals


@run_by("yaml", error=True)
def test_an_example_of_a_mistake_says_what_the_page_says(folder, example):
    with pytest.raises(SpecError) as raised:
        factory.plan(loaded(folder, example))
    assert example.argument in str(raised.value)


@run_by("text")
def test_the_errors_shown_are_the_real_ones(example):
    with pytest.raises(FactoryError) as raised:
        factory.plan(factory.load(example.argument))
    assert str(raised.value) + "\n" == example.text


@run_by("python")
def test_python_runs(example, monkeypatch, capsys):
    monkeypatch.setattr(registry.REGISTRY, "_blocks", dict(registry.REGISTRY._blocks))
    exec(
        compile(f"from __future__ import annotations\n{example.text}", "language.md", "exec"), {"__name__": "language"}
    )


def test_the_numbers_in_the_examples_of_scaling_hold(folder):
    example = next(e for e in EXAMPLES if "partly_scaled" in e.text)
    shown = [int(line.rsplit("#", 1)[1]) for line in example.text.splitlines() if "#" in line]
    nodes = factory.plan(loaded(folder, example)).nodes
    assert [node.outputs[0][-1] for node in nodes if "." not in node.name] == shown


def test_every_key_and_every_type_is_named():
    text = (DOCS / "language.md").read_text(encoding="utf-8")
    for name in (*KEYS, *TYPES):
        assert f"`{name}`" in text, name


def test_every_link_inside_the_page_leads_somewhere():
    import re

    text = (DOCS / "language.md").read_text(encoding="utf-8")
    titles = {title.lower().replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
    assert set(re.findall(r"\]\(#(.*?)\)", text)) <= titles

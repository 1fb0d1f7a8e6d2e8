"""docs/netadapt.md: its spec is one, and its command line is that of the command."""

import re

import typer

import factory
from examples import DOCS, examples
from factory.cli.main import app
from factory.spec.reading import read_text


def test_the_spec_shown_is_one_layer_by_layer() -> None:
    [example] = [example for example in examples("netadapt.md") if example.kind == "yaml"]
    spec = factory.load(read_text(example.text, "netadapt.md"))
    assert factory.plan(spec).nodes
    assert not [call for call in spec.document["stages"].values() if "repeats" in call]


def test_the_options_named_are_those_of_the_command() -> None:
    [command] = [command for name, command in typer.main.get_command(app).commands.items() if name == "adapt"]
    known = {option for parameter in command.params for option in parameter.opts}
    named = set(re.findall(r"`(--[a-z-]+)", (DOCS / "netadapt.md").read_text(encoding="utf-8")))
    assert named and named <= known

"""The pages of the algorithms have every parameter with its default, and an example that is read."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from tuner.algorithms import algorithm

PAGES = Path(__file__).parents[3] / "docs" / "algorithms"

NAMES = ["random", "grid", "sobol", "evolution", "morphing_evolution", "local_search"]
NAMES += ["halving", "nsga2", "transforming"]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_has_the_parameters_and_their_defaults(name):
    page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
    written = dict(re.findall(r"^\| `(\w+)` \| `(.*?)` \|", page, re.MULTILINE))
    fields = algorithm(name).Parameters.model_fields
    assert written == {k: json.dumps(f.default).strip('"') for k, f in fields.items()}
    example = yaml.safe_load(re.search(r"^    algorithm: (.*)$", page, re.MULTILINE).group(1))
    assert example.pop("name") == name
    algorithm(name).Parameters(**example)
    assert page.startswith(f"# {name}\n") and "**When**" in page

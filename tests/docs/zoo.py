"""docs/zoo.md, the table of all shipped networks; `python tests/docs/zoo.py` writes it anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from factory.cli.list import resolution
from factory.cli.output import count, human
from factory.spec.overview import overview

PAGE = Path(__file__).resolve().parents[2] / "docs" / "zoo.md"
HEAD = """\
# The zoo
{number} convolutional networks from {first} to {last}, each a YAML file in [specs/](../specs).
Parameters count all weights, batch-norm statistics included; MACs are multiply-accumulates of convolutions and fully
connected layers for one image; activations are the output values of those layers. All are exact, without TensorFlow.

*Counts by*: whose parameters and MACs ours are equal to. *Outputs equal*: with the same weights the network computes
what this implementation computes; of keras.applications a test shows it, of PyTorch libraries
[a table](../benchmarks/torch_outputs.txt) that `benchmarks/torch_outputs.py` writes.

| network | paper | size | params | MACs | activations | counts by | outputs equal |
|---|---|---|--:|--:|--:|---|---|
"""


def page() -> str:
    entries = sorted(overview(), key=lambda entry: (entry["year"], entry["name"]))
    head = HEAD.format(number=len(entries), first=entries[0]["year"], last=entries[-1]["year"])
    return head + "".join(map(_row, entries))


def _row(entry: dict[str, Any]) -> str:
    cells = [
        f"[{entry['name']}](../specs/{entry['name']}.yaml)",
        _paper(entry),
        resolution(entry["resolution"]),
        count(entry["params"]),
        human(entry["macs"]),
        human(entry["activations"]),
        entry["source"],
        entry["equals"] or "",
    ]
    return f"| {' | '.join(cells)} |\n"


def _paper(entry: dict[str, Any]) -> str:
    address = f"https://arxiv.org/abs/{entry['arxiv']}" if entry["arxiv"] else entry["url"]
    return f"[{entry['paper']}]({address})" if address else entry["paper"]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

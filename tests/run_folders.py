"""Run folders by hand, as `factory train` leaves them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import factory
from factory.spec.render import render
from factory.train.recipe.reading import load_recipe
from factory.train.recipe.render import render_recipe

SPEC = {
    "name": "tiny",
    "input": {"resolution": 8, "channels": 1, "preprocess": "unit"},
    "classes": 10,
    "stages": {
        "stem": {"block": "conv", "filters": 4, "stride": 2},
        "s1": {"block": "conv", "filters": 6, "stride": 2},
        "head": {"block": "classifier"},
    },
}


def write_run(
    folder: Path,
    *,
    spec: dict[str, Any] | None = None,
    recipe: dict[str, Any] | None = None,
    data: str = "digits",
    task: str = "classes",
    rows: list[dict[str, Any]] | None = None,
    result: dict[str, Any] | None = None,
) -> Path:
    """A run of the spec above, `spec` and `recipe` override; finished where it has a result."""
    folder.mkdir(parents=True)
    loaded = factory.load(SPEC)
    loaded = loaded.override(spec) if spec else loaded
    (folder / "spec.yaml").write_text(render(loaded))
    (folder / "recipe.yaml").write_text(render_recipe(load_recipe({"recipe": "short", "epochs": 3, **(recipe or {})})))
    (folder / "run.json").write_text(json.dumps({"data": data, "task": task, "resolution": [8, 8]}))
    if rows is not None:
        (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    if result is not None:
        (folder / "result.json").write_text(json.dumps(result))
    return folder


def row(epoch: int, **measures: float) -> dict[str, Any]:
    """A row of metrics.jsonl; an epoch takes two seconds."""
    speed = {"images_per_second": 100.0 * epoch, "seconds": 2.0 * epoch}
    return {"epoch": epoch, "step": 10 * epoch, "learning_rate": 0.1, **measures, **speed}


def result(**changes: Any) -> dict[str, Any]:
    return {
        "epochs": 3,
        "best_epoch": 2,
        "train": {"loss": 0.2, "accuracy": 0.95},
        "validation": {"loss": 0.3, "accuracy": 0.9},
        "test": {"loss": 0.4, "accuracy": 0.875},
        "seconds": 12.5,
        "images_per_second": 321.0,
        "params": 1234,
        "macs": 56789,
        **changes,
    }

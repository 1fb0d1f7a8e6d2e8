"""`factory compare`: tables, JSON, CSV."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from run_folders import result, row, write_run


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.chdir(tmp_path)
    write_run(Path("runs/first"), result=result())
    rows = [row(1, loss=1.0, accuracy=0.5, val_loss=1.2, val_accuracy=0.25)]
    write_run(Path("runs/second"), recipe={"seed": 7, "optimizer": {"name": "adam"}}, rows=rows)
    return ["runs/first", "runs/second"]


def test_the_table_has_a_line_a_run_and_a_line_a_setting(runs: list[str], run) -> None:
    found = run("compare", *runs)
    assert (found.code, found.err) == (0, "")
    lines = [" ".join(line.split()) for line in found.out.splitlines()]
    assert lines[0] == "run state epochs best val accuracy test loss test accuracy params MACs seconds images/s"
    assert lines[1] == "first finished 3 2 0.9000 0.4000 0.8750 1,234 56.79k 12.5 321"
    assert lines[2].startswith("second unfinished 1/3 1 0.2500 - - ") and lines[2].endswith(" 2.0 100")
    assert lines[4] == "setting first second"
    assert "recipe.seed 0 7" in lines and "recipe.optimizer.name sgd adam" in lines


def test_equal_runs_are_said_to_be(tmp_path: Path, run) -> None:
    folders = [write_run(tmp_path / name) for name in "ab"]
    assert run("compare", *folders).out.endswith("\nno setting differs\n")
    assert "setting" not in run("compare", folders[0]).out


def test_long_settings_are_cut_in_the_table_alone(tmp_path: Path, run) -> None:
    augment = [{"flip": "horizontal"}, {"translate": 0.12}, {"mixup": 0.2}, {"cutmix": 1.0}]
    folders = [write_run(tmp_path / "a"), write_run(tmp_path / "b", recipe={"augment": augment})]
    [line] = [line for line in run("compare", *folders).out.splitlines() if line.startswith("recipe.augment")]
    assert line.endswith("...") and len(line.split("  ")[-1].strip()) == 40
    found = json.loads(run("compare", *folders, "--json").out)["differences"]
    assert len(found[0]["values"][1]) == 4


def test_json_has_everything(runs: list[str], run) -> None:
    found = json.loads(run("compare", *runs, "--json").out)
    first, second = found["runs"]
    assert (first["run"], first["folder"], first["state"]) == ("first", "runs/first", "finished")
    assert first["test"] == {"loss": 0.4, "accuracy": 0.875} and first["best_epoch"] == 2
    assert (second["epochs"], second["planned_epochs"], second["test"]) == (1, 3, {})
    assert {"path": "recipe.seed", "values": [0, 7]} in found["differences"]


def test_csv_is_a_line_a_run(runs: list[str], run) -> None:
    first, second = csv.DictReader(io.StringIO(run("compare", *runs, "--csv").out))
    assert (first["run"], first["test_accuracy"], first["recipe.seed"]) == ("first", "0.875", "0")
    assert (second["state"], second["validation_accuracy"], second["test_accuracy"]) == ("unfinished", "0.25", "")
    assert second["recipe.optimizer.name"] == "adam"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["runs/frist"], "runs/frist: there is no such folder; did you mean 'runs/first'?"),
        (["runs/first", "runs/first"], "runs/first: given twice"),
        (
            ["runs"],
            "runs: expected the folder of a run, but it has no run.json; there are runs in it: runs/first, runs/",
        ),
        (["runs/first", "--json", "--csv"], "--json and --csv: take one of them"),
        ([], "Missing argument 'RUN...'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_told(runs: list[str], arguments: list[str], message: str, run) -> None:
    found = run("compare", *arguments)
    assert found.code == 2 and found.out == "" and message in found.err


def test_it_starts_no_framework(runs: list[str]) -> None:
    code = (
        f"import sys\nfrom factory.cli.main import main\ncode = main(['compare', *{runs!r}])\n"
        "loaded = {name.partition('.')[0] for name in sys.modules} & {'tensorflow', 'keras', 'rich', 'matplotlib'}\n"
        "sys.exit(code or (f'loaded {loaded}' if loaded else 0))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")

"""Run folders: one run each, one process at a time, files that are whole."""

from __future__ import annotations

import csv
import json

import pytest

from factory.errors import FactoryError
from factory.train.run import RunFolder

TEXTS = {"spec.yaml": "name: a\nclasses: 10\n", "recipe.yaml": "epochs: 3\n"}


def test_what_was_asked_for_is_filed_with_the_environment(tmp_path):
    folder = RunFolder(tmp_path / "run")
    with folder.locked():
        folder.begin(TEXTS, {"data": "digits"})
    assert (folder / "spec.yaml").read_text() == TEXTS["spec.yaml"]
    assert json.loads((folder / "run.json").read_text()) == {"data": "digits"}
    found = json.loads((folder / "environment.json").read_text())
    assert found["packages"]["keras"] and found["python"]


def test_the_same_run_goes_on_and_another_is_refused_with_the_difference(tmp_path):
    folder = RunFolder(tmp_path / "run")
    with folder.locked():
        folder.begin(TEXTS, {"data": "digits", "fingerprint": "1"})
        folder.begin(TEXTS, {"data": "moved/digits", "fingerprint": "1"})
        with pytest.raises(FactoryError) as caught:
            folder.begin({**TEXTS, "recipe.yaml": "epochs: 4\n"}, {"data": "digits", "fingerprint": "1"})
    message = str(caught.value)
    assert "recipe.yaml differs" in message and "-epochs: 3" in message and "+epochs: 4" in message
    assert "--fresh" in message and "-o" in message
    with pytest.raises(FactoryError, match=r"run\.json differs"):
        folder.begin(TEXTS, {"data": "digits", "fingerprint": "2"})


def test_clear_removes_the_run_and_leaves_other_files(tmp_path):
    folder = RunFolder(tmp_path / "run")
    with folder.locked():
        folder.begin(TEXTS, {"data": "digits"})
        folder.write_metrics([{"epoch": 1}])
        (folder / "checkpoints").mkdir()
        (folder / "checkpoints" / "best.npz").write_bytes(b"")
        (folder / "notes.txt").write_text("mine")
        folder.clear()
        folder.begin({**TEXTS, "recipe.yaml": "epochs: 4\n"}, {"data": "digits"})
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {"spec.yaml", "recipe.yaml", "run.json", "environment.json", "notes.txt", "run.lock"}


def test_a_second_process_is_kept_out(tmp_path):
    with (
        RunFolder(tmp_path).locked(),
        pytest.raises(FactoryError, match="another process"),
        RunFolder(tmp_path).locked(),
    ):
        pass
    with RunFolder(tmp_path).locked():
        pass


def test_metrics_are_a_table_and_a_line_an_epoch_with_columns_of_all_rows(tmp_path):
    rows = [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25, "val_loss": 0.75}]
    folder = RunFolder(tmp_path)
    folder.write_metrics(rows)
    with (tmp_path / "metrics.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert table == [
        {"epoch": "1", "loss": "0.5", "val_loss": ""},
        {"epoch": "2", "loss": "0.25", "val_loss": "0.75"},
    ]
    assert [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()] == rows


def test_a_run_has_a_result_once_it_is_finished(tmp_path):
    folder = RunFolder(tmp_path)
    assert folder.result() is None
    folder.write_result({"test": {"accuracy": 0.5}})
    assert folder.result() == {"test": {"accuracy": 0.5}}
    (tmp_path / "result.json").write_text("{")
    with pytest.raises(FactoryError, match=r"result\.json: cannot be read"):
        folder.result()


def test_a_damaged_run_file_is_told(tmp_path):
    folder = RunFolder(tmp_path)
    folder.begin(TEXTS, {"data": "digits"})
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(FactoryError, match=r"run\.json: cannot be read.*--fresh"):
        folder.begin(TEXTS, {"data": "digits"})

"""The examples' own parts: scenes of digits, archives, the goal that a result is held to. Their runs take minutes."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def examples(monkeypatch):
    """The examples' scripts find each other as they do when one of them is run."""
    monkeypatch.syspath_prepend(str(EXAMPLES))


def test_a_pixel_of_a_scene_belongs_to_a_digit_where_there_is_ink(examples):
    from segment_digits import MOST, SIZE, make_scenes

    digits = load_digits()
    images, masks = make_scenes(digits.images, digits.target, 40, seed=3)
    assert images.shape == masks.shape == (40, SIZE, SIZE) and images.dtype == masks.dtype == np.uint8
    assert np.array_equal(masks > 0, images >= 100)
    assert set(np.unique(masks)) == set(range(11))
    most_ink = (digits.images * (255 / 16) >= 100).sum(axis=(1, 2)).max()
    assert ((masks > 0).sum(axis=(1, 2)) <= MOST * most_ink).all()


def test_a_digit_of_a_scene_has_its_own_class(examples):
    from segment_digits import make_scenes

    digits = load_digits()
    for label in range(10):
        chosen = digits.target == label
        _, masks = make_scenes(digits.images[chosen], digits.target[chosen], 2, seed=0)
        assert set(np.unique(masks)) == {0, label + 1}


def test_scenes_are_a_function_of_the_seed(examples):
    from segment_digits import make_scenes

    digits = load_digits()
    first, again, other = (make_scenes(digits.images, digits.target, 3, seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_training_and_test_scenes_are_written_as_data_of_pixels(examples, tmp_path):
    from segment_digits import CLASSES, TEST, TRAINING, write_scenes

    from factory.train.data.sources import open_data

    write_scenes(tmp_path / "deep" / "scenes.npz", seed=0)
    parts = open_data(tmp_path / "deep" / "scenes.npz")
    assert parts.train.task == "pixels" and parts.train.classes == CLASSES
    assert (parts.train.size, parts.test.size) == (TRAINING, TEST)


def archive(path: Path, names: list[str]) -> Path:
    with tarfile.open(path, "w") as file:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = 1
            file.addfile(entry, io.BytesIO(b"x"))
    return path


def test_an_archive_is_unpacked_to_the_folder_that_has_train_in_it(examples, tmp_path):
    from train_cifar10 import unpack

    names = ["set/train/cat/1.jpg", "set/test/cat/2.jpg"]
    assert unpack(archive(tmp_path / "a.tar", names), tmp_path / "out") == tmp_path / "out" / "set"


@pytest.mark.parametrize(
    ("names", "message"),
    [(["../outside/train/cat/1.jpg"], "cannot be unpacked"), (["set/cat/1.jpg"], "no folder train/ in it")],
)
def test_an_archive_that_leads_outside_or_has_no_training_part_is_refused(examples, tmp_path, names, message):
    from train_cifar10 import unpack

    (tmp_path / "out").mkdir()
    with pytest.raises(SystemExit, match=message):
        unpack(archive(tmp_path / "a.tar", names), tmp_path / "out")
    assert not (tmp_path / "outside").exists()


@pytest.mark.parametrize(("accuracy", "status"), [(0.99, None), (0.98, 1)])
def test_a_result_below_the_goal_ends_with_status_1(examples, tmp_path, monkeypatch, capsys, accuracy, status):
    import training

    def finished(words: list[str], cwd: Path | None) -> subprocess.CompletedProcess[bytes]:
        (tmp_path / "result.json").write_text(json.dumps({"test": {"accuracy": accuracy}}))
        return subprocess.CompletedProcess(words, 0)

    monkeypatch.setattr(subprocess, "run", finished)
    monkeypatch.chdir(tmp_path)
    spec, settings = tmp_path / "net.yaml", {"recipe.seed": 1}

    def run() -> None:
        training.train(spec, "digits", "base", tmp_path, measure="accuracy", goal=0.99, settings=settings)

    if status:
        with pytest.raises(SystemExit) as stopped:
            run()
        assert stopped.value.code == status
    else:
        run()
    shown = capsys.readouterr().out
    assert shown.startswith("$ factory train net.yaml --data digits --recipe base --set recipe.seed=1 -o .\n")
    assert f"test accuracy {accuracy:.4f}, goal 0.99" in shown


def test_data_that_do_not_exist_are_a_mistake_in_the_command():
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "train_cifar10.py"), "no/such/folder"], capture_output=True, text=True
    )
    assert done.returncode == 2 and "no/such/folder: no such folder or .tar file" in done.stderr
    assert "Traceback" not in done.stderr

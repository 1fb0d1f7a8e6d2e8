"""From a spec to a model to the classes of an image, end to end."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from command import TINY, process
from PIL import Image

import factory
from factory.models.archive import read_labels, read_spec_text
from factory.spec.document import compile_spec
from factory.spec.reading import read_text
from factory.spec.render import render


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model in both formats, made by the command as a process of its own."""
    folder = tmp_path_factory.mktemp("built")
    (folder / "tiny.yaml").write_text(TINY)
    (folder / "labels.txt").write_text("cat\ndog\nfish\n")
    options = ["--format", "keras,saved_model", "--seed", "1", "--classes", "3", "--labels", "labels.txt"]
    result = process("build", "tiny.yaml", *options, cwd=folder)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0].split()[:2] == ["stage", "block"]
    assert lines[-4] == "built tiny: 3,507 parameters, " + lines[-4].split(", ")[-1]
    assert lines[-3].startswith("wrote models/tiny.keras (") and lines[-2].startswith("wrote models/tiny (")
    assert lines[-1].startswith("took ")
    assert not [path.name for path in (folder / "models").iterdir() if path.name.startswith(".")]
    return folder


@pytest.fixture(scope="module")
def image(built: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(noise).save(built / "noise.png")
    return built / "noise.png"


@pytest.mark.parametrize("model", ["tiny.keras", "tiny"])
def test_models_carry_their_spec_and_labels(built: Path, model: str, run) -> None:
    path = built / "models" / model
    text = read_spec_text(path)
    assert text == render(factory.load(built / "tiny.yaml", classes=3))
    assert read_labels(path) == ["cat", "dog", "fish"]
    assert "3,507 (trainable" in run("info", path).out
    assert run("render", path).out == text


@pytest.mark.parametrize("model", ["tiny.keras", "tiny"])
def test_predict_gives_the_most_probable_classes(built: Path, image: Path, model: str, run) -> None:
    result = run("predict", built / "models" / model, image, image, "--top", "2", "--json")
    assert result.code == 0
    first, second = json.loads(result.out)
    assert first == second and first["image"] == str(image)
    chances = [entry["probability"] for entry in first["classes"]]
    assert len(chances) == 2 and chances == sorted(chances, reverse=True)
    assert {entry["label"] for entry in first["classes"]} < {"cat", "dog", "fish"}


def test_predict_prints_a_table(built: Path, image: Path, run) -> None:
    lines = run("predict", built / "models/tiny.keras", image).out.splitlines()
    assert lines[0].split() == ["image", "class", "probability"]
    assert len(lines) == 4 and lines[1].endswith("%")


def test_predict_takes_labels_from_a_file(built: Path, image: Path, run, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("a\nb\nc\n")
    found = json.loads(run("predict", built / "models/tiny", image, "--labels", tmp_path / "other.txt", "--json").out)
    assert {entry["label"] for entry in found[0]["classes"]} == {"a", "b", "c"}
    (tmp_path / "short.txt").write_text("a\nb\n")
    result = run("predict", built / "models/tiny", image, "--labels", tmp_path / "short.txt")
    assert result.code == 2 and "short.txt: 2 labels for 3 classes" in result.err


def test_predict_names_the_image_that_cannot_be_read(built: Path, image: Path, run) -> None:
    model = built / "models/tiny.keras"
    result = run("predict", model, image, built / "labels.txt")
    assert result.code == 2 and result.out == ""
    assert result.err == f"{built / 'labels.txt'}: cannot be read as an image: it is in no known image format\n"
    assert (
        run("predict", model, "nothing.png").err
        == "nothing.png: cannot be read as an image: No such file or directory\n"
    )


def test_a_backbone_is_built_and_does_not_predict(built: Path, image: Path, run) -> None:
    assert run("build", built / "tiny.yaml", "--no-top", "-o", built / "backbone").code == 0
    path = built / "backbone/tiny.keras"
    assert "features 8x8x8" in run("info", path).out
    result = run("predict", path, image)
    assert result.code == 2 and "its output is 8x8x8: is it a backbone?" in result.err


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_weights_come_from_another_model(built: Path, image: Path, precision: str, run) -> None:
    arguments = ["--classes", "3", "--weights", built / "models/tiny.keras", "--precision", precision]
    assert run("build", built / "tiny.yaml", *arguments, "-o", built / precision).code == 0
    a, b = (
        json.loads(run("predict", path, image, "--json").out)[0]["classes"]
        for path in (built / "models/tiny.keras", built / precision / "tiny.keras")
    )
    chances = [{entry["class"]: entry["probability"] for entry in found} for found in (a, b)]
    assert chances[0] == pytest.approx(chances[1], abs=1e-6 if precision == "float32" else 0.02)


def test_weights_that_do_not_fit_are_refused(built: Path, run, tmp_path: Path) -> None:
    result = run(
        "build", built / "tiny.yaml", "--classes", "5", "--weights", built / "models/tiny.keras", "-o", tmp_path
    )
    assert result.code == 2 and "the weights of tiny do not fit tiny" in result.err
    (tmp_path / "bad.weights.h5").write_text("no weights")
    result = run("build", built / "tiny.yaml", "--weights", tmp_path / "bad.weights.h5", "-o", tmp_path)
    assert result.code == 2 and "bad.weights.h5: these weights do not fit tiny" in result.err
    result = run("build", built / "tiny.yaml", "--weights", built / "labels.txt", "-o", tmp_path)
    assert result.code == 2 and "labels.txt: expected a .keras or .weights.h5 file" in result.err
    assert [path.name for path in tmp_path.iterdir()] == ["bad.weights.h5"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--format", "keras,onxn"], "unknown format 'onxn'"),
        (["--device", "tpu"], "unknown device 'tpu'"),
        (["--device", "gpu:7"], "device 'gpu:7' is not available"),
        (["--labels", "labels.txt"], "labels.txt: 3 labels for 4 classes"),
        (["-o", "labels.txt"], "cannot save tiny in labels.txt"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_build_refuses_in_words(built: Path, arguments: list[str], message: str, run, monkeypatch) -> None:
    monkeypatch.chdir(built)
    before = sorted(built.rglob("*"))
    result = run("build", "tiny.yaml", *arguments)
    assert result.code == 2 and message in result.err and "Traceback" not in result.err
    assert sorted(built.rglob("*")) == before


def test_a_build_that_fails_leaves_the_earlier_model(built: Path, run, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = built / "kept"
    shutil.copytree(built / "models", folder)
    monkeypatch.setattr("factory.models.save.embed", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    assert run("build", built / "tiny.yaml", "-o", folder).code == 130
    assert sorted(path.name for path in folder.iterdir()) == ["tiny", "tiny.keras"]
    assert read_labels(folder / "tiny.keras") == ["cat", "dog", "fish"]


def test_embedded_specs_read_like_files(built: Path) -> None:
    text = read_spec_text(built / "models/tiny.keras")
    assert text is not None
    assert compile_spec(read_text(text, "spec"), "spec").classes == 3

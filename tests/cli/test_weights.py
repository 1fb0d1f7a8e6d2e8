"""`factory weights import`, and `factory build --weights` with files of keras.applications."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import factory

FIXTURES = Path(__file__).parents[1] / "models" / "torch_weights"
CASE = json.loads((FIXTURES / "cases.json").read_text())["resnet_cifar"]
WEIGHTS = FIXTURES / "resnet_cifar.safetensors"


@pytest.fixture
def settings() -> list[str]:
    return [part for path, value in CASE["changes"].items() for part in ("--set", f"{path}={json.dumps(value)}")]


def test_import_writes_a_model_with_the_weights(run, tmp_path: Path, settings: list[str]) -> None:
    output = tmp_path / "mine.keras"
    result = run("weights", "import", WEIGHTS, "--spec", CASE["spec"], "-o", output, *settings, "--show")
    assert result.code == 0, result.err
    lines = result.out.splitlines()
    assert lines[0].split() == ["module", "layer"]
    assert "features.stage2.unit1.identity_conv.conv" in result.out and "conv3.0.shortcut" in result.out
    model = factory.build(factory.load(CASE["spec"], **CASE["changes"]))
    count = f"{model.count_params():,}"
    assert lines[-2] == f"copied {count} values of 31 layers from {WEIGHTS} to resnet20_cifar"
    assert lines[-1].startswith(f"wrote {output} (")
    assert f"{count} (trainable" in run("info", output).out
    assert [path.name for path in tmp_path.iterdir()] == ["mine.keras"]


def test_what_does_not_fit_writes_nothing(run, tmp_path: Path, settings: list[str]) -> None:
    entries = load_file(WEIGHTS)
    del entries["output.weight"]
    save_file(entries, tmp_path / "cut.safetensors")
    result = run(
        "weights", "import", tmp_path / "cut.safetensors", "--spec", CASE["spec"], *settings, "-o", tmp_path / "m.keras"
    )
    assert result.code == 2
    assert "cut.safetensors do not fit resnet20_cifar" in result.err and "head.dense (linear: weight 5x16" in result.err
    assert [path.name for path in tmp_path.iterdir()] == ["cut.safetensors"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.safetensors", "--spec", "resnet18", "-o", "a.keras"], "none.safetensors: there is no such file"),
        ([WEIGHTS, "--spec", "resnet18", "-o", "a.h5"], "a.h5: expected the name of a .keras file"),
        ([WEIGHTS, "--spec", "resnet81", "-o", "a.keras"], "did you mean 'resnet18'?"),
        ([WEIGHTS, "-o", "a.keras"], "Missing option '--spec'"),
    ],
)
def test_mistakes(run, arguments: list, message: str) -> None:
    result = run("weights", "import", *arguments)
    assert result.code == 2 and message in result.err


def test_build_takes_a_file_of_keras_applications(run, tmp_path: Path) -> None:
    import keras

    source = keras.applications.MobileNet(alpha=0.25, weights=None, input_shape=(32, 32, 3), classes=3)
    source.save_weights(tmp_path / "saved.weights.h5")
    small = ["--set", "input.resolution=32", "--classes", "3", "-o", tmp_path]
    result = run("build", "mobilenet_v1_025", "--weights", tmp_path / "saved.weights.h5", *small)
    assert result.code == 0, result.err
    built = keras.saving.load_model(tmp_path / "mobilenet_v1_025.keras")
    theirs = source.get_layer("conv_preds").get_weights()[0]
    assert np.array_equal(built.get_layer("head.dense").get_weights()[0], theirs.reshape(-1, 3))


def test_build_says_where_there_are_no_imagenet_weights(run, tiny: Path, tmp_path: Path) -> None:
    result = run("build", tiny, "--weights", "imagenet", "-o", tmp_path / "models")
    assert result.code == 2 and "keras.applications has no network 'tiny'" in result.err
    assert not (tmp_path / "models").exists()

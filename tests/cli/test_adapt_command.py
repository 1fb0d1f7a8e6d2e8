"""`factory adapt`: what is told before TensorFlow starts, and one adaptation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from factory.models.quiet import quiet_tensorflow

quiet_tensorflow()

import factory  # noqa: E402
from factory.models.save import save  # noqa: E402
from factory.spec.render import render  # noqa: E402

SPEC: dict[str, Any] = {
    "name": "tiny",
    "input": {"resolution": 8, "channels": 1, "preprocess": "unit"},
    "classes": 10,
    "stages": {
        "stem": {"block": "conv", "filters": 6, "kernel": 3, "stride": 2, "norm": "none"},
        "head": {"block": "classifier"},
    },
}
SETTINGS = ["--data", "digits", "--set", "epochs=1", "--set", "data.samples=400", "--short-steps", "0"]


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("network")
    save(factory.build(SPEC, seed=0), folder, "tiny", ["keras"], render(factory.load(SPEC)), list("0123456789"))
    return folder / "tiny.keras"


def test_an_adaptation_tells_of_every_step_and_what_is_left(run, network: Path) -> None:
    result = run("adapt", network, "--macs", "50%", "--first-step", "0.5", *SETTINGS)
    assert (result.code, result.err) == (0, "")
    lines = result.out.splitlines()
    [step] = [line for line in lines if line.startswith("step ")]
    assert step.startswith("step 1: stem 6 -> 3 filters, the best of 1  50.0% left  val_loss ")
    facts = dict(line.split("  ", 1) for line in lines if line.startswith(("MACs", "parameters", "spec", "files")))
    assert facts["MACs"].strip() == "924 -> 462, 50.0%"
    assert facts["parameters"].strip() == "130 -> 70, 53.8%"
    spec = factory.load(network.with_name("tiny-adapted") / "spec.yaml")
    assert spec.document["stages"]["stem"] == {"block": "conv", "filters": 3, "kernel": 3, "stride": 2, "norm": "none"}
    again = run("adapt", network, "--macs", "50%", "--first-step", "0.5", *SETTINGS)
    assert again.code == 0 and "this run is finished" in again.out


@pytest.mark.parametrize(
    "options, message",
    [
        ([], "expected one target: --macs 50%, --params 1.2M or --latency-ms 8.5"),
        (["--macs", "50%", "--params", "50%"], "expected one target: --macs 50%, --params 1.2M or --latency-ms 8.5"),
        (["--macs", "half"], "expected an amount such as 50%, 150M or 8.5, received 'half'"),
        (["--macs", "2G"], "the network costs 924 now: expected a target between 0 and that"),
        (["--macs", "50%", "--first-step", "8"], "first: expected a share above 0, at most 1, received 8.0"),
        (["--macs", "50%", "--device", "tpu"], "unknown device 'tpu'"),
        (["--macs", "50%", "--set", "epoch=3"], "--set epoch=3: epoch: unknown key"),
    ],
)
def test_mistakes_are_told_before_anything_is_written(run, network: Path, options: list[str], message: str) -> None:
    folder = network.with_name("nothing")
    result = run("adapt", network, "-o", folder, "--data", "digits", *options)
    assert result.code == 2 and message in result.err and "Traceback" not in result.err
    assert not folder.exists()


def test_a_network_without_data_is_told(run, network: Path) -> None:
    result = run("adapt", network, "--macs", "50%")
    assert result.code == 2
    assert result.err == f"{network}: a .keras file does not say what it learned from: give --data\n"


def test_a_folder_without_a_network_is_told(run, tmp_path: Path) -> None:
    result = run("adapt", tmp_path, "--macs", "50%")
    assert result.code == 2 and str(tmp_path) in result.err

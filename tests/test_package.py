"""What an installed package holds, and what importing it does."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("tensorflow", "keras", "keras_tuner", "jax", "torch")


def run(code: str, folder: Path, path: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(path)}
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with the contents of the wheel, as an installer would unpack it."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "-q", "-w", str(folder)],
        check=True,
        capture_output=True,
    )
    [wheel] = folder.glob("*.whl")
    target = folder / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def test_the_wheel_ships_every_spec_every_recipe_and_the_schemas(installed):
    for folder in (".", "blocks", "recipes", "sweeps"):
        shipped = {path.name for path in (installed / "factory" / "zoo" / folder).glob("*.yaml")}
        assert shipped == {path.name for path in (ROOT / "specs" / folder).glob("*.yaml")} != set()
    for schema in ("factory/spec/schema.json", "factory/train/recipe/schema.json", "tuner/sweep/schema.json"):
        assert (installed / schema).read_bytes() == (ROOT / schema).read_bytes()


def test_an_installed_package_finds_the_zoo_by_name_from_anywhere(installed, tmp_path):
    code = "import factory; print(factory.__file__); print(factory.cost(factory.load('efficientnet_b1')).params)"
    where, params = run(code, tmp_path, installed).split()
    assert where.startswith(str(installed))
    assert int(params) == 7856239


def test_an_installed_package_finds_recipes_by_name_from_anywhere(installed, tmp_path):
    code = (
        "from factory.train.recipe import reading; recipe = reading.load_recipe('cifar10'); "
        "print(reading.__file__); print(recipe.recipe); print(recipe.optimizer.name)"
    )
    where, *values = run(code, tmp_path, installed).split()
    assert where.startswith(str(installed))
    assert values == ["cifar10", "adamw"]  # the second is what base says


def test_loading_planning_and_counting_import_nothing_heavy(tmp_path):
    code = (
        "import sys, factory; s = factory.load('efficientnet_b0', width=1.1); factory.cost(s).peak_memory(8); "
        f"factory.totals(s); factory.canonical_hash(factory.plan(s)); print([m for m in {HEAVY} if m in sys.modules])"
    )
    assert run(code, tmp_path, ROOT).strip() == "[]"


def test_every_public_name_is_there():
    import factory

    for name in factory.__all__:
        assert getattr(factory, name) is not None


FLOORS = ["errors", "files", "folders", "graph", "blocks", "spec", "models", "train", "draw", "cli"]


def test_floors_import_downwards_only():
    for path in sorted((ROOT / "factory").rglob("*.py")):
        place = path.relative_to(ROOT / "factory").parts[0].removesuffix(".py")
        if place in ("__init__", "__main__"):
            continue
        assert place in FLOORS, path
        for line in path.read_text(encoding="utf-8").splitlines():
            words = line.split()
            if len(words) > 1 and words[0] in ("from", "import") and words[1].startswith("factory."):
                target = words[1].split(".")[1]
                assert FLOORS.index(target) <= FLOORS.index(place), f"{path}: {line}"

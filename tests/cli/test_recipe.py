"""`factory recipe`: list, check, render and schema."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from factory.train.recipe.reading import load_recipe, recipe_names
from factory.train.recipe.render import render_recipe
from factory.train.recipe.schema import schema_text


def test_list_shows_every_recipe_with_epochs_batch_and_what_for(run) -> None:
    lines = run("recipe", "list").out.splitlines()
    assert lines[0].split() == ["name", "epochs", "batch", "what", "for"]
    assert [line.split()[0] for line in lines[1:]] == recipe_names()
    base = load_recipe("base")
    assert lines[1].split() == ["base", str(base.epochs), str(base.batch_size), *base.note.split()]


def test_list_as_json(run) -> None:
    [digits] = [entry for entry in json.loads(run("recipe", "list", "--json").out) if entry["name"] == "digits"]
    recipe = load_recipe("digits")
    assert digits == {"name": "digits", "epochs": recipe.epochs, "batch_size": recipe.batch_size, "note": recipe.note}


def test_check_says_ok_and_goes_on_after_a_bad_file(run, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("epochs: 0\nschedule: {nam: step}\n")
    (tmp_path / "good.yaml").write_text("epochs: 7\noptimizer: {name: lion}\n")
    result = run("recipe", "check", tmp_path / "bad.yaml", tmp_path / "good.yaml", "nothing")
    assert result.code == 2
    assert result.out == f"{tmp_path}/good.yaml: ok, 7 epochs of batches of 32, lion, cosine\n"
    assert f"{tmp_path}/bad.yaml:1:9: epochs: expected greater than or equal to 1, received 0" in result.err
    assert f"{tmp_path}/bad.yaml:2:12: schedule.nam: unknown key" in result.err
    assert "'nothing' is neither a file nor a recipe of the zoo" in result.err
    assert run("recipe", "check", *recipe_names()).code == 0


def test_check_and_render_apply_overrides(run) -> None:
    options = ["--set", "recipe.epochs=60", "--set", "optimizer.name=sgd", "--set", "augment.mixup=0.3"]
    assert run("recipe", "check", "digits", *options).out == "digits: ok, 60 epochs of batches of 16, sgd, cosine\n"
    expected = load_recipe("digits", epochs=60, **{"optimizer.name": "sgd", "augment.mixup": 0.3})
    assert run("recipe", "render", "digits", *options).out == render_recipe(expected)


def test_render_prints_what_stands_by_itself(run, tmp_path: Path) -> None:
    text = run("recipe", "render", "cifar10").out
    assert text == render_recipe(load_recipe("cifar10"))
    (tmp_path / "again.yaml").write_text(text)
    assert run("recipe", "render", tmp_path / "again.yaml").out == text


def test_schema_prints_the_schema(run) -> None:
    assert run("recipe", "schema").out == schema_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["recipe", "render", "digit"], "'digit' is neither a file nor a recipe of the zoo; did you mean 'digits'?"),
        (["recipe", "render", "base", "--set", "epochs"], "--set epochs: expected PATH=VALUE"),
        (["recipe", "render", "base", "--set", "epoch=3"], "--set epoch=3: epoch: unknown key"),
        (["recipe", "check"], "Missing argument 'RECIPE...'"),
        (["recipe", "chekc"], "No such command 'chekc'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_exits_with_2_and_without_a_traceback(arguments: list[str], message: str, run) -> None:
    result = run(*arguments)
    assert result.code == 2 and result.out == ""
    assert message in result.err and "Traceback" not in result.err


@pytest.mark.parametrize(
    "arguments", [["list"], ["check", "base"], ["render", "imagenet_resnet50"], ["schema"]], ids=" ".join
)
def test_recipe_commands_import_no_framework(arguments: list[str], tmp_path: Path) -> None:
    code = (
        "import sys\nfrom factory.cli.main import main\n"
        f"code = main({['recipe', *arguments]!r})\n"
        "heavy = {'tensorflow', 'keras', 'keras_tuner', 'numpy', 'rich'}\n"
        "loaded = {name.partition('.')[0] for name in sys.modules} & heavy\n"
        "sys.exit(code or (f'loaded {loaded}' if loaded else 0))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_the_shell_completes_names_of_recipes() -> None:
    words = {"_FACTORY_COMPLETE": "complete_bash", "COMP_WORDS": "factory recipe render imagenet", "COMP_CWORD": "3"}
    command = [sys.executable, "-c", "from factory.cli.main import main; main()"]
    done = subprocess.run(command, env=words, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["imagenet_efficientnet", "imagenet_resnet50"]

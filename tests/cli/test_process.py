"""The command as a process: exit codes, where messages go, silence of TensorFlow and of closed pipes, start-up."""

import subprocess
import sys
from pathlib import Path

import pytest
from command import process
from run_folders import write_run

STATIC = [
    ["list"],
    ["info", "efficientnet_b0"],
    ["check", "resnet50"],
    ["render", "resnet50"],
    ["diff", "resnet50", "resnet101"],
    ["space", "digits_recipe", "--samples", "100"],
    ["schema"],
    ["blocks"],
    ["blocks", "mbconv"],
    ["new", "starter"],
    ["recipe", "list"],
    ["recipe", "check", "digits"],
    ["recipe", "render", "imagenet_resnet50", "--set", "epochs=100"],
    ["recipe", "schema"],
    ["compare", "runs/first", "runs/second"],
    ["--help"],
    ["train", "--help"],
]


@pytest.mark.parametrize("arguments", STATIC, ids=" ".join)
def test_static_commands_import_no_framework(arguments: list[str], tmp_path: Path) -> None:
    if arguments[0] == "compare":
        write_run(tmp_path / "runs/first")
        write_run(tmp_path / "runs/second", recipe={"epochs": 7})
    code = (
        "import sys\nfrom factory.cli.main import main\n"
        f"code = main({arguments!r})\n"
        "loaded = {name.partition('.')[0] for name in sys.modules} & {'tensorflow', 'keras', 'keras_tuner', 'rich'}\n"
        "sys.exit(code or (f'loaded {loaded}' if loaded else 0))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_piped_tables_are_plain_aligned_columns() -> None:
    result = process("info", "efficientnet_b0")
    lines = result.out.splitlines()
    assert result.code == 0 and result.err == ""
    assert result.out.isascii() and "\x1b" not in result.out
    assert lines[0].split() == [
        "stage", "block", "repeats", "output", "params", "MACs", "acts", "field", "stride",
    ]  # fmt: skip
    assert lines[3].split() == ["s1", "mbconv", "1", "112x112x16", "1,544", "10.04M", "602.2k", "7", "2"]
    assert all(line == line.rstrip() for line in lines)


def test_a_mistake_is_told_on_stderr_without_traceback(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(
        "name: bad\nstages:\n  stem: {block: conv, filter: 8}\n  head: {blok: classifier}\n"
    )
    result = process("info", "bad.yaml", cwd=tmp_path)
    assert result.code == 2 and result.out == ""
    assert "Traceback" not in result.err
    assert "bad.yaml:3:23: stages.stem.filter: unknown parameter of block 'conv'" in result.err
    assert "^^^^^^ did you mean 'filters'?" in result.err
    assert "bad.yaml:4:3: stages.head" in result.err  # all mistakes in one run


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["info", "resnet5"], "'resnet5' is neither a file nor a spec of the zoo; did you mean 'resnet50'?"),
        (["info", "nothing.yaml"], "nothing.yaml: no such file"),
        (["info", "nothing.keras"], "nothing.keras: there is no such file or directory"),
        (["blocks", "cnov"], "unknown block 'cnov'; did you mean 'conv'?"),
        (["list", "resnte50"], "no network of the zoo fits 'resnte50'; did you mean 'resnet50'?"),
        (["info", "resnet50", "--set", "stages.conv2"], "--set stages.conv2: expected PATH=VALUE"),
        (["info", "resnet50", "--set", "stages.conv2.repeat=3"], "did you mean 'repeats'?"),
        (["info", "resnet50", "--width", "-1"], "scale.width"),
        (["info", "resnet50", "--max-params", "1000000"], "resnet50 has 25,636,712 parameters, the limit is 1,000,000"),
        (["info", "resnet50", "--batch", "0"], "Invalid value for '--batch'"),
        (["build", "resnet50", "--precision", "float8"], "Invalid value for '--precision'"),
        (["train", "resnet5"], "'resnet5' is neither a file nor a spec of the zoo; did you mean 'resnet50'?"),
        (["train", "lenet5", "--recipe", "digit"], "did you mean 'digits'?"),
        (["train", "lenet5", "--set", "recipe.epoch=3"], "did you mean 'epochs'?"),
        (["train", "lenet5", "--device", "gpuu"], "unknown device 'gpuu'"),
        (["compare", "nothing"], "nothing: there is no such folder"),
        (["recipe", "render", "digit"], "did you mean 'digits'?"),
        (["inof"], "No such command 'inof'"),
        (["info"], "Missing argument 'SPEC|MODEL'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_every_mistake_of_the_user_exits_with_2(arguments: list[str], message: str, run) -> None:
    result = run(*arguments)
    assert result.code == 2 and result.out == ""
    assert message in result.err
    assert "Traceback" not in result.err


def test_a_closed_pipe_is_no_error() -> None:
    command = f"{sys.executable} -m factory render resnet50 | head -c 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("f", "")


def test_ctrl_c_exits_with_130(monkeypatch: pytest.MonkeyPatch, run) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("factory.spec.load", interrupted)
    assert run("info", "resnet50").code == 130


def test_a_fault_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch, run) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("factory.spec.load", broken)
    with pytest.raises(ZeroDivisionError):  # Python prints it and exits with 1
        run("info", "resnet50")


def test_version_and_help(run) -> None:
    assert run("--version").out == "factory 0.1.0\n"
    assert "--set PATH=VALUE" in run("info", "--help").out
    assert "Commands:" in run().out + run().err


def test_the_shell_completes_names_of_the_zoo() -> None:
    words = {"_FACTORY_COMPLETE": "complete_bash", "COMP_WORDS": "factory info vgg16", "COMP_CWORD": "2"}
    command = [sys.executable, "-c", "from factory.cli.main import main; main()"]
    done = subprocess.run(command, env=words, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["vgg16", "vgg16_bn"]

"""`factory scale`: families and targets on the command line, and docs/scaling.md, whose outputs are current."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import factory

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "scaling.md"
SHOWN = re.findall(r"^```text\n\$ factory (.*)\n((?:.*\n)*?)```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize(("command", "output"), SHOWN, ids=lambda value: value.partition("\n")[0])
def test_the_page_shows_what_is_printed(run, tmp_path, monkeypatch, command, output):
    monkeypatch.chdir(tmp_path)
    result = run(*shlex.split(command))
    assert result.code == 0 and result.out == output


def test_the_file_on_the_page_is_what_is_written(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("scale", "efficientnet_b0", "--strategy", "table", "--phi", "3", "-o", "family").code == 0
    [path] = Path("family").iterdir()
    assert f"```yaml\n{path.read_text()}```" in PAGE.read_text(encoding="utf-8")


def test_the_table_tells_ratio_law_and_error(run):
    lines = [line.split() for line in run("scale", "efficientnet_b0", "--phi", "0,1").out.splitlines()]
    assert lines[0][-4:] == ["1.92^phi", "error", "of", "rounding"]
    ratio, law, error = float(lines[2][-4]), float(lines[2][-3]), float(lines[2][-2].rstrip("%"))
    member = factory.totals(factory.load("efficientnet_b0", depth=1.2, width=1.1, resolution=1.15))
    assert ratio == pytest.approx(member.macs / factory.totals(factory.load("efficientnet_b0")).macs, abs=5e-4)
    assert law == pytest.approx(1.2 * 1.1**2 * 1.15**2, abs=5e-4) and error == pytest.approx(
        100 * (ratio / law - 1), abs=0.1
    )


def test_a_network_of_a_file_is_scaled_to_a_target_and_written(run, tiny, tmp_path):
    result = run("scale", tiny, "--macs", "3.0M", "--strategy", "wr", "-o", tmp_path / "out")
    assert result.code == 0 and "target   3.000M MACs" in result.out
    [path] = (tmp_path / "out").iterdir()
    assert path.name == "tiny_wr_macs_3_0M.yaml" and f"wrote {path}" in result.out
    assert factory.totals(factory.load(path)).macs == pytest.approx(3e6, rel=0.01)


def test_a_target_that_is_missed_is_remarked_upon(run, tiny):
    out = run("scale", tiny, "--macs", "0.5M", "--strategy", "d").out
    assert "note     repeats, channels and pixels are whole: this strategy comes no nearer" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "expected --phi, or one target (--macs, --params, --peak-memory, --latency-ms), received neither"),
        (["--phi", "1", "--macs", "1G"], "received --phi and --macs"),
        (["--phi", "one"], "--phi one: expected numbers such as 0..7, 0.5 or 0.5,1,2"),
        (["--phi", "7..0"], "--phi 7..0: expected numbers"),
        (["--phi", "0..1000"], "at most 100 of them"),
        (["--phi", "inf"], "--phi inf: expected numbers"),
        (["--macs", "1.8Q"], "--macs 1.8Q: expected a number above 0, which may end in k, M, G or T: 1.8G"),
        (["--params", "-3M"], "--params -3M: expected a number above 0"),
        (["--peak-memory", "1 < 2"], "--peak-memory 1 < 2: expected a number above 0"),
        (["--phi", "1", "--strategy", "fats"], "did you mean 'fast'?"),
    ],
)
def test_mistakes_are_told(run, tiny, words, message):
    result = run("scale", tiny, *words)
    assert result.code == 2 and message in result.err and result.out == ""


def test_a_network_that_is_not_there_is_told(run):
    result = run("scale", "efficientnet_b9", "--phi", "1")
    assert result.code == 2 and "did you mean 'efficientnet_b" in result.err


def test_it_starts_nothing_heavy():
    heavy = ("tensorflow", "keras", "keras_tuner")
    code = (
        "import sys; from factory.cli.main import main; main(['scale', 'mobilenet_v2', '--macs', '600M']); "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_values_of_a_sweep_file_are_set_on_the_command_line(run):
    out = run(
        "sweep", "digits_macro", "--dry-run", "--set", "budget.trials=7", "--set", "space.stages.s3.filters=null"
    ).out
    assert "evolution, 7 trials" in out and "5 dimensions" in out
    result = run("sweep", "digits_macro", "--dry-run", "--set", "budget.trails=7")
    assert result.code == 2 and "did you mean 'trials'" in result.err

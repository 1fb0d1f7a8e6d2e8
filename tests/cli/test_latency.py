"""`factory latency`, and what other commands say of latency, with a table by hand; measuring is tested elsewhere."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from latency_tables import CALL_MS, fill, own_table
from trial_records import trial

import factory
from factory.cli.sweep_progress import outcome
from factory.spec import plan
from tuner.latency import estimate_latency_ms, machine, meter
from tuner.latency.table import CALL, read_table

SWEEP = """\
spec: tiny.yaml
space: {stages.stem.filters: {choice: [8, 16]}}
constraints: [latency_ms <= 1000]
objective: {maximize: val_accuracy * (latency_ms / 20) ** -0.07}
recipe: digits
"""


@pytest.fixture(autouse=True)
def table(tmp_path, monkeypatch):
    return own_table(tmp_path / "cache", monkeypatch)


class Pretending:
    """In place of the process that measures."""

    def ask(self, what, things):
        if what == meter.NETWORKS:
            return [2.0 for _ in things]
        return {CALL: CALL_MS, **{unit.key: 0.5 for unit in things}}


@pytest.fixture
def pretending(monkeypatch):
    monkeypatch.setattr(meter, "_process", Pretending)


def test_stages_add_up_to_the_latency(run, tiny):
    graph = plan(factory.load(tiny))
    fill(graph)
    result = run("latency", tiny)
    lines = [line.split() for line in result.out.splitlines()]
    assert lines[0] == ["stage", "operations", "ms", "share"]
    assert [line[0] for line in lines[1:7]] == ["input", "stem", "s1", "head", "(call)", "total"]
    assert float(lines[6][2]) == pytest.approx(estimate_latency_ms(graph), rel=0.01)
    assert sum(float(line[-1].rstrip("%")) for line in lines[1:6]) == pytest.approx(100, abs=0.3)
    assert ["network", "tiny"] in lines and result.out.endswith(f"machine  {machine.name()}\n")


def test_what_the_table_lacks_is_measured(run, tiny, pretending):
    result = run("latency", tiny, "--set", "stages.stem.filters=16")
    assert (result.code, result.err) == (0, "measured 11 of 11 operations\n")
    assert len(read_table()) == 11 + 1
    assert run("latency", tiny, "--set", "stages.stem.filters=16").err == ""


def test_several_networks_as_json_with_the_whole_ones_measured(run, tiny, pretending):
    result = run("latency", tiny, "lenet5", "--whole", "--json")
    one, other = json.loads(result.out)
    assert (one["network"], other["network"]) == ("tiny", "lenet5")
    assert other["latency_ms"] == CALL_MS + 0.5 * 16 and other["measured_ms"] == 2.0
    assert other["call_ms"] + sum(stage["ms"] for stage in other["stages"]) == other["latency_ms"]


def test_how_far_the_sum_is_off_is_told(run, tiny, pretending):
    out = run("latency", "lenet5", "--whole").out
    assert "latency   8.12 ms an image\n" in out and "measured  2.00 ms as a whole; the sum is +306.2% off\n" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "expected SPEC... or --sweep FILE, received neither: factory latency mobilenet_v2\n"),
        (["mobilenet_v4"], "did you mean 'mobilenet_v"),
        (["mobilenet_v2", "--set", "input.resolution=any"], "give the network a resolution"),
        (["--sweep", "mnasnte"], "did you mean 'mnasnet'?"),
    ],
)
def test_a_mistake_is_told(run, words, message):
    result = run("latency", *words)
    assert result.code == 2 and message in result.err and "Traceback" not in result.err


def test_a_dry_run_says_how_many_latencies_are_not_known_and_what_measures_them(run, tiny, pretending):
    path = tiny.parent / "sweep.yaml"
    path.write_text(SWEEP)
    out = run("sweep", path, "--dry-run").out
    assert "feasible    not known: latency_ms decides about 2 of 2 points\n" in out
    command = f"factory latency --sweep {path}"
    assert f"latency_ms  not known of 2 of 2 points; their operations are measured by {command}, or when" in out
    assert "operations measured" in run(*command.split()[1:]).out
    assert run(*command.split()[1:]).out == "sweep: the table has all it needs\n"
    out = run("sweep", path, "--dry-run").out
    # with 16 channels before it the first bottleneck has no shortcut, and so no sum
    assert "feasible     100.0%: 2 points\n" in out and "latency_ms   5.62 to 6.12, half of them up to 5.88\n" in out


def test_a_trial_is_told_with_its_latency():
    line = outcome(trial(3, 0.9, costs={"params": 1000, "macs": 20_000, "latency_ms": 12.345}))
    assert line == "trial 3: 0.9000 val_accuracy, 1,000 parameters, 20.00k MACs, 12.35 ms"
    assert outcome(trial(3, costs={"latency_ms": 1.0}, scores=(-1.0,), values={"latency_ms": 1.0})).count(" ms") == 0


def test_a_table_is_read_without_tensorflow(tiny):
    fill(plan(factory.load(tiny)))
    code = (
        "import sys\nfrom factory.cli.main import main\n"
        f"code = main(['latency', {str(tiny)!r}])\n"
        "print(code, sorted({'tensorflow', 'keras', 'keras_tuner', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.stdout.splitlines()[-1], done.stderr) == ("0 []", "")

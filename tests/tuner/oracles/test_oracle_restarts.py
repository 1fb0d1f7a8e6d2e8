"""What a killed, damaged or doubled search of a plain KerasTuner user goes on with."""

import json
import math
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from fake_searches import LOSS, Killed, Searching, failing, killed_in, results, stack, stacked
from keras_tuner import Objective
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.tuners import RandomSearch

from factory.errors import FactoryError
from factory.files import write_whole
from tuner import oracles
from tuner.algorithms.algorithm import Proposal, Result, Trial
from tuner.oracles import persisting, records
from tuner.space import Choice, Condition, Float, Space


def make(name="Random", **more):
    return getattr(oracles, name)(objective=LOSS, max_trials=8, **more)


def uninterrupted(tmp_path, **more):
    searching = Searching(tmp_path / "whole", make(**more))
    searching.search()
    return results(searching)


def kill(directory, trial_id, **more):
    searching = Searching(directory, make(**more), killed_in(trial_id))
    with pytest.raises(Killed):
        searching.search()
    return searching


@pytest.mark.parametrize("name", ["Random", "Evolution", "Sobol", "Grid", "LocalSearch"])
@pytest.mark.parametrize("at", ["0000", "0005"])
def test_a_killed_search_goes_on_to_the_same_trials(name, at, tmp_path):
    more = {"population": 3, "sample": 2} if name == "Evolution" else {}
    whole = uninterrupted(tmp_path, name=name, **more)
    kill(tmp_path, at, name=name, **more)
    again = Searching(tmp_path, make(name, **more))
    again.search()
    assert results(again) == whole
    assert again.ran == [f"{number:04d}" for number in range(int(at), 8)]


@pytest.mark.parametrize("at", ["0002", "0006"])
def test_a_search_whose_space_grew_goes_on_to_the_same_trials(at, tmp_path):
    def search(directory, run):
        oracle = oracles.Evolution(objective=LOSS, max_trials=14, population=3, sample=2)
        searching = Searching(directory, oracle, run, hypermodel=stack)
        try:
            searching.search()
        except Killed:
            return None
        return results(searching)

    def until(trial):
        if trial.trial_id == at:
            raise Killed
        return stacked(trial)

    assert search(tmp_path / "cut", until) is None
    assert search(tmp_path / "cut", stacked) == search(tmp_path / "whole", stacked)


def test_another_tuner_id_goes_on_too(tmp_path, monkeypatch):
    whole = uninterrupted(tmp_path)
    kill(tmp_path, "0004")
    monkeypatch.setenv("KERASTUNER_TUNER_ID", "somebody")
    again = Searching(tmp_path, make())
    assert [name for name, *_ in results(again)] == ["0000", "0001", "0002", "0003", "0004"]
    again.search()
    assert results(again) == whole


def test_a_finished_search_has_its_best_again_and_runs_nothing(tmp_path):
    whole = uninterrupted(tmp_path)
    again = Searching(tmp_path / "whole", make())
    assert again.get_best_hyperparameters()[0].values == min(whole, key=lambda result: result[3])[1]
    again.search()
    assert again.ran == []


def test_overwriting_begins_anew(tmp_path):
    uninterrupted(tmp_path)
    again = Searching(tmp_path / "whole", make(seed=1), overwrite=True)
    again.search()
    assert again.ran[0] == "0000"
    assert len(again.ran) == 8


def test_a_trial_written_before_the_state_was_is_taken_up(tmp_path, monkeypatch):
    whole = uninterrupted(tmp_path)

    def killed_before_the_state(path: Path, text: str) -> None:
        if path.name == "oracle.json" and json.loads(text)["next"] == 4:
            raise Killed
        write_whole(path, text)

    monkeypatch.setattr(persisting, "write_whole", killed_before_the_state)
    with pytest.raises(Killed):
        Searching(tmp_path, make()).search()
    monkeypatch.undo()
    again = Searching(tmp_path, make())
    assert [name for name, *_ in results(again)] == ["0000", "0001", "0002", "0003"]
    again.search()
    assert results(again) == whole


def test_a_result_written_before_the_state_was_is_learned_from(tmp_path, monkeypatch):
    more = {"name": "LocalSearch"}
    whole = uninterrupted(tmp_path, **more)

    def killed_after_the_result(path: Path, text: str) -> None:
        if path.name == "oracle.json" and json.loads(text)["learned"] == 4:
            raise Killed
        write_whole(path, text)

    monkeypatch.setattr(persisting, "write_whole", killed_after_the_result)
    with pytest.raises(Killed):
        Searching(tmp_path, make(**more)).search()
    monkeypatch.undo()
    again = Searching(tmp_path, make(**more))
    again.search()
    assert again.ran[0] == "0004"
    assert results(again) == whole


def test_files_are_written_whole_or_not_at_all(tmp_path, monkeypatch):
    searching = kill(tmp_path, "0003")
    before = {path: path.read_bytes() for path in Path(searching.project_dir).rglob("*.json")}
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(Killed))
    with pytest.raises(Killed):
        Searching(tmp_path, make()).search()
    assert {path: path.read_bytes() for path in Path(searching.project_dir).rglob("*.json")} == before


@pytest.mark.parametrize("content", ['{"trial_id": "00', "", "[1]", '{"proposal": {}}', "\x00\x00"])
def test_a_damaged_trial_is_set_aside_with_a_warning_and_another_runs_for_it(content, tmp_path):
    whole = uninterrupted(tmp_path)
    kill(tmp_path, "0005")
    damaged = tmp_path / "p" / "trial_0002" / "trial.json"
    damaged.write_text(content)
    with pytest.warns(UserWarning, match=r"trial_0002/trial.json is damaged .* kept as trial.json.damaged"):
        again = Searching(tmp_path, make())
    again.search()
    assert (damaged.parent / "trial.json.damaged").read_text() == content
    names = [name for name, *_ in results(again)]
    assert names == ["0000", "0001", "0003", "0004", "0005", "0006", "0007", "0008"]
    assert results(again)[:4] == [whole[0], whole[1], whole[3], whole[4]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert results(Searching(tmp_path, make())) == results(again)


@pytest.mark.parametrize("lost", ["0000", "0003", "0007"])
@pytest.mark.parametrize("name", ["Grid", "Evolution", "Halving"])
def test_a_missing_trial_is_no_other_trials_name(name, lost, tmp_path):
    more = {"epochs": 9} if name == "Halving" else {}
    searching = Searching(tmp_path, make(name, **more))
    searching.search()
    whole = results(searching)
    (tmp_path / "p" / f"trial_{lost}" / "trial.json").unlink()
    again = Searching(tmp_path, make(name, **more))
    again.search()
    assert again.ran == ["0008"]
    assert [result for result in results(again) if result[0] != "0008"] == [r for r in whole if r[0] != lost]
    third = Searching(tmp_path, make(name, **more))
    third.oracle.max_trials = 10
    third.search()
    assert third.ran == ["0009", "0010"]


def test_a_missing_directory_of_the_last_trial_is_remembered(tmp_path):
    searching = Searching(tmp_path, make())
    searching.search()
    directory = tmp_path / "p" / "trial_0007"
    (directory / "trial.json").unlink()
    directory.rmdir()
    again = Searching(tmp_path, make())
    again.search()
    assert again.ran == ["0008"]


@pytest.mark.parametrize("how", ["truncated", "missing"])
def test_a_lost_state_is_made_of_the_trials(how, tmp_path):
    whole = uninterrupted(tmp_path, name="Evolution", population=3)
    kill(tmp_path, "0005", name="Evolution", population=3)
    state = tmp_path / "p" / "oracle.json"
    if how == "missing":
        state.unlink()
        again = Searching(tmp_path, make("Evolution", population=3))
    else:
        state.write_text(state.read_text()[:100])
        with pytest.warns(UserWarning, match=r"oracle.json is damaged"):
            again = Searching(tmp_path, make("Evolution", population=3))
    again.search()
    assert results(again) == whole


def test_a_truncated_file_of_the_tuner_is_set_aside(tmp_path):
    whole = uninterrupted(tmp_path)
    kill(tmp_path, "0005")
    (tmp_path / "p" / "tuner0.json").write_text("")
    with pytest.warns(UserWarning, match=r"tuner0.json is damaged"):
        again = Searching(tmp_path, make())
    again.search()
    assert results(again) == whole


def test_numbers_that_json_does_not_have_are_standard_json_and_come_back(tmp_path):
    oracle = oracles.Random(objective=LOSS, max_trials=3)

    def run(trial):
        return {"loss": 1.0, "other": math.inf} if trial.trial_id == "0000" else failing("0001")(trial)

    Searching(tmp_path, oracle, run).search()

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    for file in (tmp_path / "p").rglob("*.json"):
        json.loads(file.read_text(), parse_constant=refuse)
    again = Searching(tmp_path, oracles.Random(objective=LOSS, max_trials=3))
    assert again.oracle.trials["0000"].metrics.get_best_value("other") == math.inf
    assert again.oracle.trials["0001"].status == "FAILED"


def test_failures_wait_for_their_retry_over_a_restart(tmp_path):
    def run(trial):
        if searching.ran.count("0002") == 2:
            raise Killed
        return failing("0002")(trial)

    searching = Searching(tmp_path, make(max_retries_per_trial=1), run)
    with pytest.raises(Killed):
        searching.search()
    assert searching.ran == ["0000", "0001", "0002", "0002"]
    again = Searching(tmp_path, make(max_retries_per_trial=1))
    again.search()
    assert again.ran == ["0002", "0003", "0004", "0005", "0006", "0007"]
    assert again.oracle.trials["0002"].status == "COMPLETED"


def test_a_drawn_seed_is_kept(tmp_path):
    first = kill(tmp_path, "0003", seed=None)
    again = Searching(tmp_path, make(seed=None))
    assert again.oracle.seed == first.oracle.seed


def test_another_search_in_the_directory_is_refused(tmp_path):
    Searching(tmp_path, make()).search()
    with pytest.raises(FactoryError, match="the algorithm of the search there is random, now evolution"):
        Searching(tmp_path, make("Evolution"))
    with pytest.raises(FactoryError, match=r"the objective of the search there is .*loss.* now .*accuracy"):
        Searching(tmp_path, oracles.Random(objective=Objective("accuracy", "max")))


def test_trials_of_keras_tuners_own_oracle_are_refused_not_overwritten(tmp_path):
    class Own(RandomSearch):
        def run_trial(self, trial):
            return 1.0

    own = Own(lambda hp: hp.Int("k", 1, 9), LOSS, 2, directory=str(tmp_path), project_name="p")
    own.oracle.verbose = 0
    own.search()
    with pytest.raises(FactoryError, match="holds the trials of another oracle"):
        Searching(tmp_path, make())
    assert len(list((tmp_path / "p").glob("trial_*/trial.json"))) == 2


def test_a_second_process_is_refused_and_told_who_is_there(tmp_path):
    Searching(tmp_path, make())
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from factory.errors import FactoryError\n"
        "from tuner.oracles.lock import lock_project\n"
        "try:\n"
        "    lock_project(Path(sys.argv[1]))\n"
        "except FactoryError as error:\n"
        "    print(error)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "p")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert f"process {os.getpid()} on " in said
    assert "searches here already" in said
    Searching(tmp_path, make())  # the process that has it may make its tuner anew


def test_a_directory_that_is_not_local_is_refused(tmp_path):
    with pytest.raises(FactoryError, match="expected a local directory, received 'gs://bucket'"):
        make()._set_project_dir("gs://bucket", "p")


def test_the_state_stays_small(tmp_path):
    sizes = []
    for trials in (5, 40):
        oracle = oracles.Evolution(objective=LOSS, max_trials=trials, population=3)
        Searching(tmp_path / str(trials), oracle).search()
        sizes.append((tmp_path / str(trials) / "p" / records.STATE).stat().st_size)
    assert sizes[1] < sizes[0] + 20


def test_an_oracle_that_a_store_keeps_writes_nothing(tmp_path):
    oracle = make()
    oracle.persistent = False
    searching = Searching(tmp_path, oracle)
    searching.search()
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["tuner0.json"]  # KerasTuner's own


SPACE = Space(
    [Float("width", 0.5, 2.0), Choice("kind", ("a", 1)), Float("x", 0.0, 1.0, when=(Condition("width", "lt", 1.0),))]
)


@pytest.mark.parametrize("name", ["Random", "Evolution", "Halving", "NSGA2"])
def test_an_oracle_resumes_from_the_trials_of_a_store(name):
    objective = [Objective("a", "max"), Objective("b", "min")] if name == "NSGA2" else LOSS
    metrics = [one.name for one in objective] if name == "NSGA2" else ["loss"]

    def new():
        oracle = getattr(oracles, name)(objective=objective, max_trials=20, hyperparameters=SPACE, epochs=4)
        oracle.persistent, oracle.verbose = False, 0
        return oracle

    def step(oracle, tuner="a"):
        trial = oracle.create_trial(tuner)
        width = trial.hyperparameters["width"]
        oracle.update_trial(trial.trial_id, {metric: width * (i + 1) for i, metric in enumerate(metrics)})
        trial.status = "FAILED" if width > 1.8 else "COMPLETED"
        oracle.end_trial(trial)

    whole, cut = new(), new()
    for _ in range(20):
        step(whole)
    for _ in range(9):
        step(cut)
    cut.create_trial("b")
    again = new()
    again.resume(cut.algorithm.trials, cut.algorithm.state())
    assert again.create_trial("a").trial_id == "0009"
    for _ in range(11):
        step(again)
    assert again.create_trial("a").status == "STOPPED"
    assert again.algorithm.trials == whole.algorithm.trials
    assert [t.trial_id for t in again.get_best_trials(3)] == [t.trial_id for t in whole.get_best_trials(3)]


def test_a_store_has_a_score_for_each_objective_also_of_an_algorithm_that_sees_their_sum():
    aims = [Objective("accuracy", "max"), Objective("macs", "min")]
    oracle = oracles.Random(objective=aims, hyperparameters=SPACE)
    oracle.persistent, oracle.verbose = False, 0
    oracle.resume([Trial(0, Proposal({"width": 1.5, "kind": 1}), Result((0.75, -2.0)))], {})
    assert oracle.algorithm.trials[0].result == Result((-1.25,))
    assert oracle.get_best_trials()[0].score == 1.25
    assert [trial.trial_id for trial in oracle.get_front()] == ["0000"]


def test_a_gap_in_the_trials_of_a_store_leaves_the_names_of_the_others():
    trials = [
        Trial(n, Proposal({"width": 0.5 + n / 10, "kind": "a", "x": 0.5}), Result((float(n),))) for n in (0, 2, 3)
    ]
    oracle = oracles.Random(objective=Objective("score", "max"), hyperparameters=SPACE)
    oracle.persistent, oracle.verbose = False, 0
    oracle.resume(trials, {})
    assert list(oracle.trials) == ["0000", "0002", "0003"]
    assert [trial.number for trial in oracle.algorithm.trials] == [0, 1, 2]
    assert oracle.get_best_trials()[0].trial_id == "0003"
    assert oracle.create_trial("a").trial_id == "0004"


def test_the_workers_of_keras_tuners_distributed_mode_neither_lock_nor_read(tmp_path, monkeypatch):
    monkeypatch.setenv("KERASTUNER_ORACLE_IP", "127.0.0.1")
    monkeypatch.setenv("KERASTUNER_ORACLE_PORT", "9999")
    monkeypatch.setenv("KERASTUNER_TUNER_ID", "worker1")
    make()._set_project_dir(str(tmp_path), "p")
    assert list(tmp_path.iterdir()) == []
    assert issubclass(Searching, BaseTuner)

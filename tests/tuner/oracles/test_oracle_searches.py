"""Searches with a plain KerasTuner tuner over our oracles: seeds, failures, spaces that grow, several objectives."""

import math
import subprocess
import sys

import keras_tuner
import pytest
from fake_searches import LOSS, Searching, build, failing, loss, stack, stacked
from keras_tuner import Objective
from keras_tuner.engine.trial import TrialStatus

from factory.errors import FactoryError
from tuner import oracles
from tuner.algorithms import ALGORITHMS
from tuner.oracles.named import ORACLES
from tuner.space import Choice, Condition, Float, Int, Space


def test_every_algorithm_has_an_oracle_with_a_docstring():
    assert ORACLES.keys() == ALGORITHMS.keys()
    for kind in ORACLES.values():
        assert getattr(oracles, kind.__name__) is kind
        assert issubclass(kind, keras_tuner.Oracle)
        assert kind.__doc__ != oracles.AlgorithmOracle.__doc__


def test_importing_the_oracles_brings_in_no_heavy_library():
    program = (
        "import sys, tuner.oracles; print(sorted({'keras_tuner', 'tensorflow', 'keras', 'numpy'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "[]\n"


def test_an_unknown_oracle_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"'tuner\.oracles' has no attribute 'Evolutoin'"):
        oracles.Evolutoin  # noqa: B018


def test_unknown_and_wrong_parameters_are_told_at_once():
    with pytest.raises(FactoryError) as caught:
        oracles.Evolution(objective=LOSS, populaton=20, objectiv="x", sample="many")
    lines = sorted(str(caught.value).splitlines())
    assert lines[0] == "Evolution: objectiv: unknown parameter; did you mean 'objective'?"
    assert lines[1] == "Evolution: populaton: unknown parameter; did you mean 'population'?"
    assert lines[2].startswith("Evolution: sample: expected")
    with pytest.raises(FactoryError, match="Random: zzz: unknown parameter; the algorithm has none"):
        oracles.Random(objective=LOSS, zzz=1)


TRAINED = ("reinforce", "ppo")  # whose controllers take seconds; they have tests of their own


@pytest.mark.parametrize("name", [kind.__name__ for name, kind in ORACLES.items() if name not in TRAINED])
def test_a_search_finishes_and_finds_its_best(name, tmp_path):
    if name == "GP":
        pytest.importorskip("torch")
    searching = Searching(tmp_path, getattr(oracles, name)(objective=LOSS, max_trials=12, epochs=9))
    searching.search()
    best = min(loss(trial.hyperparameters) for trial in searching.oracle.trials.values())
    assert len(searching.oracle.trials) == 12
    assert loss(searching.get_best_hyperparameters()[0]) == best
    assert searching.remaining_trials == 0
    for values in searching.values():
        assert ("extra" in values) == (values["kind"] == "fancy")


def test_seeds_give_the_same_search_again_and_others_another_zero_included(tmp_path):
    drawn = {}
    for name, seed in [("a", 0), ("b", 0), ("c", 1), ("d", 2)]:
        searching = Searching(tmp_path / name, oracles.Random(objective=LOSS, max_trials=8, seed=seed))
        searching.search()
        drawn[name] = [values["x"] for values in searching.values()]
    assert drawn["a"] == drawn["b"]
    assert len({x for name in "acd" for x in drawn[name]}) == 24  # KerasTuner's seeds 1 and 2 share most numbers


def test_without_a_seed_every_search_is_another(tmp_path):
    seeds = {oracles.Random(objective=LOSS, seed=None).seed for _ in range(3)}
    assert len(seeds) == 3


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("direction", ["min", "max"])
def test_an_objective_that_is_no_number_is_a_failure_with_a_reason_and_never_the_best(value, direction, tmp_path):
    oracle = oracles.Random(objective=Objective("score", direction), max_trials=5)
    searching = Searching(tmp_path, oracle, failing("0001", "0003", value=value))
    searching.search()
    assert [trial.status == "FAILED" for trial in oracle.trials.values()] == [False, True, False, True, False]
    assert oracle.trials["0001"].message == f"the objective score is {value}, which is no finite number"
    assert oracle.trials["0001"].score is None
    assert [trial.trial_id for trial in oracle.get_best_trials(9)] != []
    assert not {"0001", "0003"} & {trial.trial_id for trial in oracle.get_best_trials(9)}


def test_where_all_fail_nothing_is_best_and_nothing_aborts(tmp_path):
    def crash(trial):
        raise RuntimeError("out of luck")

    searching = Searching(tmp_path, run=crash)
    searching.search()
    assert {trial.status for trial in searching.oracle.trials.values()} == {"FAILED"}
    assert len(searching.oracle.trials) == 8
    assert "out of luck" in searching.oracle.trials["0007"].message
    assert searching.oracle.get_best_trials(3) == searching.get_best_hyperparameters(3) == []


def test_an_abort_after_failures_in_a_row_has_to_be_asked_for(tmp_path):
    oracle = oracles.Random(objective=LOSS, max_trials=9, max_consecutive_failed_trials=2)
    with pytest.raises(FactoryError, match="2 trials failed in a row, the last one:\nthe objective loss is nan"):
        Searching(tmp_path, oracle, failing("0001", "0003", "0004")).search()
    assert len(oracle.trials) == 5


def test_a_retry_forgets_the_metrics_of_the_failure(tmp_path):
    answers = iter([math.nan, 0.5, math.nan, math.nan, 0.25])
    oracle = oracles.Random(objective=LOSS, max_trials=3, max_retries_per_trial=1)
    searching = Searching(tmp_path, oracle, lambda trial: next(answers))
    searching.search()
    assert searching.ran == ["0000", "0000", "0001", "0001", "0002"]
    assert [(trial.status, trial.score) for trial in oracle.trials.values()] == [
        ("COMPLETED", 0.5),
        ("FAILED", None),
        ("COMPLETED", 0.25),
    ]


def test_a_trial_ends_once():
    oracle = oracles.Random(objective=LOSS, hyperparameters=Space([Float("x", 0.0, 1.0)]))
    oracle.verbose = 0
    trial = oracle.create_trial("a")
    oracle.update_trial(trial.trial_id, {"loss": 1.0})
    trial.status = TrialStatus.COMPLETED
    oracle.end_trial(trial)
    oracle.end_trial(trial)
    assert oracle.end_order == ["0000"]
    with pytest.raises(ValueError, match="expected a trial COMPLETED, INVALID or FAILED, received RUNNING"):
        oracle.end_trial(oracle.create_trial("a"))


def test_a_tuner_has_one_trial_at_a_time_and_two_tuners_two():
    oracle = oracles.Random(objective=LOSS, hyperparameters=Space([Float("x", 0.0, 1.0)]), max_trials=2)
    oracle.verbose = 0
    names = [oracle.create_trial(tuner).trial_id for tuner in ("a", "b", "a", "b")]
    assert names == ["0000", "0001", "0000", "0001"]
    assert oracle.create_trial("c").status == "STOPPED"


def test_the_missing_objective_is_refused_and_blocks_nobody():
    oracle = oracles.Random(objective=LOSS, hyperparameters=Space([Float("x", 0.0, 1.0)]))
    oracle.verbose = 0
    trial = oracle.create_trial("a")
    with pytest.raises(ValueError, match="Objective value missing"):
        oracle.update_trial(trial.trial_id, {"accuracy": 1.0})
    assert oracle.update_trial(trial.trial_id, {"loss": 1.0}) is trial


@pytest.mark.parametrize("name", ["Random", "Grid", "Sobol", "Evolution", "LocalSearch", "TPE", "Bayesian"])
def test_a_space_that_grows_while_it_is_discovered_makes_the_algorithm_anew(name, tmp_path):
    oracle = getattr(oracles, name)(objective=LOSS, max_trials=20)
    searching = Searching(tmp_path, oracle, stacked, hypermodel=stack)
    assert [d.name for d in oracle.space] == ["units_0", "layers"]
    searching.search()
    assert [d.name for d in oracle.space] == ["units_0", "layers", "units_1", "units_2"]
    assert len(oracle.trials) == len(oracle.algorithm.finished) == 20
    for trial in oracle.algorithm.trials:
        assert oracle.space.contains(trial.proposal.point)
        kept = oracle.trials[f"{trial.number:04d}"].hyperparameters.values
        assert {name: trial.proposal.point[name] for name in kept} == kept
    assert max(values["units_1"] for values in searching.values() if "units_1" in values) > 1


def test_a_search_tells_how_it_goes_in_keras_tuners_words(tmp_path, capsys):
    searching = Searching(tmp_path, oracles.Random(objective=LOSS, max_trials=2), failing("0000"))
    searching.oracle.verbose = 1
    searching.search()
    told = capsys.readouterr().out
    assert "Search: Running Trial #2" in told
    assert "Best loss So Far: None" in told
    assert f"Best loss So Far: {searching.oracle.trials['0001'].score}" in told


def test_a_space_declared_in_run_trial_alone_is_discovered_by_the_first_trial_others_wait(tmp_path):
    oracle = oracles.Random(objective=LOSS, max_trials=4)
    oracle.verbose = 0
    first = oracle.create_trial("a")
    assert first.hyperparameters.values == {}
    assert oracle.create_trial("b").status == "IDLE"  # KerasTuner tells it to stop
    build(first.hyperparameters)
    oracle.update_trial("0000", {"loss": 1.0})
    first.status = TrialStatus.COMPLETED
    oracle.end_trial(first)
    assert oracle.create_trial("b").hyperparameters.values.keys() >= {"x", "k", "kind"}


def test_an_exhausted_space_ends_the_search(tmp_path):
    oracle = oracles.Random(objective=LOSS, max_trials=50, hyperparameters=Space([Choice("k", (1, 2, 3))]))
    searching = Searching(tmp_path, oracle, lambda trial: float(trial.hyperparameters["k"]), hypermodel=None)
    searching.search()
    assert sorted(values["k"] for values in searching.values()) == [1, 2, 3]


def test_infeasible_points_are_never_tried(tmp_path):
    oracle = oracles.Random(objective=LOSS, max_trials=20, feasible=lambda point: point["k"] > 3)
    searching = Searching(tmp_path, oracle)
    searching.search()
    assert {values["k"] for values in searching.values()} == {4, 5}


def test_a_given_space_keeps_the_conditions_that_keras_tuner_cannot_say(tmp_path):
    space = Space([Float("width", 0.5, 2.0), Int("batch", 1, 4, when=(Condition("width", "lt", 1.0),))])
    oracle = oracles.Random(objective=LOSS, max_trials=30, hyperparameters=space)
    searching = Searching(tmp_path, oracle, lambda trial: trial.hyperparameters["width"], hypermodel=None)
    searching.search()
    assert all(values.keys() == {"width", "batch"} for values in searching.values())
    points = [oracle.proposal(name).point for name in oracle.trials]
    assert {("batch" in point, point["width"] < 1.0) for point in points} == {(True, True), (False, False)}
    with pytest.raises(RuntimeError, match="allow_new_entries"):
        Searching(tmp_path / "b", oracles.Random(objective=LOSS, hyperparameters=space), hypermodel=build)


def test_several_objectives_are_scores_for_a_front_and_a_sum_for_others(tmp_path):
    aims = [Objective("accuracy", "max"), Objective("macs", "min")]

    def run(trial):
        accuracy, macs = trial.hyperparameters["x"], 3 * trial.hyperparameters["k"]
        return {"accuracy": accuracy, "macs": macs, "multi_objective": macs - accuracy}

    for name, expected in [("NSGA2", 2), ("Random", 1)]:
        oracle = getattr(oracles, name)(objective=aims, max_trials=10)
        Searching(tmp_path / name, oracle, run).search()
        for trial in oracle.algorithm.trials:
            point, scores = trial.proposal.point, trial.result.scores
            assert len(scores) == expected
            assert sum(scores) == pytest.approx(point["x"] - 3 * point["k"])
        front = {trial.trial_id for trial in oracle.get_front()}
        pairs = {name: (t.hyperparameters["x"], -t.hyperparameters["k"]) for name, t in oracle.trials.items()}
        beaten = {n for n, a in pairs.items() for b in pairs.values() if b != a and b[0] >= a[0] and b[1] >= a[1]}
        assert front == pairs.keys() - beaten


def test_the_sum_of_several_objectives_is_made_where_a_run_does_not_report_it():
    aims = [Objective("accuracy", "max"), Objective("macs", "min")]
    oracle = oracles.NSGA2(objective=aims, hyperparameters=Space([Float("x", 0.0, 1.0)]))
    oracle.verbose = 0
    trial = oracle.create_trial("a")
    oracle.update_trial(trial.trial_id, {"accuracy": 0.75, "macs": 2.0}, step=3)
    trial.status = TrialStatus.COMPLETED
    oracle.end_trial(trial)
    assert (trial.score, trial.best_step) == (1.25, 3)
    assert oracle.algorithm.trials[0].result.scores == (0.75, -2.0)


def test_short_trials_say_how_long_and_from_where_in_the_words_of_keras_tuners_hyperband(tmp_path):
    oracle = oracles.Halving(objective=LOSS, max_trials=20, epochs=9, factor=3)
    searching = Searching(tmp_path, oracle)
    searching.search()
    first = searching.values()[0]
    assert (first["tuner/epochs"], first["tuner/initial_epoch"], "tuner/trial_id" in first) == (1, 0, False)
    going_on = [values for values in searching.values() if "tuner/trial_id" in values]
    assert going_on
    for values in going_on:
        parent = oracle.trials[values["tuner/trial_id"]].hyperparameters.values
        assert values["tuner/initial_epoch"] == parent["tuner/epochs"]
        assert values["tuner/epochs"] == 3 * parent["tuner/epochs"]
        assert (values["x"], values["k"]) == (parent["x"], parent["k"])

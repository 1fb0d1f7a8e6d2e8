"""Sweeps for plain KerasTuner tuners: the hypermodel, its compiled models, and the oracle of a sweep."""

import keras
import keras_tuner
import numpy as np
import pytest
import tensorflow as tf
from keras_tuner import HyperParameters
from keras_tuner.errors import FailedTrialError
from tiny_sweeps import SWEEP, digits

import tuner
from factory.errors import FactoryError
from factory.train.recipe.reading import load_recipe
from tuner.oracles.compiling import SampleLoss, compile_model


@pytest.fixture(autouse=True)
def _untraced():
    """Tracing takes a second a model; a few steps of a tiny one take milliseconds."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


NAMES = ["stages.stem.filters", "stages.stem.kernel", "recipe.learning_rate", "recipe.batch_size"]


def test_the_whole_space_is_declared_at_once_with_a_feasible_default():
    hp = HyperParameters()
    model = tuner.hypermodel(SWEEP).build(hp)
    assert [parameter.name for parameter in hp.space] == NAMES
    assert hp["stages.stem.filters"] != 32  # 32 filters have more than 300 parameters
    assert model.count_params() <= 300
    assert hp.inactive_scopes == []


def test_values_make_the_network_and_its_learning_rate():
    hp = HyperParameters()
    hp.values = {
        "stages.stem.filters": 4,
        "stages.stem.kernel": 3,
        "recipe.learning_rate": 0.05,
        "recipe.batch_size": 16,
    }
    model = tuner.hypermodel(SWEEP).build(hp)
    assert model.layers[2].weights[0].shape == (3, 3, 1, 4)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.05)


def test_an_infeasible_candidate_fails_with_the_constraint():
    hp = HyperParameters()
    hp.values = dict(zip(NAMES, [32, 3, 0.05, 16], strict=True))
    with pytest.raises(FailedTrialError, match="tiny: infeasible: params <= 300 does not hold"):
        tuner.hypermodel(SWEEP).build(hp)


class Spy:
    """A model that tells how it was fitted."""

    def fit(self, *args, **kwargs):
        return kwargs


def test_the_recipe_says_epochs_and_batch_size_unless_the_search_does():
    models, (x, y) = tuner.hypermodel(SWEEP), digits(4)
    hp = HyperParameters()
    hp.values = dict(zip(NAMES, [4, 1, 0.005, 50], strict=True))
    assert models.fit(hp, Spy(), x, y) == {"batch_size": 50, "epochs": 2}
    assert models.fit(hp, Spy(), x=x, y=y, epochs=7, batch_size=3) == {"batch_size": 3, "epochs": 7, "x": x, "y": y}
    assert models.fit(hp, Spy(), tf.data.Dataset.from_tensor_slices((x, y)).batch(2)) == {"epochs": 2}
    hp.values["tuner/epochs"] = 1
    assert models.fit(hp, Spy(), x, y) == {"batch_size": 50, "epochs": 1}
    hp.values["recipe.learning_rate"] = 0.05  # where the batch size takes no part
    assert models.fit(hp, Spy(), x, y)["batch_size"] == load_recipe("base").batch_size


@pytest.mark.parametrize("name", ["RandomSearch", "BayesianOptimization", "ours"])
def test_keras_tuners_own_tuners_search_the_space_on_digits(name, tmp_path):
    x, y = digits(16)
    options = {"directory": str(tmp_path), "project_name": name}
    models = tuner.hypermodel(SWEEP, constraints=[], **{"budget.epochs": 1, "budget.trials": 2})
    if name == "ours":
        oracle = tuner.oracles.of_sweep(models.sweep)
        searching = keras_tuner.Tuner(oracle, models, **options)
    else:
        more = {"num_initial_points": 1} if name == "BayesianOptimization" else {}
        searching = getattr(keras_tuner, name)(models, "val_accuracy", max_trials=2, seed=1, **more, **options)
    searching.search(x, y, validation_data=(x, y), verbose=0)
    trials = list(searching.oracle.trials.values())
    assert [trial.status for trial in trials] == ["COMPLETED", "COMPLETED"]
    assert set(trials[0].metrics.metrics) >= {"val_loss", "val_accuracy"}
    assert 0 <= searching.oracle.get_best_trials()[0].score <= 1


def softmax_of(logits):
    inputs = keras.Input((logits.shape[1],))
    model = keras.Model(inputs, keras.layers.Dense(logits.shape[1], activation="softmax")(inputs))
    model.layers[1].set_weights([np.eye(logits.shape[1], dtype="float32"), np.zeros(logits.shape[1], "float32")])
    return model


@pytest.mark.parametrize("labels", ["numbers", "column", "shares"])
def test_the_compiled_loss_and_measures_are_those_of_the_recipe(labels):
    logits = np.random.default_rng(0).normal(size=(20, 12)).astype("float32") * 3
    truth = np.random.default_rng(1).integers(12, size=20)
    given = {"numbers": truth, "column": truth[:, None], "shares": np.eye(12)[truth]}[labels]
    recipe = load_recipe({"extends": "base", "loss": {"label_smoothing": 0.1}, "regularize": {"l2": 0.25}})
    model = compile_model(softmax_of(logits), recipe, "classes")
    found = model.evaluate(logits, given, verbose=0, return_dict=True, batch_size=7)
    logarithms = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    targets = 0.9 * np.eye(12)[truth] + 0.1 / 12
    order = np.argsort(-logits, axis=1)
    assert found["loss"] == pytest.approx(-(targets * logarithms).sum(axis=1).mean() + 0.25 * 12, rel=1e-5)
    assert found["accuracy"] == pytest.approx((order[:, 0] == truth).mean())
    assert found["top5_accuracy"] == pytest.approx((order[:, :5] == truth[:, None]).any(axis=1).mean())


@pytest.mark.parametrize(
    ("task", "labels", "expected"),
    [
        ("labels", np.array([[1, 0], [1, 1], [0, 0]]), {"f1": 2 / 3, "exact_match": 1 / 3}),
        (
            "values",
            np.array([[0.5, 0.5]] * 3),
            {"mean_absolute_error": 1.7 / 6, "root_mean_squared_error": (0.55 / 6) ** 0.5},
        ),
    ],
)
def test_other_tasks_have_the_measures_of_training(task, labels, expected):
    outputs = np.array([[0.9, 0.2], [0.8, 0.3], [0.1, 0.6]], "float32")
    inputs = keras.Input((2,))
    model = compile_model(keras.Model(inputs, keras.layers.Activation("linear")(inputs)), load_recipe("base"), task)
    found = model.evaluate(outputs, labels, verbose=0, return_dict=True)
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-5)


def test_pixels_are_judged_in_the_size_of_their_labels_without_the_ignored_ones():
    outputs = tf.constant([[[[0.9, 0.1], [0.2, 0.8]]]])  # 1 x 2 pixels of two classes
    truth = tf.constant([[[0, 1, 1, 255]]])
    inputs = keras.Input((1, 2, 2))
    model = keras.Model(inputs, keras.layers.Activation("linear")(inputs))
    compile_model(model, load_recipe("base"), "pixels")
    found = model.evaluate(outputs, truth, verbose=0, return_dict=True)
    assert found["mean_iou"] == pytest.approx((1 / 2 + 1 / 2) / 2)


def test_a_model_in_half_precision_scales_its_loss_and_a_frozen_stage_stays():
    recipe = load_recipe({"extends": "base", "precision": "mixed_float16"})
    model = softmax_of(np.zeros((1, 3), "float32"))
    model.layers[1].name = "head"
    compile_model(model, recipe.model_copy(update={"freeze": ("head",)}), "classes")
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert model.trainable_weights == []


def test_a_loss_is_no_other_tasks():
    with pytest.raises(FactoryError, match="does not fit classes"):
        SampleLoss(load_recipe({"extends": "base", "loss": {"name": "huber"}}).loss, "classes", 3)


def test_the_oracle_of_a_sweep_has_its_space_objective_budget_and_constraints():
    sweep = tuner.load(SWEEP)
    oracle = tuner.oracles.of_sweep(sweep)
    oracle.persistent, oracle.verbose = False, 0
    assert isinstance(oracle, tuner.oracles.Evolution)
    assert oracle.space is sweep.space
    assert (oracle.objective.name, oracle.objective.direction) == ("val_accuracy", "max")
    assert (oracle.max_trials, oracle.seed, oracle.epochs, oracle.max_retries_per_trial) == (9, 3, 2, 1)
    assert (oracle.algorithm.parameters.population, oracle.algorithm.parameters.sample) == (4, 2)
    for number in range(9):
        trial = oracle.create_trial("a")
        assert sweep.feasible(oracle.proposal(trial.trial_id).point)
        oracle.update_trial(trial.trial_id, {"val_accuracy": number / 10})
        trial.status = "COMPLETED"
        oracle.end_trial(trial)
    assert oracle.create_trial("a").status == "STOPPED"
    assert oracle.get_best_trials()[0].score == 0.8

"""Every setting of an optimiser does what it says, by hand on a few weights; the table of settings is Keras'."""

from __future__ import annotations

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from factory.blocks.values import Invalid
from factory.errors import FactoryError
from factory.train.optimizers import RateOfUpdates, excluded, make_optimizer
from factory.train.recipe.optimizers import ALL, HYPERPARAMETERS, check_optimizer
from factory.train.recipe.sections import Optimizer, Schedule
from factory.train.schedules import learning_rate

OF_KERAS = {
    name.lower(): kind
    for name, kind in vars(keras.optimizers).items()
    if isinstance(kind, type)
    and issubclass(kind, keras.Optimizer)
    and name not in ("Optimizer", "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap")  # no methods of their own
}
VALUES = {"nesterov": True, "centered": True, "amsgrad": True}
SETTINGS = [(name, setting) for name, settings in HYPERPARAMETERS.items() for setting in settings]


def network() -> keras.Model:
    """Weights: a kernel and a bias of a dense layer, gamma and beta of a norm; all of them 2."""
    inputs = keras.Input((1,))
    x = keras.layers.Dense(2, name="dense")(inputs)
    model = keras.Model(inputs, keras.layers.BatchNormalization(name="norm")(x))
    for weight in model.trainable_variables:
        weight.assign(np.full(weight.shape, 2.0))
    return model


def applied(section: Optimizer, *gradients: float, rate=0.1, precision: str = "float32") -> dict[str, np.ndarray]:
    """The weights after steps in which every element of every gradient has the same value."""
    model = network()
    optimizer = make_optimizer(section, rate, model, precision)
    optimizer.build(model.trainable_variables)
    step = tf.function(lambda value: optimizer.apply([tf.fill(w.shape, value) for w in model.trainable_variables]))
    for value in gradients:
        step(tf.constant(value, "float32"))
    return {weight.path.split("/")[-1]: np.array(weight) for weight in model.trainable_variables}


def test_the_table_is_what_keras_optimizers_have():
    assert set(HYPERPARAMETERS) == set(OF_KERAS)
    for name, kind in OF_KERAS.items():
        assert set(HYPERPARAMETERS[name]) == set(inspect.signature(kind).parameters) & set(ALL), name


def test_every_setting_of_a_recipe_is_one_of_all_optimizers_or_in_the_table():
    common = {"name", "weight_decay", "exclude", "clip_norm", "clip_value", "accumulate"}
    assert set(Optimizer.model_fields) == common | set(ALL)


@pytest.mark.parametrize("name", HYPERPARAMETERS)
def test_every_optimizer_is_keras_own_with_keras_defaults(name):
    made = make_optimizer(Optimizer(name=name), 0.1, network())
    assert type(made) is OF_KERAS[name]
    without = {"adamw": {"weight_decay": 0.0}, "muon": {"weight_decay": 0.0, "adam_weight_decay": 0.0}}.get(name, {})
    momentum = {"momentum": 0.9} if name == "sgd" else {}
    expected = OF_KERAS[name](learning_rate=0.1, **without, **momentum)
    assert made.get_config() | {"name": None} == expected.get_config() | {"name": None}


@pytest.mark.parametrize("name,setting", SETTINGS)
def test_every_setting_reaches_the_optimizer(name, setting):
    default = inspect.signature(OF_KERAS[name]).parameters[setting].default
    value = not default if isinstance(default, bool) else VALUES.get(setting, 0.6)
    config = make_optimizer(Optimizer(name=name, **{setting: value}), 0.1, network()).get_config()
    assert config[setting] == value != default


def test_sgd_has_momentum_unless_it_is_told_otherwise():
    # 2 - 0.1 * 1, then - 0.1 * (1 + 0.9)
    np.testing.assert_allclose(applied(Optimizer(), 1.0, 1.0)["kernel"], 2 - 0.1 - 0.19)
    np.testing.assert_allclose(applied(Optimizer(momentum=0.0), 1.0, 1.0)["kernel"], 2 - 0.2)
    # nesterov looks ahead: - 0.1 * (1 + 0.9), then - 0.1 * (1 + 0.9 * (1 + 0.9))
    np.testing.assert_allclose(applied(Optimizer(nesterov=True), 1.0, 1.0)["kernel"], 2 - 0.19 - 0.271, rtol=1e-6)


@pytest.mark.parametrize("name", sorted(set(HYPERPARAMETERS) - {"ftrl", "schedulefreeadamw"}))
def test_without_a_gradient_decay_takes_its_share_times_the_learning_rate_at_every_step(name):
    """ftrl and schedulefreeadamw make weights anew from sums of their own at every step."""
    found = applied(Optimizer(name=name, weight_decay=0.5, exclude=("norm", "bias")), 0.0, 0.0)
    np.testing.assert_allclose(found["kernel"], 2 * (1 - 0.1 * 0.5) ** 2, rtol=1e-6)
    for left in ("bias", "gamma", "beta"):
        np.testing.assert_array_equal(found[left], 2.0)


@pytest.mark.parametrize("name", ["ftrl", "schedulefreeadamw"])
def test_decay_makes_a_difference_for_the_others_too(name):
    plain, decayed = (applied(Optimizer(name=name, weight_decay=decay), 1.0, 1.0)["kernel"] for decay in (0.0, 0.5))
    assert (decayed != plain).all()


@pytest.mark.parametrize(
    "exclude,decayed",
    [
        ((), {"kernel", "bias", "gamma", "beta"}),
        (("norm",), {"kernel", "bias"}),
        (("bias",), {"kernel", "gamma"}),
        (("norm", "bias"), {"kernel"}),
    ],
)
def test_decay_leaves_alone_what_is_excluded(exclude, decayed):
    found = applied(Optimizer(weight_decay=0.5, exclude=exclude), 0.0)
    assert {name for name, value in found.items() if (value < 2).all()} == decayed
    assert {weight.name for weight in excluded(network(), exclude)} == {"kernel", "bias", "gamma", "beta"} - decayed


def test_decay_is_decoupled_from_the_gradient():
    """Adam divides by the size of gradients; decay is not divided."""
    found = applied(Optimizer(name="adamw", weight_decay=0.5), 1000.0)["kernel"]
    np.testing.assert_allclose(found, 2 - 0.1 * 0.5 * 2 - 0.1, rtol=1e-5)


def test_clip_norm_caps_the_norm_of_all_gradients_together_and_nothing_below_it():
    # 8 elements of 3: a norm of 3 * sqrt(8)
    clipped = applied(Optimizer(momentum=0.0, clip_norm=1.0), 3.0)
    for value in clipped.values():
        np.testing.assert_allclose(value, 2 - 0.1 / np.sqrt(8), rtol=1e-6)
    small = applied(Optimizer(momentum=0.0, clip_norm=1.0), 0.1)
    np.testing.assert_allclose(small["kernel"], 2 - 0.1 * 0.1, rtol=1e-6)


def test_clip_value_caps_every_element():
    np.testing.assert_allclose(applied(Optimizer(momentum=0.0, clip_value=0.5), 3.0)["bias"], 2 - 0.1 * 0.5)
    np.testing.assert_allclose(applied(Optimizer(momentum=0.0, clip_value=0.5), -3.0)["bias"], 2 + 0.1 * 0.5)
    np.testing.assert_allclose(applied(Optimizer(momentum=0.0, clip_value=0.5), 0.2)["bias"], 2 - 0.1 * 0.2)


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_two_accumulated_batches_are_one_step_on_their_mean_gradient(name):
    two = Optimizer(name=name, accumulate=2)
    np.testing.assert_array_equal(applied(two, 1.0)["kernel"], 2.0)
    np.testing.assert_allclose(applied(two, 1.0, 4.0)["kernel"], applied(Optimizer(name=name), 2.5)["kernel"])
    expected = applied(Optimizer(name=name), 2.5, -1.0)["kernel"]
    np.testing.assert_allclose(applied(two, 1.0, 4.0, 2.0, -4.0)["kernel"], expected, rtol=1e-6)


def test_with_accumulation_decay_and_clipping_are_of_the_update():
    section = Optimizer(momentum=0.0, accumulate=2, weight_decay=0.5, clip_value=1.0)
    # the mean of 0 and 3 is cut to 1
    np.testing.assert_allclose(applied(section, 0.0, 3.0)["kernel"], 2 * (1 - 0.05) - 0.1, rtol=1e-6)


def test_with_accumulation_the_schedule_goes_on_with_every_update():
    rate = learning_rate(Schedule(name="linear", peak=1.0), epochs=1, steps_per_epoch=4)
    found = applied(Optimizer(momentum=0.0, accumulate=3), *[1.0] * 6, rate=rate)
    np.testing.assert_allclose(found["kernel"], 2 - 1 - 0.75)
    np.testing.assert_allclose(applied(Optimizer(momentum=0.0), 1.0, 1.0, rate=rate)["kernel"], 2 - 1 - 0.75)


def test_weight_decay_follows_the_schedule():
    rate = learning_rate(Schedule(name="linear", peak=1.0), epochs=1, steps_per_epoch=4)
    np.testing.assert_allclose(applied(Optimizer(weight_decay=0.1), 0.0, 0.0, rate=rate)["kernel"], 2 * 0.9 * 0.925)


def test_in_half_precision_the_loss_is_scaled_and_a_step_that_overflows_is_left_out():
    section, model = Optimizer(momentum=0.0), network()
    optimizer = make_optimizer(section, 0.1, model, "mixed_float16")
    optimizer.build(model.trainable_variables)
    scale = float(optimizer.scale_loss(1.0))
    assert scale > 1
    for precision in ("float32", "mixed_bfloat16"):
        assert float(make_optimizer(section, 0.1, model, precision).scale_loss(1.0)) == 1
    found = applied(section, scale * 3.0, float("inf"), precision="mixed_float16")
    np.testing.assert_allclose(found["kernel"], 2 - 0.1 * 3, rtol=1e-6)


def test_half_precision_keeps_decay_clipping_accumulation_and_schedule():
    rate = learning_rate(Schedule(name="linear", peak=1.0), epochs=1, steps_per_epoch=4)
    section = Optimizer(momentum=0.0, weight_decay=0.1, exclude=("bias",), clip_value=0.5, accumulate=2)
    scaled = [value * 2.0**15 for value in (1.0, 3.0, 0.2, 0.4)]
    single = applied(section, 1.0, 3.0, 0.2, 0.4, rate=rate)
    half = applied(section, *scaled, rate=rate, precision="mixed_float16")
    for name, value in single.items():
        np.testing.assert_allclose(half[name], value, rtol=1e-6)
    np.testing.assert_allclose(single["bias"], 2 - 0.5 - 0.75 * 0.3)


@pytest.mark.parametrize("name", HYPERPARAMETERS)
def test_every_optimizer_moves_weights_against_the_gradient_in_a_compiled_step(name):
    model = network()
    optimizer = make_optimizer(Optimizer(name=name, weight_decay=0.1), 0.01, model)
    optimizer.build(model.trainable_variables)
    gradients = [tf.ones(weight.shape) for weight in model.trainable_variables]
    tf.function(lambda: optimizer.apply(gradients), jit_compile=True)()
    for weight in model.trainable_variables:
        assert (np.array(weight) < 2).all()


def test_a_schedule_of_updates_is_saved_with_the_optimizer():
    rate = learning_rate(Schedule(peak=0.5), epochs=1, steps_per_epoch=3)
    made = make_optimizer(Optimizer(accumulate=2), rate, network())
    again = keras.optimizers.deserialize(keras.optimizers.serialize(made))
    assert isinstance(again._learning_rate, RateOfUpdates)
    np.testing.assert_array_equal([again._learning_rate(step) for step in range(6)], np.repeat(rate.values, 2))


@pytest.mark.parametrize(
    "values,loc,message,hint",
    [
        ({"name": "adan"}, ("name",), "unknown optimizer 'adan'", "did you mean 'adam'?"),
        ({"name": "zzz"}, ("name",), "unknown optimizer 'zzz'", "known: adadelta, "),
        ({"name": "adam", "momentum": 0.9}, ("momentum",), "adam has no 'momentum'", "it has beta_1, beta_2, epsilon"),
        ({"name": "adafactor", "rho": 0.9}, ("rho",), "adafactor has no 'rho'", ""),
        ({"clip_norm": 1.0, "clip_value": 1.0}, ("clip_value",), "clip_norm or clip_value", ""),
        ({"momentum": 0.0, "nesterov": True}, ("nesterov",), "nesterov needs a momentum", ""),
    ],
)
def test_mistakes_are_told_with_where_they_are(values, loc, message, hint):
    with pytest.raises(Invalid) as raised:
        check_optimizer(Optimizer(**values))
    assert raised.value.loc == loc and message in raised.value.message and hint in raised.value.hint
    with pytest.raises(FactoryError, match=f"optimizer.{loc[0]}: .*{message}"):
        make_optimizer(Optimizer(**values), 0.1, network())


def test_all_mistakes_are_told_together():
    with pytest.raises(Invalid) as raised:
        check_optimizer(Optimizer(name="lion", rho=0.1, epsilon=0.1))
    assert {mistake.loc for mistake in (raised.value, *raised.value.more)} == {("rho",), ("epsilon",)}


@pytest.mark.parametrize("name", HYPERPARAMETERS)
def test_what_an_optimizer_has_is_no_mistake(name):
    check_optimizer(Optimizer(name=name, **{setting: VALUES.get(setting, 0.6) for setting in HYPERPARAMETERS[name]}))


def test_an_optimizer_that_this_keras_lacks_is_told(monkeypatch):
    monkeypatch.delitem(make_optimizer.__globals__["_CLASSES"], "muon")
    with pytest.raises(FactoryError, match=r"Keras .* has no 'muon'"):
        make_optimizer(Optimizer(name="muon"), 0.1, network())

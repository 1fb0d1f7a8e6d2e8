"""Learning rates equal hand calculation and Keras' schedules, and the training step reads exactly the table."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from keras.optimizers import schedules as ks

from factory.train.recipe.sections import Schedule
from factory.train.schedules import RateTable, learning_rate, rates

NAMES = ("constant", "step", "linear", "polynomial", "cosine", "warm_restarts", "one_cycle", "triangular",
         "triangular2", "exp_range")  # fmt: skip


def made(epochs: float = 1, steps_per_epoch: float = 10, **schedule) -> np.ndarray:
    return rates(Schedule(**schedule), epochs=epochs, steps_per_epoch=steps_per_epoch)


def of_keras(schedule: ks.LearningRateSchedule, steps: int) -> list[float]:
    return [float(schedule(step)) for step in range(steps)]


@pytest.mark.parametrize(
    "schedule,expected",
    [
        ({"name": "constant", "peak": 0.5}, [0.5] * 4),
        ({"name": "step", "peak": 1.0, "at": (0.5, 0.75), "factor": 0.1}, [1, 1, 0.1, 0.01]),
        ({"name": "linear", "peak": 1.0}, [1, 0.75, 0.5, 0.25]),
        ({"name": "linear", "peak": 1.0, "end": 0.2}, [1, 0.8, 0.6, 0.4]),
        ({"name": "polynomial", "peak": 1.0, "power": 2.0}, [1, 9 / 16, 4 / 16, 1 / 16]),
        ({"name": "cosine", "peak": 1.0}, [1, (1 + 0.5**0.5) / 2, 0.5, (1 - 0.5**0.5) / 2]),
        ({"name": "cosine", "peak": 1.0, "end": 0.5}, [1, 0.5 + (1 + 0.5**0.5) / 4, 0.75, 0.5 + (1 - 0.5**0.5) / 4]),
        ({"name": "warm_restarts", "peak": 1.0, "cycle_epochs": 0.5}, [1, 0.5, 1, 0.5]),
        ({"name": "warm_restarts", "peak": 1.0, "cycle_epochs": 0.5, "cycle_decay": 0.5}, [1, 0.5, 0.5, 0.25]),
        ({"name": "warm_restarts", "peak": 1.0, "end": 0.2, "cycle_epochs": 0.5}, [1, 0.6, 1, 0.6]),
        ({"name": "one_cycle", "peak": 1.0, "base": 0.2, "rise": 0.5}, [0.2, 0.6, 1, 0.5]),
        ({"name": "one_cycle", "peak": 1.0, "rise": 0.0, "end": 0.2}, [1, 0.8, 0.6, 0.4]),
        ({"name": "one_cycle", "peak": 1.0, "rise": 1.0}, [0, 0.25, 0.5, 0.75]),
        ({"name": "triangular", "peak": 1.0, "base": 0.5}, [0.5, 0.75, 1, 0.75]),
    ],
)
def test_four_steps_are_as_by_hand(schedule, expected):
    np.testing.assert_allclose(made(steps_per_epoch=4, **schedule), expected, rtol=1e-6, atol=1e-9)


def test_each_warm_restart_is_longer_than_the_last():
    found = made(steps_per_epoch=14, name="warm_restarts", peak=1.0, cycle_epochs=2 / 14, cycle_factor=2.0)
    assert list(np.flatnonzero(found == 1)) == [0, 2, 6]  # cycles of 2, 4 and 8 steps
    shrinking = made(steps_per_epoch=10, name="warm_restarts", peak=1.0, cycle_epochs=0.4, cycle_factor=0.5)
    assert list(np.flatnonzero(shrinking == 1)) == [0, 4, 6, 7, 8, 9]  # 4, 2 and then 1, the least
    odd = made(steps_per_epoch=8, name="warm_restarts", peak=1.0, cycle_epochs=3 / 8, cycle_factor=0.5)
    # 3 and 1.5 steps, then 1 each: step 4 is 1 of 1.5, and all others are half of 1 into their cycles
    np.testing.assert_allclose(odd[3:], [1, 0.25, 0.5, 0.5, 0.5], rtol=1e-6)


def test_each_triangle_is_half_as_high_or_all_are_alike_or_they_fade_step_by_step():
    cycle = {"peak": 1.0, "cycle_epochs": 4 / 12, "steps_per_epoch": 12}
    one = np.array([0, 0.5, 1, 0.5])
    np.testing.assert_allclose(made(name="triangular", **cycle), np.tile(one, 3))
    np.testing.assert_allclose(made(name="triangular2", **cycle, base=0.2)[4:8], 0.2 + 0.8 * one / 2)
    np.testing.assert_allclose(made(name="triangular2", **cycle), [*one, *one / 2, *one / 4])
    np.testing.assert_allclose(made(name="exp_range", gamma=0.9, **cycle), np.tile(one, 3) * 0.9 ** np.arange(12), 1e-6)


@pytest.mark.parametrize("end", [0.0, 0.02])
def test_without_warm_up_they_are_keras_schedules(end):
    steps, peak = 30, 0.1
    assert_same = np.testing.assert_allclose
    cosine = ks.CosineDecay(peak, steps, alpha=end / peak)
    assert_same(made(3, name="cosine", peak=peak, end=end), of_keras(cosine, steps), rtol=1e-5, atol=1e-8)
    for power in (1.0, 0.5, 3.0):
        polynomial = ks.PolynomialDecay(peak, steps, end, power)
        found = made(3, name="polynomial", peak=peak, end=end, power=power)
        assert_same(found, of_keras(polynomial, steps), rtol=1e-5, atol=1e-8)
    assert_same(made(3, name="linear", peak=peak, end=end), of_keras(ks.PolynomialDecay(peak, steps, end), steps), 1e-5)
    restarts = ks.CosineDecayRestarts(peak, 8, t_mul=2.0, alpha=end / peak)
    found = made(3, name="warm_restarts", peak=peak, end=end, cycle_epochs=0.8, cycle_factor=2.0)
    assert_same(found, of_keras(restarts, steps), rtol=1e-4, atol=1e-7)


def test_step_is_keras_piecewise_constant_decay_and_falls_with_the_first_step_of_an_epoch():
    found = made(4, name="step", peak=0.4, at=(1.0, 3.0), factor=0.5)
    # Keras' boundaries are the last steps before a change
    np.testing.assert_allclose(found, of_keras(ks.PiecewiseConstantDecay([9, 29], [0.4, 0.2, 0.1]), 40))


def test_exp_range_fades_like_keras_exponential_decay():
    found = made(2, name="exp_range", peak=1.0, gamma=0.95, cycle_epochs=0.2)
    decay = of_keras(ks.ExponentialDecay(1.0, 1, 0.95), 20)
    np.testing.assert_allclose(found[1::2], decay[1::2], rtol=1e-5)  # every second step is the top of a triangle
    np.testing.assert_array_equal(found[::2], 0)


def test_warm_up_is_keras_and_shortens_what_follows():
    found = made(3, name="cosine", peak=0.1, warmup_epochs=0.5, warmup_start=0.01)
    expected = ks.CosineDecay(0.01, 25, warmup_target=0.1, warmup_steps=5)
    np.testing.assert_allclose(found, of_keras(expected, 30), rtol=1e-5, atol=1e-8)


def test_drops_are_counted_from_the_beginning_of_the_run_with_warm_up():
    """As in Goyal et al. 2017: 5 epochs of warm-up, and drops at epochs 30, 60 and 80 of all."""
    found = made(90, 2, name="step", peak=1.0, at=(30.0, 60.0, 80.0), warmup_epochs=5.0)
    np.testing.assert_allclose(found[:12], [*np.arange(10) / 10, 1, 1])
    assert list(np.flatnonzero(np.diff(found[10:])) + 11) == [60, 120, 160]


def test_a_rate_that_begins_low_is_warmed_up_to_where_it_begins():
    found = made(2, name="triangular", peak=1.0, base=0.4, warmup_epochs=0.4, cycle_epochs=1.6)
    np.testing.assert_allclose(found[:5], [0, 0.1, 0.2, 0.3, 0.4], atol=1e-7)
    assert found.argmax() == 4 + 8


def test_a_warm_up_may_take_the_whole_run():
    np.testing.assert_allclose(made(1, 4, peak=1.0, warmup_epochs=1.0), [0, 0.25, 0.5, 0.75])


def test_epochs_and_steps_may_be_fractions():
    """With gradients of 4 batches in an update, 10 batches are 2.5 steps."""
    found = made(3, 2.5, name="linear", peak=1.0)
    np.testing.assert_allclose(found, 1 - np.arange(8) / 7.5)
    cycles = made(3, 100, name="warm_restarts", peak=1.0, cycle_epochs=0.55)
    # 0.55 * 100 is a little more than 55 in a computer
    assert list(np.flatnonzero(cycles == 1)) == list(range(0, 300, 55))


def test_a_cycle_without_a_length_is_the_whole_run_after_the_warm_up():
    for name in ("triangular", "triangular2"):
        found = made(1, 12, name=name, peak=1.0, warmup_epochs=2 / 12)
        assert found.argmax() == 7 and found[-1] == pytest.approx(0.2)
    np.testing.assert_array_equal(made(name="warm_restarts"), made(name="cosine"))


EPOCHS = st.floats(0.1, 5)
SCHEDULES = st.builds(
    Schedule,
    name=st.sampled_from(NAMES),
    peak=st.just(1.0),
    end=st.floats(0, 0.1),
    base=st.floats(0, 0.1),
    warmup_epochs=st.floats(0, 6),
    warmup_start=st.floats(0, 0.1),
    at=st.lists(EPOCHS, max_size=3).map(tuple),
    power=st.floats(0.5, 4),
    cycle_epochs=st.none() | EPOCHS,
    cycle_factor=st.floats(0.5, 3),
    cycle_decay=st.floats(0.1, 1),
    gamma=st.floats(0.9, 1),
    rise=st.floats(0, 1),
)
RUNS = {"epochs": st.integers(1, 5), "steps_per_epoch": st.integers(1, 40) | st.floats(1, 40)}


@given(schedule=SCHEDULES, **RUNS)
def test_rates_stay_between_the_lowest_and_the_peak_and_there_is_one_for_every_step(schedule, epochs, steps_per_epoch):
    found = rates(schedule, epochs=epochs, steps_per_epoch=steps_per_epoch)
    assert epochs * steps_per_epoch - 1e-5 <= len(found) < epochs * steps_per_epoch + 1
    lowest = min(schedule.end, schedule.base, schedule.warmup_start, 0.1**3)
    assert lowest - 1e-6 <= found.min() and found.max() <= 1 + 1e-6


@given(schedule=SCHEDULES, **RUNS)
def test_warm_up_rises_by_the_same_at_every_step_from_where_it_starts(schedule, epochs, steps_per_epoch):
    found = rates(schedule.model_copy(update={"warmup_start": 0.0}), epochs=epochs, steps_per_epoch=steps_per_epoch)
    warm = found[: int(schedule.warmup_epochs * steps_per_epoch)]
    assert (np.diff(warm) >= 0).all()
    np.testing.assert_allclose(np.diff(warm, 2), 0, atol=1e-6)
    started = rates(schedule, epochs=epochs, steps_per_epoch=steps_per_epoch)
    if warm.size:
        assert warm[0] == 0 and started[0] == np.float32(schedule.warmup_start)


@given(schedule=SCHEDULES, steps=st.integers(2, 60), warm=st.integers(0, 59))
def test_what_follows_a_warm_up_is_the_schedule_of_the_steps_that_are_left(schedule, steps, warm):
    warm = warm % steps
    warmed = rates(schedule.model_copy(update={"warmup_epochs": float(warm)}), epochs=steps, steps_per_epoch=1)
    later = tuple(at - warm for at in schedule.at)  # they count from the beginning of the run
    cold = schedule.model_copy(update={"warmup_epochs": 0.0, "at": later})
    np.testing.assert_allclose(warmed[warm:], rates(cold, epochs=steps - warm, steps_per_epoch=1), rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_training_step_reads_exactly_the_table_and_the_last_rate_after_it(name):
    run = {"epochs": 3, "steps_per_epoch": 7}
    schedule = Schedule(name=name, warmup_epochs=0.5, cycle_epochs=0.7, at=(1.0,))
    expected = rates(schedule, **run)
    step = tf.Variable(0, dtype="int64")
    made = learning_rate(schedule, **run)
    rate = tf.function(lambda: made(step))
    for index in range(len(expected) + 2):
        step.assign(index)
        assert rate().numpy() == expected[min(index, len(expected) - 1)]


def test_an_optimizer_follows_it_and_xla_compiles_it():
    rate = learning_rate(Schedule(name="linear", peak=1.0), epochs=1, steps_per_epoch=4)
    weight = keras.Variable(0.0)
    optimizer = keras.optimizers.SGD(rate)
    optimizer.build([weight])
    step = tf.function(lambda: optimizer.apply([tf.constant(-1.0)], [weight]), jit_compile=True)
    seen = []
    for _ in range(4):
        step()
        seen.append(float(weight.value))
    np.testing.assert_allclose(seen, np.cumsum([1, 0.75, 0.5, 0.25]))


def test_it_is_saved_with_an_optimizer():
    rate = learning_rate(Schedule(peak=0.3), epochs=2, steps_per_epoch=3)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(rate))
    assert isinstance(again, RateTable)
    np.testing.assert_array_equal(again.values, rate.values)

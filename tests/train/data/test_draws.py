"""Random numbers follow their laws and depend on seed, epoch and sample only."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.train.data.draws import NORMAL, UNIFORM, batch_choices, beta, sample_draws, sample_order

SEEDS = st.integers(0, 2**40)
MANY = 40_000


def test_uniform_numbers_are_uniform_and_below_one():
    numbers = sample_draws([[UNIFORM]], MANY, seed=0, epoch=0)[:, 0]
    assert numbers.min() >= 0
    assert numbers.max() < 1
    shares = np.histogram(numbers, bins=10, range=(0, 1))[0] / MANY
    np.testing.assert_allclose(shares, 0.1, atol=0.006)


def test_normal_numbers_have_the_moments_of_a_normal_distribution():
    numbers = sample_draws([[NORMAL]], MANY, seed=0, epoch=0)[:, 0].astype("float64")
    assert numbers.mean() == pytest.approx(0, abs=0.02)
    assert numbers.var() == pytest.approx(1, abs=0.02)
    assert np.mean(numbers**4) == pytest.approx(3, abs=0.15)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_beta_numbers_have_the_moments_of_a_beta_distribution(alpha):
    numbers = sample_draws([[beta(alpha)]], MANY, seed=0, epoch=0)[:, 0].astype("float64")
    assert numbers.min() >= 0
    assert numbers.max() <= 1
    variance = 1 / (4 * (2 * alpha + 1))
    assert numbers.mean() == pytest.approx(0.5, abs=0.01)
    assert numbers.var() == pytest.approx(variance, rel=0.03)
    kurtosis = 3 * (2 * alpha + 1) / (2 * alpha + 3)
    assert np.mean((numbers - 0.5) ** 4) / numbers.var() ** 2 == pytest.approx(kurtosis, rel=0.03)


def test_columns_and_rows_are_independent():
    numbers = sample_draws([[UNIFORM, UNIFORM], [UNIFORM], [NORMAL]], MANY, seed=3, epoch=1)
    assert np.abs(np.corrcoef(numbers.T) - np.eye(4)).max() < 0.02
    assert abs(np.corrcoef(numbers[:-1, 0], numbers[1:, 0])[0, 1]) < 0.02


@given(SEEDS, st.integers(0, 500), st.integers(1, 30))
def test_numbers_depend_on_seed_and_epoch_and_come_again(seed, epoch, size):
    laws = [[UNIFORM, UNIFORM], [beta(0.4)]]
    numbers = sample_draws(laws, size, seed, epoch)
    assert numbers.shape == (size, 3)
    assert numbers.dtype == np.float32
    np.testing.assert_array_equal(numbers, sample_draws(laws, size, seed, epoch))
    assert not np.array_equal(numbers, sample_draws(laws, size, seed + 1, epoch))
    assert not np.array_equal(numbers, sample_draws(laws, size, seed, epoch + 1))


def test_numbers_of_an_augmentation_do_not_depend_on_what_the_others_are():
    alone = sample_draws([[UNIFORM], [UNIFORM, NORMAL]], 10, seed=1, epoch=2)
    beside = sample_draws([[beta(0.3), UNIFORM, UNIFORM], [UNIFORM, NORMAL], [UNIFORM]], 10, seed=1, epoch=2)
    np.testing.assert_array_equal(alone[:, 1:], beside[:, 3:5])


@given(SEEDS, st.integers(0, 500), st.integers(1, 200))
def test_an_order_is_a_permutation_that_comes_again(seed, epoch, size):
    order = sample_order(size, seed, epoch)
    assert sorted(order) == list(range(size))
    np.testing.assert_array_equal(order, sample_order(size, seed, epoch))
    if size > 50:
        assert not np.array_equal(order, sample_order(size, seed, epoch + 1))
        assert not np.array_equal(order, sample_order(size, seed + 1, epoch))


def test_all_orders_are_alike_probable():
    orders, counts = np.unique([sample_order(3, 0, epoch) for epoch in range(3000)], axis=0, return_counts=True)
    assert len(orders) == 6
    np.testing.assert_allclose(counts, 500, atol=90)


def test_choices_take_every_option_alike_often():
    choices = batch_choices(4, 4000, seed=0, epoch=0)
    np.testing.assert_allclose(np.bincount(choices), 1000, atol=120)
    assert not np.array_equal(choices, batch_choices(4, 4000, seed=0, epoch=1))

"""RSA, CKA and scaling, against formulas of others and known cases."""

from __future__ import annotations

import math
from itertools import combinations

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform
from scipy.stats import ortho_group, spearmanr

import factory
from factory.errors import FactoryError
from factory.train.representations import Patterns
from factory.train.similarity import Correlation, Entry, Similarity, classical_scaling, compare_layers, similarity

RNG = np.random.default_rng(0)
SPEC = {
    "name": "tiny",
    "input": {"resolution": 8, "channels": 1, "preprocess": "unit"},
    "classes": 3,
    "stages": {
        "stem": {"block": "conv", "filters": 4, "stride": 2},
        "s1": {"block": "conv", "filters": 6, "stride": 2},
        "head": {"block": "classifier"},
    },
}
IMAGES = RNG.uniform(0, 255, (12, 8, 8, 1)).astype("float32")


def compared(*layers: np.ndarray, correlation: Correlation = "pearson") -> Similarity:
    return compare_layers(
        ((Entry(str(number), "x"), Patterns.of(layer)) for number, layer in enumerate(layers)), correlation
    )


def cka(a: np.ndarray, b: np.ndarray) -> float:
    return compared(a, b).cka[0, 1]


def hsic(a: np.ndarray, b: np.ndarray) -> float:
    """Gretton et al. 2005 with linear kernels: tr(K H L H) / (n - 1)^2."""
    n = len(a)
    centring = np.eye(n) - np.ones((n, n)) / n
    return np.trace(a @ a.T @ centring @ b @ b.T @ centring) / (n - 1) ** 2


pairs = st.builds(
    lambda seed, p, q: tuple(np.random.default_rng(seed).normal(2, 1, (8, size)) for size in (p, q)),
    st.integers(0, 1000),
    st.integers(1, 20),
    st.integers(1, 20),
)


@given(pairs)
def test_cka_is_the_normalised_hsic(pair):
    x, y = pair
    assert cka(x, y) == pytest.approx(hsic(x, y) / math.sqrt(hsic(x, x) * hsic(y, y)), abs=1e-5)


@given(pairs)
def test_cka_is_that_of_feature_space(pair):
    """Kornblith et al. 2019, equation 4: |Y'X|^2 / (|X'X| |Y'Y|) of centred features."""
    x, y = (part - part.mean(0) for part in pair)
    norm = np.linalg.norm
    assert cka(*pair) == pytest.approx(norm(y.T @ x) ** 2 / (norm(x.T @ x) * norm(y.T @ y)), abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_cka_does_not_see_rotations_shifts_and_scale(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(20, 6)), rng.normal(size=(20, 9))
    turned = 7.5 * x @ ortho_group.rvs(6, random_state=seed) + rng.normal(size=6)
    assert cka(x, turned) == pytest.approx(1, abs=1e-5)
    assert cka(turned, y) == pytest.approx(cka(x, y), abs=1e-5)


def test_cka_sees_a_stretch_of_one_direction():
    x = RNG.normal(size=(20, 6))
    assert cka(x, x * [30, 1, 1, 1, 1, 1]) < 0.9


@given(pairs.filter(lambda pair: min(part.shape[1] for part in pair) > 3))
def test_rsa_is_the_squared_correlation_of_scipys_distances(pair):
    a, b = (pdist(part, "correlation") for part in pair)
    assert compared(*pair).rsa[0, 1] == pytest.approx(np.corrcoef(a, b)[0, 1] ** 2, abs=1e-5)


@given(pairs.filter(lambda pair: min(part.shape[1] for part in pair) > 3))
def test_spearmans_rsa_is_that_of_scipy(pair):
    a, b = (pdist(part, "correlation") for part in pair)
    assert compared(*pair, correlation="spearman").rsa[0, 1] == pytest.approx(spearmanr(a, b).statistic, abs=1e-5)


def test_spearmans_rsa_shares_ranks_of_what_rounding_has_parted():
    """Of two features there is one correlation, 1 or -1: images fall into two groups."""
    x = RNG.normal(size=(30, 2)).astype("float32")
    groups = (x[:, 0] > x[:, 1]).astype("float64")
    expected = pdist(np.stack([groups, 1 - groups], 1), "cityblock")
    other = RNG.normal(size=(30, 5))
    found = compared(x, other, correlation="spearman").rsa[0, 1]
    assert found == pytest.approx(spearmanr(expected, pdist(other, "correlation")).statistic, abs=1e-5)


def test_what_is_the_same_for_all_images_is_undefined():
    flat, other = np.full((6, 4), 0.1, "float32"), RNG.normal(size=(6, 4))
    found = compared(flat, other, other)
    for matrix in (found.rsa, found.cka):
        assert np.isnan(matrix[0]).all() and np.isnan(matrix[:, 0]).all()
        assert np.isfinite(matrix[1:, 1:]).all()
    assert np.isnan(found.positions[0]).all() and np.isfinite(found.positions[1:]).all()
    [row] = found.table()
    assert row.pairs == 3 and row.rsa.mean == pytest.approx(1) and row.rsa.min == pytest.approx(1)


def test_one_number_has_cka_but_no_rsa():
    found = compared(RNG.normal(size=(6, 1)), RNG.normal(size=(6, 1)))
    assert np.isnan(found.rsa).all() and math.isnan(found.explained)
    assert 0 <= found.cka[0, 1] < 1 and math.isnan(found.table()[0].rsa.mean)


@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_scaling_recovers_a_known_configuration(dimensions):
    points = RNG.normal(size=(9, dimensions))
    distances = squareform(pdist(points))
    positions, explained = classical_scaling(distances, dimensions)
    np.testing.assert_allclose(squareform(pdist(positions)), distances, atol=1e-9)
    assert explained == pytest.approx(1)
    assert (positions.max(0) >= -positions.min(0)).all()


def test_scaling_to_fewer_dimensions_says_what_is_lost():
    """A box of 8 corners, its centred squared lengths 4, 1 and 1/4 in the three directions."""
    points = np.array([[x, y, z] for x in (0, 4) for y in (0, 2) for z in (0, 1)], "float64")
    positions, explained = classical_scaling(squareform(pdist(points)))
    assert explained == pytest.approx((4 + 1) / (4 + 1 + 0.25))
    assert sorted(np.unique(np.abs(positions).round(9))) == [1, 2]


def test_positions_are_as_far_apart_as_dissimilarities_are_different():
    layers = [RNG.normal(size=(6, 5)) for _ in range(3)]
    found = compared(*layers)
    vectors = [pdist(layer, "correlation") for layer in layers]
    expected = [math.sqrt(2 - 2 * np.corrcoef(a, b)[0, 1]) for a, b in combinations(vectors, 2)]
    np.testing.assert_allclose(pdist(found.positions), expected, atol=1e-5)
    assert found.explained == pytest.approx(1)


@pytest.fixture(scope="module")
def seeds() -> dict[str, keras.Model]:
    return {f"seed {seed}": factory.build(SPEC, seed=seed) for seed in range(3)}


def test_identical_networks_are_alike_and_others_less(seeds):
    twin = factory.build(SPEC, seed=0)
    found = similarity({"a": seeds["seed 0"], "twin": twin, "b": seeds["seed 1"]}, IMAGES)
    assert found.entries[:4] == (("a", "stem"), ("a", "s1"), ("a", "head"), ("twin", "stem"))
    assert found.samples == len(IMAGES) and found.same_layers
    for matrix in (found.rsa, found.cka):
        np.testing.assert_allclose(matrix.diagonal(), 1, atol=1e-5)
        np.testing.assert_allclose(np.diag(matrix, 3)[:3], 1, atol=1e-5)  # a and its twin
        assert (np.diag(matrix, 6) < 0.999).all()  # a and b
        np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_allclose(found.positions[:3], found.positions[3:6], atol=1e-3)


def test_the_table_has_mean_and_spread_over_pairs(seeds):
    found = similarity(seeds, IMAGES)
    assert [row.layer for row in found.table()] == ["stem", "s1", "head"]
    row = found.table()[1]
    values = [found.rsa[a, b] for a, b in ((1, 4), (1, 7), (4, 7))]
    assert row.pairs == 3
    assert row.rsa == pytest.approx((np.mean(values), np.std(values), min(values), max(values)))
    assert row.cka.max == max(found.cka[a, b] for a, b in ((1, 4), (1, 7), (4, 7)))


def test_every_pair_of_layers_is_listed_once(seeds):
    found = similarity(seeds, IMAGES)
    listed = list(found.pairs())
    assert len(listed) == 9 * 8 // 2
    assert listed[0] == (found.entries[0], found.entries[1], found.rsa[0, 1], found.cka[0, 1])
    assert listed[-1][:2] == (found.entries[7], found.entries[8])


def test_networks_of_other_layers_share_a_row_where_names_are_equal(seeds):
    deeper = {
        **SPEC,
        "stages": {"stem": SPEC["stages"]["stem"], "deep": SPEC["stages"]["s1"], "head": {"block": "classifier"}},
    }
    found = similarity({"a": seeds["seed 0"], "b": factory.build(deeper, seed=0)}, IMAGES)
    assert not found.same_layers
    assert [row.layer for row in found.table()] == ["stem", "head"]
    assert len(found.entries) == 6 and found.layers("b") == ("stem", "deep", "head")


def test_networks_of_other_input_sizes_take_images_of_their_own(seeds):
    larger = factory.build({**SPEC, "input": {**SPEC["input"], "resolution": 16}}, seed=0)
    twice = IMAGES.repeat(2, axis=1).repeat(2, axis=2)
    found = similarity({"a": seeds["seed 0"], "b": larger}, {"a": IMAGES, "b": twice})
    assert [row.layer for row in found.table()] == ["stem", "s1", "head"]


def test_spearman_is_used_where_asked_for(seeds):
    pearson, spearman = similarity(seeds, IMAGES), similarity(seeds, IMAGES, "spearman")
    np.testing.assert_array_equal(pearson.cka, spearman.cka)
    assert np.abs(np.sqrt(pearson.rsa) - np.abs(spearman.rsa)).max() > 1e-3


def test_what_cannot_be_compared_is_told(seeds):
    a, b = seeds["seed 0"], seeds["seed 1"]
    with pytest.raises(FactoryError, match="two networks or more, received 1"):
        similarity({"a": a}, IMAGES)
    with pytest.raises(FactoryError, match="needs 4 images or more, received 3"):
        similarity({"a": a, "b": b}, IMAGES[:3])
    with pytest.raises(FactoryError, match="b: 5 images, 12 for the networks before it"):
        similarity({"a": a, "b": b}, {"a": IMAGES, "b": IMAGES[:5]})
    with pytest.raises(FactoryError, match="a: expected images of 8x8x1, received 8x8x3"):
        similarity({"a": a, "b": b}, np.repeat(IMAGES, 3, axis=-1))

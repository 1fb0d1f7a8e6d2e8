"""The Gaussian process of KerasTuner's Bayesian search, made fast, and where it looks. To be imported late."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import minimize_scalar
from scipy.spatial.distance import cdist
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern
from threadpoolctl import ThreadpoolController

LENGTHS = np.log(np.geomspace(0.01, 100, 25))
"""Logarithms of the length scales tried; KerasTuner climbs from 21 random ones, and fewer climbs end at a bound."""

LOOKED_AT = 2_000
CLIMBED = 5


class Surrogate(GaussianProcessRegressor):
    """scikit-learn's, with KerasTuner's kernel. Its own `predict` checks and clones its way to 0.2 ms a point, of
    which KerasTuner asks for thousands, one by one; the same numbers come straight from the equations here
    (Rasmussen & Williams 2006, algorithm 2.1; Matern 5/2, equation 4.17).
    """

    def __init__(self, alpha: float = 1e-4, random_state: int | None = None):
        super().__init__(
            kernel=Matern(nu=2.5),
            optimizer=_best_length,
            normalize_y=True,
            alpha=alpha,
            random_state=random_state,
        )

    def fit(self, X: Any, y: Any) -> Surrogate:
        """X: (points, dimensions), y: (points,), scores to be minimised."""
        super().fit(X, y)
        self._inverse = solve_triangular(self.L_, np.eye(len(self.L_)), lower=True, check_finite=False)
        return self

    def predict(self, X: Any, return_std: bool = False, return_cov: bool = False) -> Any:
        """Mean, and standard deviation if asked for, (points,) each."""
        if return_cov or not hasattr(self, "L_"):
            return super().predict(X, return_std=return_std, return_cov=return_cov)
        distances = cdist(X, self.X_train_) * (np.sqrt(5) / self.kernel_.length_scale)
        covariance = (1 + distances + distances**2 / 3) * np.exp(-distances)
        mean = self._y_train_std * (covariance @ self.alpha_) + self._y_train_mean
        if not return_std:
            return mean
        explained = covariance @ self._inverse.T
        variance = np.maximum(1 - np.einsum("ij,ij->i", explained, explained), 0.0)
        return mean, np.sqrt(variance) * self._y_train_std


def _best_length(loss: Callable[..., Any], start: np.ndarray, bounds: np.ndarray) -> tuple[np.ndarray, float]:
    """The logarithm of the likeliest length scale, (1,), and its loss: the best of a grid, refined between its
    neighbours. As scikit-learn calls an optimiser.
    """

    def value(length: float) -> float:
        return float(loss(np.array([length]), eval_gradient=False))

    best = int(np.argmin([value(length) for length in LENGTHS]))
    around = LENGTHS[max(best - 1, 0)], LENGTHS[min(best + 1, len(LENGTHS) - 1)]
    found = minimize_scalar(value, bounds=around, method="bounded", options={"xatol": 1e-4})
    return np.array([found.x]), float(found.fun)


class Starts:
    """Stands in for the random state from which KerasTuner draws 50 points to climb from, 0.7 s of work in all.

    It gives it the CLIMBED most promising of LOOKED_AT random points instead, which are found in milliseconds.
    """

    def __init__(self, surrogate: Surrogate, beta: float, random: np.random.Generator):
        self.surrogate, self.beta, self.random = surrogate, beta, random

    def uniform(self, low: np.ndarray, high: np.ndarray, size: tuple[int, int]) -> np.ndarray:
        """Points to start from, (points, dimensions); as many dimensions as `size` says."""
        points = self.random.uniform(low, high, size=(LOOKED_AT, size[1]))
        mean, deviation = self.surrogate.predict(points, return_std=True)
        return points[np.argsort(mean - self.beta * deviation, kind="stable")[:CLIMBED]]


def single_thread() -> AbstractContextManager[Any]:
    """Keeps BLAS to one thread: faster for matrices this small, by far where workers use the other cores."""
    return _pools().limit(limits=1, user_api="blas")


@cache
def _pools() -> ThreadpoolController:
    return ThreadpoolController()  # it searches the loaded libraries, which takes milliseconds

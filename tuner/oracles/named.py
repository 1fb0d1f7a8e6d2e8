"""Every algorithm as an oracle, under its name."""

from __future__ import annotations

from tuner.oracles.oracle import AlgorithmOracle


class Random(AlgorithmOracle):
    """Feasible points at random, none twice: what every other search has to beat (Bergstra & Bengio 2012)."""

    algorithm_name = "random"


class Grid(AlgorithmOracle):
    """Every point in order, the last dimension first; of a continuum, values evenly apart."""

    algorithm_name = "grid"


class Sobol(AlgorithmOracle):
    """Points spread more evenly than random ones, by a scrambled Sobol sequence."""

    algorithm_name = "sobol"


class Evolution(AlgorithmOracle):
    """Regularised evolution (Real et al. 2019): mutates the best of a sample of the youngest."""

    algorithm_name = "evolution"


class MorphingEvolution(AlgorithmOracle):
    """Evolution whose children are to begin with the weights of the trial `tuner/inherits`. Needs `epochs`."""

    algorithm_name = "morphing_evolution"


class LocalSearch(AlgorithmOracle):
    """Tries all neighbours of the best point, and begins anew where none is better."""

    algorithm_name = "local_search"


class Halving(AlgorithmOracle):
    """Asynchronous successive halving (Li et al. 2020): many short trials, the best of which go on. Needs `epochs`."""

    algorithm_name = "halving"


class NSGA2(AlgorithmOracle):
    """A front of several objectives by non-dominated sorting (Deb et al. 2002)."""

    algorithm_name = "nsga2"


class Reinforce(AlgorithmOracle):
    """A recurrent controller trained by REINFORCE with a baseline (Zoph & Le 2017)."""

    algorithm_name = "reinforce"


class PPO(AlgorithmOracle):
    """A recurrent controller trained by proximal policy optimisation (Zoph et al. 2018, Tan et al. 2019)."""

    algorithm_name = "ppo"


class Transforming(AlgorithmOracle):
    """A controller that reads a network and grows it; children inherit weights (Cai et al. 2018). Needs `epochs`."""

    algorithm_name = "transforming"


class TPE(AlgorithmOracle):
    """Optuna's tree-structured Parzen estimator (Bergstra et al. 2011). Needs the extra `optuna`."""

    algorithm_name = "tpe"


class GP(AlgorithmOracle):
    """Optuna's Gaussian process, with expected improvement. Needs the extra `gp`."""

    algorithm_name = "gp"


class CMAES(AlgorithmOracle):
    """Optuna's covariance matrix adaptation (Hansen 2016), for spaces of numbers. Needs the extra `optuna`."""

    algorithm_name = "cmaes"


class OptunaNSGA2(AlgorithmOracle):
    """Optuna's NSGA-II, for several objectives. Needs the extra `optuna`."""

    algorithm_name = "optuna_nsga2"


class Bayesian(AlgorithmOracle):
    """KerasTuner's own Gaussian process, without its duplicates."""

    algorithm_name = "bayesian"


class Hyperband(AlgorithmOracle):
    """KerasTuner's own Hyperband (Li et al. 2018), whose failed trials cost no promotion. Needs `epochs`."""

    algorithm_name = "hyperband"


ORACLES = {kind.algorithm_name: kind for kind in AlgorithmOracle.__subclasses__() if kind.__module__ == __name__}
"""The oracle of each algorithm, by its name in sweep files."""

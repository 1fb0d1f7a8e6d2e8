"""Sweep files: a search in one YAML file, read and checked before anything runs."""

from tuner.sweep.sections import Budget, Repeats, StopRule, TrialLimits
from tuner.sweep.sweep import Sweep

__all__ = ["Budget", "Repeats", "StopRule", "Sweep", "TrialLimits"]

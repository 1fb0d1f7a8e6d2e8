"""The language: reading specs with positions, resolving, scaling, planning. Knows no TensorFlow."""

from factory.blocks import Limits
from factory.spec.plan import cost, input_shape, plan, totals
from factory.spec.resolve import load
from factory.spec.spec import Spec

__all__ = ["Limits", "Spec", "cost", "input_shape", "load", "plan", "totals"]

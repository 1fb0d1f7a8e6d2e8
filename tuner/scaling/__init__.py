"""Compound scaling: families of networks from one, by a strategy or to a target cost. Knows no TensorFlow.

base = Base.load("efficientnet_b0")
family = [base.member(STRATEGIES["compound"], phi) for phi in range(8)]
solution = solve(base, STRATEGIES["compound"], QUANTITIES["macs"], 1.8e9)
write_members(base, [solution.member], Path("family"))
"""

from tuner.scaling.factors import Factors
from tuner.scaling.family import Base, Member
from tuner.scaling.quantities import QUANTITIES, Quantity
from tuner.scaling.strategies import STRATEGIES, Powers, Strategy, Table
from tuner.scaling.targets import Solution, solve
from tuner.scaling.writing import write_members

__all__ = [
    "QUANTITIES",
    "STRATEGIES",
    "Base",
    "Factors",
    "Member",
    "Powers",
    "Quantity",
    "Solution",
    "Strategy",
    "Table",
    "solve",
    "write_members",
]

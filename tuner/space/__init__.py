"""Search spaces: dimensions, conditions between them, points. Knows neither networks nor KerasTuner."""

from tuner.space.conditions import Condition
from tuner.space.dimensions import Choice, Dimension
from tuner.space.numbers import Float, Int
from tuner.space.space import Point, Space

__all__ = ["Choice", "Condition", "Dimension", "Float", "Int", "Point", "Space"]

"""Networks as graphs of primitive operations, and what they cost. Knows no TensorFlow, no YAML, no blocks."""

from factory.graph.canonical import canonical_hash
from factory.graph.cost import Cost, StageCost, Totals
from factory.graph.graph import INPUT, Graph, Node, Ref

__all__ = ["INPUT", "Cost", "Graph", "Node", "Ref", "StageCost", "Totals", "canonical_hash"]

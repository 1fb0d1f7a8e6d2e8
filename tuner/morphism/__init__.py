"""Network morphism: a larger network takes over the weights of a smaller one and computes the same function.

    morphism = plan_morphism(parent, child)     # two graphs; no TensorFlow
    morphism.preserving, morphism.problems      # whether the child begins as exactly the parent's function, or why not
    morphism.weights(parents, initial)          # arrays by "node/weight" -> those of the child

`tuner.morphism.models.inherit` does it for keras models.
"""

from tuner.morphism.morphism import Layer, Morphism, plan_morphism
from tuner.morphism.tracing import Problem

__all__ = ["Layer", "Morphism", "Problem", "plan_morphism"]

"""A candidate: a point of a sweep's space as a network and a recipe, with its costs and a key of its own."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from factory.graph import Graph, canonical_hash
from factory.spec import Spec
from factory.train.recipe.merging import ITS_OWN
from factory.train.recipe.plain import plain_recipe
from factory.train.recipe.sections import Recipe
from tuner.candidates.costs import Costs
from tuner.space import Point


@dataclass(frozen=True)
class Candidate:
    """A point that was applied to the spec and the recipe of a sweep.

    costs: by name of `tuner.candidates.costs.QUANTITIES`. key: two candidates have the same one where they are the same
    network, whatever their names, and are trained in the same way.
    """

    point: Point
    spec: Spec = field(repr=False)
    recipe: Recipe = field(repr=False)
    costs: Costs
    key: str


def key_of(graph: Graph, recipe: Recipe) -> str:
    """32 hex digits of the network, a dash, 16 of the recipe without what it is called and good for."""
    values = {name: value for name, value in plain_recipe(recipe).items() if name not in ITS_OWN}
    text = json.dumps(values, sort_keys=True)
    return f"{canonical_hash(graph)}-{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"

"""From points to candidates: thousands a second, since what they share is worked out once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from factory.blocks import Limits
from factory.errors import FactoryError, Source, SpecError
from factory.graph import Graph, Totals
from factory.spec import Spec, plan, totals
from factory.spec.document import compile_spec
from factory.spec.overrides import apply_overrides
from factory.spec.reading import Map, from_python
from factory.train.recipe.overrides import PREFIX, RECIPE
from factory.train.recipe.plain import plain_recipe
from factory.train.recipe.reading import load_recipe
from factory.train.recipe.sections import Recipe
from tuner.candidates.candidate import Candidate, key_of
from tuner.candidates.constraints import Constraint
from tuner.candidates.costs import Costs, additive_costs, all_costs, costs_of_chain
from tuner.latency import MeasuringFailed, Unmeasured, estimate_latency_ms, measured_latency_ms
from tuner.space import Point, Space

MAX_KEPT = 50_000
"""So many answers and variants of stages are remembered before all are forgotten."""

Changes = dict[str, Any]


class Candidates:
    """The candidates of a space around a spec and a recipe.

    A stage that was changed in the same way before is taken from memory, with all that is known of its costs, and so
    are the costs of a network whose recipe alone is another.

    latency: whether latency_ms is one of the costs, by this machine's table. Where that lacks an operation, what asks
    raises `tuner.latency.Unmeasured`, or measures it after a call of `measure_latency`.
    """

    def __init__(
        self,
        spec: Spec,
        recipe: Recipe,
        space: Space,
        constraints: Sequence[Constraint] = (),
        *,
        latency: bool = False,
    ):
        self.spec, self.recipe, self.space = spec, recipe, space
        self.constraints = tuple(constraints)
        self.latency = latency
        self._latency_ms: Callable[[Graph], float] = estimate_latency_ms
        self._feasible: dict[str, bool] = {}
        self._stages: dict[tuple[Any, ...], Any] = {}
        self._recipe_document = from_python(plain_recipe(recipe), Source("<recipe>"), RECIPE)
        self._recipes: dict[str, Recipe] = {}
        self._costs: dict[str, Costs | FactoryError] = {}
        self._needs_graph = latency or any(not constraint.additive for constraint in self.constraints)

    def measure_latency(self) -> None:
        """From now on operations that the table of latencies lacks are measured when a point asks for them."""
        self._latency_ms = measured_latency_ms

    def candidate(self, point: Point) -> Candidate:
        """The candidate of a point. Raises FactoryError for one that cannot be built; constraints are not checked."""
        spec, recipe = self.network(point), self.recipe_of(point)
        graph = plan(spec)
        return Candidate(dict(point), spec, recipe, self._all_costs(graph), key_of(graph, recipe))

    def feasible(self, point: Point) -> bool:
        """Whether a point can be built and fulfils every constraint; the same point is not worked out twice.

        Raises Unmeasured where a constraint on latency cannot be decided yet.
        """
        key = self.space.key(point)
        if key not in self._feasible:
            obstacle = self.obstacle(point)
            if isinstance(obstacle, Unmeasured):
                raise obstacle
            _make_room(self._feasible)
            self._feasible[key] = obstacle is None
        return self._feasible[key]

    def obstacle(self, point: Point) -> Constraint | FactoryError | None:
        """What keeps a point from being feasible: the first constraint that does not hold, or why it has no costs.

        Raises MeasuringFailed where its latency cannot be measured, which says nothing of the point.
        """
        try:
            sums = self.sums(point)
            for constraint in self.constraints:
                if constraint.additive and not constraint.holds(sums):
                    return constraint
            for constraint in self.constraints:
                if not constraint.additive and not constraint.holds(self._remembered(point, graph=True)):
                    return constraint
            self.recipe_of(point)
        except MeasuringFailed:
            raise
        except FactoryError as error:
            return error
        return None

    def costs(self, point: Point, *, every: bool = False) -> Costs:
        """The costs of a point: all where one that needs a graph is asked for, else the sums over its stages.

        every: all of them in any case. A latency that is not measured is left out, with all that need a graph. Raises
        FactoryError for a point that cannot be built.
        """
        try:
            return self._remembered(point, graph=every or self._needs_graph)
        except Unmeasured:
            return self.sums(point)

    def sums(self, point: Point) -> Costs:
        """Those costs of a point that are sums over its stages. Raises FactoryError for one that cannot be built."""
        return self._remembered(point, graph=False)

    def network(self, point: Point) -> Spec:
        """The spec of a point. Raises SpecError for values that do not fit each other."""
        own: dict[str, Changes] = {}
        others: Changes = {}
        stages = self.spec.document["stages"]
        for path, value in self.space.settings(point).items():
            if path.startswith(PREFIX):
                continue
            top, _, rest = path.partition(".")
            stage, _, inside = rest.partition(".")
            if top == "stages" and stage in stages and (inside or _stays_in_place(value)):
                own.setdefault(stage, {})[path] = value
            else:
                others[path] = value
        if any(path.partition(".")[0] in ("stages", "blocks") for path in others):
            return self.spec.override(
                {**others, **{path: v for changes in own.values() for path, v in changes.items()}}
            )
        spec = self.spec.override(others) if others else self.spec
        return self._with_stages(spec, own) if own else spec

    def recipe_of(self, point: Point) -> Recipe:
        """The recipe of a point. Raises SpecError for values that do not fit each other."""
        settings = self.space.settings(point)
        changes = {path.removeprefix(PREFIX): value for path, value in settings.items() if path.startswith(PREFIX)}
        if not changes:
            return self.recipe
        key = repr(changes)
        if key not in self._recipes:
            _make_room(self._recipes)
            self._recipes[key] = load_recipe(self._recipe_document, **changes)
        return self._recipes[key]

    def _remembered(self, point: Point, *, graph: bool) -> Costs:
        """Costs of the network of a point, worked out once for all that differ in the recipe alone."""
        mine = {name: value for name, value in point.items() if not name.startswith(PREFIX)}
        key = ("all " if graph else "sums ") + self.space.key(mine)
        if key not in self._costs:
            _make_room(self._costs)
            try:
                spec = self.network(point)
                sums = _sums(spec)
                self._costs[key] = self._graph_costs(spec, sums) if graph else additive_costs(sums)
            except (Unmeasured, MeasuringFailed):  # the next time may be another
                raise
            except FactoryError as error:
                self._costs[key] = error
        costs = self._costs[key]
        if isinstance(costs, FactoryError):
            raise costs.with_traceback(None)  # which would grow each time
        return costs

    def _graph_costs(self, spec: Spec, sums: Totals) -> Costs:
        """All costs, without the graph where that is possible."""
        found = None if self.latency else costs_of_chain(spec, sums)
        return self._all_costs(plan(spec)) if found is None else found

    def _all_costs(self, graph: Graph) -> Costs:
        return {**all_costs(graph.cost), **({"latency_ms": self._latency_ms(graph)} if self.latency else {})}

    def _with_stages(self, spec: Spec, own: Mapping[str, Changes]) -> Spec:
        """The spec with some stages changed, each from memory where it was changed like this before."""
        document = spec.document.copy()
        document.remove("expect")
        stages: Map = document["stages"].copy()
        for stage, changes in own.items():
            key = (stage, *((path, repr(value)) for path, value in changes.items()))
            if key not in self._stages:
                _make_room(self._stages)
                self._stages[key] = apply_overrides(self.spec, changes)["stages"][stage]
            stages[stage] = self._stages[key]
        document["stages"] = stages
        return compile_spec(document, spec.source, spec)


def _sums(spec: Spec) -> Totals:
    """The sums over the stages. Raises SpecError for a network beyond the limit of parameters."""
    found, limit = totals(spec), Limits().params
    if found.params > limit:
        raise SpecError.single(f"{spec.name} has {found.params:,} parameters, the limit is {limit:,}")
    return found


def _stays_in_place(call: Any) -> bool:
    """Whether a whole call changes its own stage alone: it neither removes nor moves it."""
    return call is not None and not (isinstance(call, Mapping) and "after" in call)


def _make_room(memory: dict[Any, Any]) -> None:
    if len(memory) >= MAX_KEPT:
        memory.clear()

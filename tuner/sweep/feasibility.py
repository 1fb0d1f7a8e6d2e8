"""Whether some candidate of a sweep is feasible, looked for before anything runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from factory.errors import FactoryError, Mark, Problem, SpecError
from tuner.candidates.building import Candidates
from tuner.candidates.constraints import Constraint
from tuner.candidates.costs import Costs
from tuner.latency import Unmeasured
from tuner.space import Point

DRAWN = 2_000
"""So many points may be infeasible before none counts as feasible; of a smaller space each one is looked at."""

_SHOWN = 200  # points whose costs are compared with the constraints


def check_feasible(candidates: Candidates, mark: Mark | None) -> None:
    """Raises SpecError where no point is feasible, with what keeps how many from it."""
    space = candidates.space
    small = space.size <= DRAWN
    random = np.random.default_rng(0)
    points: Iterable[Point] = space.grid() if small else (space.sample(random) for _ in range(DRAWN))
    seen: list[Point] = []
    obstacles: list[Constraint | FactoryError] = []
    for point in points:
        obstacle = candidates.obstacle(point)
        if obstacle is None or isinstance(obstacle, Unmeasured):  # which is decided before a sweep begins
            return
        seen.append(point)
        obstacles.append(obstacle)
    which = f"all {len(seen):,} points of the space" if small else f"{len(seen):,} points drawn at random"
    path = "constraints" if any(isinstance(one, Constraint) for one in obstacles) else "space"
    notes = [*_unfulfilled(candidates, seen, obstacles), *_not_built(obstacles)]
    raise SpecError([Problem(path, f"no candidate is feasible, of {which}", mark, notes=notes)])


def _unfulfilled(
    candidates: Candidates, points: Sequence[Point], obstacles: Sequence[Constraint | FactoryError]
) -> list[str]:
    """A line for each constraint that some points do not fulfil, with the costs that it reads."""
    counts = Counter(one for one in obstacles if isinstance(one, Constraint))
    costs: list[Costs] = []
    for point, obstacle in zip(points, obstacles, strict=True):
        if isinstance(obstacle, Constraint) and len(costs) < _SHOWN:
            costs.append(candidates.costs(point))
    lines = []
    for constraint, count in counts.most_common():
        ranges = []
        for name in sorted(constraint.formula.names):
            values = [value for one in costs if (value := one.get(name)) is not None]
            ranges += [f"{name} is {min(values):,} to {max(values):,}"] if values else []
        lines.append(f"{constraint.text}: not fulfilled by {count:,}; {', '.join(ranges)}")
    return lines


def _not_built(obstacles: Sequence[Constraint | FactoryError]) -> list[str]:
    """A line about the points that cannot be built."""
    errors = [one for one in obstacles if isinstance(one, FactoryError)]
    if not errors:
        return []
    first = str(errors[0]).partition("\n")[0]
    return [f"{len(errors):,} cannot be built, the first: {first}"]

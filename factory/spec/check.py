"""All that can be said about a spec without building it: it resolves, it plans, it costs what it expects to."""

from __future__ import annotations

from factory.blocks import Limits
from factory.errors import Problem, SpecError
from factory.graph import Cost
from factory.spec.plan import plan
from factory.spec.reading import Map
from factory.spec.spec import Spec

COMPARED = ("params", "trainable", "macs", "activations")


def check(spec: Spec, *, limits: Limits | None = None) -> Cost:
    """The costs of a spec. Raises SpecError where it cannot be planned or does not cost exactly what `expect` says."""
    cost = plan(spec, limits=limits).cost
    problems = [problem for name in COMPARED if (problem := _difference(spec, cost, name))]
    if problems:
        raise SpecError(problems)
    return cost


def _difference(spec: Spec, cost: Cost, name: str) -> Problem | None:
    expected, received = getattr(spec.expect, name), getattr(cost, name)
    if expected is None or expected == received:
        return None
    written = spec.document.get("expect")
    mark = written.values_at.get(name) if isinstance(written, Map) else None
    if received is None:
        message = f"expected {expected:,}, but with resolution 'any' this is not known"
        hint = "give input.resolution, or leave this out"
    else:
        message = f"expected {expected:,}, the network has {received:,}"
        hint = f"{received - expected:+,}" + (f", counted by {spec.expect.source}" if spec.expect.source else "")
    return Problem(f"expect.{name}", message, mark, hint, len(str(expected)))

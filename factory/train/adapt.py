"""Data bring classes and channels: the spec is adapted to them, and says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from factory.errors import FactoryError, SpecError
from factory.graph.ops import Activation, Conv, Dense
from factory.spec import Spec, plan
from factory.train.recipe.sections import Recipe


def overridden(spec: Spec, recipe: Recipe, overrides: Mapping[str, Any] | None = None) -> Spec:
    """The spec with what the recipe changes in it, and over that what the user does."""
    for changes in (recipe.spec, overrides):
        spec = spec.override(changes) if changes else spec
    return spec


def adapt(spec: Spec, data: str, classes: int, channels: int, size: tuple[int, int] | None) -> tuple[Spec, list[str]]:
    """The spec for data of so many classes, channels and pixels, and a line for each change.

    The resolution stays the spec's; one that is free becomes the images' own. A network whose preprocessing has a mean
    for each of another number of channels keeps its channels: the images are converted. Raises FactoryError where a
    free resolution meets images of many sizes.
    """
    changes: dict[str, Any] = {}
    lines = []
    if spec.classes != classes:
        changes["classes"] = classes
        lines.append(f"classes: {spec.classes} -> {classes}, as in {data}")
    if spec.input.channels != channels:
        if _takes_channels(spec, channels):
            changes["input.channels"] = channels
            lines.append(f"input.channels: {spec.input.channels} -> {channels}, as in {data}")
        else:
            lines.append(
                f"images: {channels} -> {spec.input.channels} channels, as {spec.name}'s preprocessing asks for"
            )
    if spec.input.resolution == "any":
        if size is None:
            raise FactoryError(
                f"{spec.name} takes images of any size and those of {data} have many: choose one, "
                "such as --set input.resolution=224"
            )
        changes["input.resolution"] = list(size)
        lines.append(f"input.resolution: any -> {size[0]}x{size[1]}, as in {data}")
    return spec.override(changes) if changes else spec, lines


def _takes_channels(spec: Spec, channels: int) -> bool:
    try:
        plan(spec.override({"input.channels": channels}))
    except SpecError as error:
        if any(problem.path.startswith("input.preprocess") for problem in error.problems):
            return False
        raise
    return True


_HEADS = {"classes": ("softmax", "sigmoid"), "labels": ("sigmoid",), "pixels": ("softmax", "sigmoid")}
"""What the outputs of a task's network can end with; values are anything but shares of one, which softmax gives."""


_TASKS = {
    "classes": "classes",
    "labels": "labels of which a sample can have several",
    "values": "numbers",
    "pixels": "classes of pixels",
}


def check_head(spec: Spec, task: str) -> None:
    """Raises FactoryError where what the network ends with cannot be learnt from such labels.

    Only an activation, or a layer without one, is judged: what else a network may end with is its own affair.
    """
    graph = plan(spec)
    [(index, _), *_] = graph.outputs.values()
    op = graph.nodes[index].op
    kind = op.kind if isinstance(op, Activation) else "linear" if isinstance(op, (Conv, Dense)) else None
    fits = kind != "softmax" if task == "values" else kind in (None, *_HEADS[task])
    if not fits:
        stage = graph.nodes[index].name.partition(".")[0]
        wanted = _HEADS.get(task, ("linear",))[0]
        raise FactoryError(
            f"{spec.name} ends with {kind}, {_TASKS[task]} need {' or '.join(_HEADS.get(task, ('linear',)))}: "
            f"--set stages.{stage}.activation={wanted}, where the stage has an activation"
        )

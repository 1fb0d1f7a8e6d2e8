"""Data bring classes and channels to candidates, as they do in training, as far as that is known beforehand."""

from __future__ import annotations

from factory.spec import Spec
from factory.train.adapt import adapt, check_head
from tuner.candidates.data_facts import DataFacts


def adapted(spec: Spec, data: str, facts: DataFacts | None) -> tuple[Spec, list[str]]:
    """The spec for these data, and a line for each change, or for what is not known before training.

    Raises FactoryError where the network's output does not suit the data, or its free resolution images of many sizes.
    """
    if facts is None:
        line = (
            f"{data}: classes and channels are known once it is opened; costs are those of the spec's own "
            f"{spec.classes} classes and {spec.input.channels} channels"
        )
        return spec, [line]
    result, lines = adapt(spec, data, facts.classes, facts.channels, facts.size)
    check_head(result, facts.task)
    return result, lines

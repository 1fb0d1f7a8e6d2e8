"""`factory render`: the resolved spec as YAML, every default filled in."""

from __future__ import annotations

from factory.spec.filling import fill
from factory.spec.flatten import flatten
from factory.spec.freezing import freeze
from factory.spec.spec import Spec
from factory.spec.writing import write


def render(spec: Spec, *, flat: bool = False, frozen: bool = False) -> str:
    """The spec's text: the same network, by itself, with comments lost. Rendering what was rendered changes nothing.

    `flat` applies the multipliers of `scale` to every literal, so that the text says the numbers of the network;
    `frozen` writes the edges of random graphs in place of what they are drawn from.
    """
    spec = freeze(spec) if frozen else spec
    return write(fill(flatten(spec) if flat else spec))

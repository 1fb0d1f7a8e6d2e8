"""How far a position sees: receptive field and stride on the input image."""

from __future__ import annotations

from typing import NamedTuple

from factory.graph.graph import Graph
from factory.graph.ops import AdaptivePool, Flatten, GlobalPool, Reshape


class Field(NamedTuple):
    """Receptive field and stride in input pixels, (height, width). After merges the largest of the paths."""

    size: tuple[float, float]
    stride: tuple[float, float]


def receptive_fields(graph: Graph) -> list[Field | None]:
    """The field of every node: size + (kernel - 1) * stride, stride * stride; None: it sees the whole image.

    The channel gate of squeeze-and-excitation is left out of the maximum: it sees everything but says nothing of place.
    """
    fields: list[Field | None] = []
    for node in graph.nodes:
        seen = [Field((1, 1), (1, 1)) if i < 0 else fields[i] for i, _ in node.inputs]
        local = [field for field in seen if field is not None]
        if not local or isinstance(node.op, (GlobalPool, AdaptivePool, Flatten, Reshape)):
            fields.append(None)
            continue
        (h, w), (sh, sw) = (
            (max(f.size[0] for f in local), max(f.size[1] for f in local)),
            (max(f.stride[0] for f in local), max(f.stride[1] for f in local)),
        )
        if window := node.op.window():
            (kh, kw), (dh, dw) = window
            h, w, sh, sw = h + (kh - 1) * sh, w + (kw - 1) * sw, sh * dh, sw * dw
        fields.append(Field((h, w), (sh, sw)))
    return fields

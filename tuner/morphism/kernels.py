"""Kernels of a child from those of its parent, in NumPy: larger windows, more channels, the identity."""

from __future__ import annotations

import numpy as np

from factory.graph.ops import Conv, ConvTranspose, DepthwiseConv, Pads, Pair, same_pads
from tuner.morphism.channels import NEW, Channels

Windowed = Conv | DepthwiseConv | ConvTranspose

LEAST, MOST = 0.5, 1.5
"""Shares of the replicas of a channel are drawn evenly between these, and divided by their sum."""


def place_in(op: Windowed, their: Windowed) -> Pair | None:
    """(rows, columns) by which the parent's kernel lies inside the child's so that both see the same pixels.

    That is by how much more the child pads in front; None where the parent's kernel does not fit in there.
    """
    places = []
    for axis in range(2):
        size, old = op.kernel[axis], their.kernel[axis]
        step = 1 if isinstance(op, ConvTranspose) else op.dilation[axis]
        place, rest = divmod(_before(op, axis) - _before(their, axis), step)
        if rest or place < 0 or place + old > size:
            return None
        places.append(place)
    return places[0], places[1]


def padded(kernel: np.ndarray, size: Pair, place: Pair) -> np.ndarray:
    """A kernel (kh, kw, ...) inside zeros of so many rows and columns, from this place on."""
    larger = np.zeros((*size, *kernel.shape[2:]), kernel.dtype)
    larger[place[0] : place[0] + kernel.shape[0], place[1] : place[1] + kernel.shape[1]] = kernel
    return larger


def overlapping(kernel: np.ndarray, size: Pair) -> np.ndarray:
    """The middle of a kernel in the middle of another size: what is left where no place fits."""
    larger = np.zeros((*size, *kernel.shape[2:]), kernel.dtype)
    cuts = [min(a, b) for a, b in zip(size, kernel.shape[:2], strict=True)]
    to, of = (
        tuple(slice((n - cut) // 2, (n - cut) // 2 + cut) for n, cut in zip(sizes, cuts, strict=True))
        for sizes in (size, kernel.shape[:2])
    )
    larger[to] = kernel[of]
    return larger


def widened(
    kernel: np.ndarray, given: Channels, made: Channels, initial: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """A kernel (..., inputs, outputs) over the child's channels.

    What reads a replica gets a share of the weight, another one for every output, so that replicas learn to differ:
    all shares of a channel add up to 1 (Net2WiderNet gives equal ones, and noise). What reads a new channel gets zero,
    what makes one keeps its initial value.
    """
    old = made != NEW
    larger = initial.copy()
    taken = kernel[..., np.maximum(given, 0), :][..., np.maximum(made, 0)]
    larger[..., old] = (taken * shares(given, len(made), random))[..., old]
    return larger


def shares(given: Channels, outputs: int, random: np.random.Generator) -> np.ndarray:
    """(inputs, outputs) float64: how much of the parent's weight each input gets; 0 for a new one."""
    drawn = random.uniform(LEAST, MOST, (len(given), outputs))
    known = np.flatnonzero(given != NEW)
    found = np.zeros_like(drawn)
    sums = np.zeros((int(given.max(initial=0)) + 1, outputs))
    np.add.at(sums, given[known], drawn[known])
    found[known] = drawn[known] / sums[given[known]]
    return found


def widened_groups(
    kernel: np.ndarray, given: Channels, made: Channels, initial: np.ndarray, groups: int, random: np.random.Generator
) -> np.ndarray:
    """`widened` of a convolution in groups, (kh, kw, inputs / groups, outputs): each group out of one of the parent's.

    An input that belongs to another group than an output counts as new to it.
    """
    larger = initial.copy()
    size, old = initial.shape[2], kernel.shape[2]
    share = initial.shape[3] // groups
    theirs = np.where(made == NEW, NEW, made // (kernel.shape[3] // groups))
    for group in range(groups):
        inputs = given[group * size : (group + 1) * size]
        for source in np.unique(theirs[group * share : (group + 1) * share]):
            outputs = group * share + np.flatnonzero(theirs[group * share : (group + 1) * share] == source)
            inner = np.where((inputs != NEW) & (inputs // old == source), inputs - source * old, NEW)
            larger[..., outputs] = widened(kernel, inner, made[outputs], initial[..., outputs], random)
    return larger


def identity(channels: int) -> np.ndarray:
    """The kernel of a 1x1 convolution that changes nothing, (1, 1, channels, channels) float32."""
    return np.eye(channels, dtype="float32")[None, None]


def _before(op: Windowed, axis: int) -> int:
    """How many rows or columns of zeros lie before the image; of a transposed convolution how many are cut off."""
    if isinstance(op, ConvTranspose):
        return op.crop[axis][0]
    pads: Pads = op.padding
    if pads == "same":  # of an odd kernel, the same as on a large image
        return same_pads(10 * op.stride[axis], op.kernel[axis], op.stride[axis], op.dilation[axis])[0]
    return pads[axis][0]

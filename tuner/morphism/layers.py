"""The weights of one layer of a child."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from factory.graph import Node
from factory.graph.ops import (
    BatchNorm,
    Conv,
    ConvTranspose,
    Dense,
    DepthwiseConv,
    InputNorm,
    PRelu,
    WeightedSum,
)
from tuner.morphism import kernels
from tuner.morphism.channels import NEW, ChannelMaps, Channels
from tuner.morphism.statistics import statistics
from tuner.morphism.tracing import Role

Arrays = Mapping[str, np.ndarray]
_ZEROED = ("kernel", "bias", "gamma", "beta")


def initialised(maps: ChannelMaps, index: int, parents: Arrays, initial: Arrays) -> dict[str, np.ndarray]:
    """The weights of a node that come from the parent, or from its role; without those that begin afresh."""
    found, node = maps.match, maps.match.child.nodes[index]
    own = {w.name: initial[f"{node.name}/{w.name}"] for w in node.op.weights(*found.child.input_shapes(node))}
    if not own:
        return {}
    if index in found.partners:
        partner = found.parent.nodes[found.partners[index]]
        source = partner if partner.shared is None else found.parent.nodes[partner.shared]
        names = [w.name for w in partner.op.weights(*found.parent.input_shapes(partner))]
        made = _taken_over(maps, index, partner, {name: parents[f"{source.name}/{name}"] for name in names}, own)
    elif found.roles.get(index) is Role.ZERO:
        made = {name: np.zeros_like(array) for name, array in own.items() if name in _ZEROED}
    elif found.roles.get(index) is Role.IDENTITY:
        made = _identity(maps, index, parents, own)
    else:
        made = {}
    return {f"{node.name}/{name}": array.astype(own[name].dtype) for name, array in made.items()}


def _taken_over(maps: ChannelMaps, index: int, partner: Node, theirs: Arrays, own: Arrays) -> dict[str, np.ndarray]:
    """Weights over the child's channels; a bias that the parent has not stays as it begins."""
    op, their = maps.match.child.nodes[index].op, partner.op
    made: dict[str, np.ndarray] = {}
    for name in own.keys() & theirs.keys():
        if name == "kernel" and isinstance(op, (Conv, ConvTranspose, Dense)):
            made[name] = _kernel(maps, index, partner, theirs[name], own[name])
        elif name == "kernel":
            assert isinstance(op, DepthwiseConv) and isinstance(their, DepthwiseConv)
            kernel = _in_window(op, their, theirs[name])
            given = _inputs(maps, index, kernel.shape[2])
            if op.multiplier == their.multiplier:
                made[name] = _picked(kernel, given, own[name], axis=2)
        elif isinstance(op, (InputNorm, WeightedSum)) or (isinstance(op, PRelu) and op.shared):
            made[name] = theirs[name] if theirs[name].shape == own[name].shape else own[name]
        else:
            made[name] = _picked(theirs[name], _outputs(maps, index, theirs[name].shape[-1]), own[name], axis=-1)
    return made


def _kernel(maps: ChannelMaps, index: int, partner: Node, kernel: np.ndarray, own: np.ndarray) -> np.ndarray:
    """The kernel of a convolution or fully connected layer that the parent has."""
    op, their = maps.match.child.nodes[index].op, partner.op
    transposed = isinstance(op, ConvTranspose)
    if transposed:
        kernel, own = np.swapaxes(kernel, 2, 3), np.swapaxes(own, 2, 3)
    if isinstance(op, (Conv, ConvTranspose)):
        assert isinstance(their, (Conv, ConvTranspose))
        kernel = _in_window(op, their, kernel)
    random = np.random.default_rng([maps.seed, index])
    made = _outputs(maps, index, kernel.shape[-1])
    if isinstance(op, Conv) and isinstance(their, Conv) and (op.groups, their.groups) != (1, 1):
        if op.groups != their.groups:
            return own
        given = _inputs(maps, index, kernel.shape[-2] * op.groups)
        return kernels.widened_groups(kernel, given, made, own, op.groups, random)
    given = _inputs(maps, index, kernel.shape[-2])
    larger = kernels.widened(kernel, given, made, own, random)
    return np.swapaxes(larger, 2, 3) if transposed else larger


def _in_window(op: kernels.Windowed, their: kernels.Windowed, kernel: np.ndarray) -> np.ndarray:
    place = kernels.place_in(op, their)
    return kernels.overlapping(kernel, op.kernel) if place is None else kernels.padded(kernel, op.kernel, place)


def _identity(maps: ChannelMaps, index: int, parents: Arrays, own: Arrays) -> dict[str, np.ndarray]:
    """The weights with which a new layer gives what it reads."""
    found, node = maps.match, maps.match.child.nodes[index]
    op, their = node.op, found.stands_for[index, 0]
    channels = found.parent.shape(their)[-1] or 0
    if isinstance(op, BatchNorm):
        given = maps.of((index, 0))
        mean, variance = (
            np.where(given == NEW, default, values[np.maximum(given, 0)])
            for values, default in zip(statistics(found.parent, their, parents), (0.0, 1.0), strict=True)
        )
        scale, shift = np.sqrt(variance + op.epsilon), mean
        if not op.scale:
            variance, scale = np.full_like(variance, 1 - op.epsilon), np.ones_like(scale)
        if not op.center:
            mean = shift = np.zeros_like(mean)
        made = {"gamma": scale, "beta": shift, "moving_mean": mean, "moving_variance": variance}
        return {name: made[name] for name in own}
    kernel = own["kernel"]
    made = {name: np.zeros_like(array) for name, array in own.items() if name == "bias"}
    if isinstance(op, DepthwiseConv):
        if op.multiplier == 1:
            one = np.ones((1, 1, *kernel.shape[2:]), kernel.dtype)
            made["kernel"] = _in_window(op, DepthwiseConv((1, 1), dilation=op.dilation), one)
    elif isinstance(op, Conv) and op.groups == 1:
        inner = _in_window(op, Conv(channels, (1, 1), dilation=op.dilation), kernels.identity(channels))
        random = np.random.default_rng([maps.seed, index])
        made["kernel"] = kernels.widened(inner, maps.of(node.inputs[0]), maps.of((index, 0)), kernel, random)
    return made


def _picked(theirs: np.ndarray, channels: Channels, own: np.ndarray, *, axis: int) -> np.ndarray:
    """An array with a value a channel, over the child's channels; new ones keep their initial value."""
    shape = [1] * own.ndim
    shape[axis] = len(channels)
    taken = np.take(theirs, np.maximum(channels, 0), axis=axis)
    return np.where((channels == NEW).reshape(shape), own, taken)


def _inputs(maps: ChannelMaps, index: int, width: int) -> Channels:
    return _channels(maps, maps.match.child.nodes[index].inputs[0], width)


def _outputs(maps: ChannelMaps, index: int, width: int) -> Channels:
    return _channels(maps, (index, 0), width)


def _channels(maps: ChannelMaps, ref: tuple[int, int], width: int) -> Channels:
    """The channels of an output, where its class has as many in the parent as this layer; else what overlaps."""
    found = maps.of(ref)
    if maps.width_of(ref) == width and (found != NEW).any():
        return found
    places = np.arange(len(found))
    return np.where(places < width, places, NEW)

"""Dense evaluation: a network made fully convolutional, so that it runs over the whole of a larger image."""

from __future__ import annotations

import math

import keras
import tensorflow as tf

from factory.errors import FactoryError, SpecError
from factory.graph import INPUT, Graph, Node, Ref
from factory.graph.ops import (
    Activation,
    BatchNorm,
    Concat,
    Conv,
    Dense,
    Flatten,
    GlobalPool,
    LayerNorm,
    Maxout,
    Merge,
    Op,
    Pair,
    PRelu,
)
from factory.models.build import build_graph
from factory.models.choices import PRECISIONS
from factory.spec import Spec, plan
from factory.train.weights import finalize

_AT_EACH_POSITION = (Activation, BatchNorm, Concat, LayerNorm, Maxout, Merge, PRelu)
"""Operations on a vector of features that do the same to the features of every position of an image."""


def dense_model(model: keras.Model, spec: Spec, size: tuple[int, int]) -> keras.Model:
    """A model of `dense_graph(spec, size)` with the weights and in the precision of `model`, which `spec` describes.

    Later changes of `model` come over with `copy_dense_weights`. Raises FactoryError as `dense_graph` does.
    """
    policies = [layer.dtype_policy.name for layer in model.layers]
    mixed = [name for name in policies if name in PRECISIONS and name != "float32"]
    dense = build_graph(dense_graph(spec, size), precision=mixed[0] if mixed else "float32")
    copy_dense_weights(model, dense)
    return dense


def copy_dense_weights(source: keras.Model, dense: keras.Model) -> None:
    """Gives a dense model the weights of the model it stands for: the same numbers, a dense kernel as a convolution's.

    A dense layer reads a flattened image row by row, channels last: the order of a convolution's kernel. Raises
    FactoryError where `source` is not of the spec that `dense` was made from.
    """
    layers = {layer.name: layer for layer in source.layers}
    for layer in dense.layers:
        own = layers[layer.name].weights if layer.name in layers else []
        if [math.prod(weight.shape) for weight in own] != [math.prod(weight.shape) for weight in layer.weights]:
            raise FactoryError(
                f"dense evaluation: {source.name} is not built as its spec says: the weights of {layer.name} differ"
            )
        for weight, value in zip(layer.weights, own, strict=True):
            weight.assign(tf.reshape(value.value, weight.shape))
    finalize(dense)


def dense_graph(spec: Spec, size: tuple[int, int]) -> Graph:
    """The graph of a network over larger images, size (height, width): one score a class and image, as before.

    Fully connected layers on a flattened image become convolutions: the first with a kernel as large as the image that
    it reads at the network's own resolution, further ones 1x1 (Sermanet et al. 2014, OverFeat, section 3.5; Simonyan &
    Zisserman 2015, VGG, section 3.2). They give scores at every position, which are averaged before the last
    activation. VGG's paper leaves open whether the softmax comes before or after the mean; taken after, the rule is
    that of networks with global average pooling, where averaging and the last layer can be exchanged. Those need no
    change but the larger image.

    At the network's own resolution the result is the network itself. Raises FactoryError where the head does anything
    to a flattened image that has no equal in convolutions.
    """
    try:
        own = plan(spec)
        large = plan(spec.override({"input.resolution": list(size), "scale.resolution": 1.0}))
    except SpecError as error:
        raise FactoryError(
            f"dense evaluation: {spec.name} cannot run on {size[0]}x{size[1]} pixels:\n{error}"
        ) from None
    return _Convolved(own.for_inference(), large.for_inference()).graph


class _Convolved:
    """Copies a graph, its fully connected head as convolutions.

    `kernels` are the references that stood for a flattened image and now stand for the image itself, with the size that
    it has at the network's own resolution; `maps` those that stood for a vector and now stand for one at each position.
    """

    def __init__(self, own: Graph, large: Graph):
        self.large = large
        self.own = {node.name: own.input_shapes(node) for node in own.nodes}
        self.nodes: list[Node] = []
        self.at: dict[Ref, Ref] = {INPUT: INPUT}
        self.kernels: dict[Ref, Pair] = {}
        self.maps: set[Ref] = set()
        self.ends = set(large.outputs.values())
        for index, node in enumerate(large.nodes):
            self._copy(index, node)
        outputs = {name: self.at[ref] for name, ref in large.outputs.items()}
        self.graph = Graph(large.name, large.input, self.nodes, outputs)

    def _copy(self, index: int, node: Node) -> None:
        inputs, out = set(node.inputs), (index, 0)
        unrolled, mapped = inputs & self.kernels.keys(), inputs & self.maps
        if self._flattens_more(node):
            self.at[out] = self.at[node.inputs[0]]
            height, width = self.own[node.name][0][:2]
            assert height is not None and width is not None
            self.kernels[out] = (height, width)
        elif unrolled and isinstance(node.op, Dense):
            self._end(index, node, _as_conv(node.op, self.kernels[node.inputs[0]]))
        elif unrolled and _elementwise(node.op):
            self.kernels[out] = self.kernels[node.inputs[0]]
            self._add(index, node, node.op)
        elif mapped and mapped == inputs and isinstance(node.op, Dense):
            self._end(index, node, _as_conv(node.op, (1, 1)))
        elif mapped and mapped == inputs and (isinstance(node.op, _AT_EACH_POSITION) or node.op.training_only):
            self._end(index, node, node.op)
        elif unrolled or mapped:
            raise self._no_equal(node)
        else:
            self._add(index, node, node.op)
        if out in self.ends and out in self.kernels:
            raise self._no_equal(node)

    def _flattens_more(self, node: Node) -> bool:
        """Whether a node flattens an image that is larger than at the network's own resolution."""
        own = self.own.get(node.name)
        return isinstance(node.op, Flatten) and own is not None and own != self.large.input_shapes(node)

    def _end(self, index: int, node: Node, op: Op) -> None:
        """A node that gives a vector at each position; at the end of the network their mean, before an activation."""
        if (index, 0) not in self.ends:
            self.maps.add((index, 0))
            self._add(index, node, op)
        elif isinstance(op, Activation):
            mean = self._new(f"{node.name}.positions", GlobalPool("mean"), (self.at[node.inputs[0]],), node.stage)
            self.at[index, 0] = self._new(node.name, op, (mean,), node.stage)
        else:
            self._add(index, node, op)
            self.at[index, 0] = self._new(
                f"{node.name}.positions", GlobalPool("mean"), (self.at[index, 0],), node.stage
            )

    def _add(self, index: int, node: Node, op: Op) -> None:
        shared = None if node.shared is None else self.at[node.shared, 0][0]
        made, _ = self._new(node.name, op, tuple(self.at[ref] for ref in node.inputs), node.stage, shared)
        self.at |= {(index, port): (made, port) for port in range(len(node.outputs))}

    def _new(self, name: str, op: Op, inputs: tuple[Ref, ...], stage: str, shared: int | None = None) -> Ref:
        shapes = [self.large.input if i < 0 else self.nodes[i].outputs[port] for i, port in inputs]
        self.nodes.append(Node(name, op, inputs, op.outputs(*shapes), stage, shared))
        return len(self.nodes) - 1, 0

    def _no_equal(self, node: Node) -> FactoryError:
        return FactoryError(
            f"dense evaluation: {node.name} of {self.large.name} does to a flattened image what no convolution does; "
            "expected dense layers with activations, normalisation and dropout between them"
        )


def _as_conv(op: Dense, kernel: Pair) -> Conv:
    return Conv(op.units, kernel, bias=op.bias, initializer=op.initializer)


def _elementwise(op: Op) -> bool:
    return op.training_only or (isinstance(op, Activation) and op.kind != "softmax")

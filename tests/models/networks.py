"""Small networks by hand, in the style of well-known ones."""

from __future__ import annotations

from graphs import GraphBuilder

from factory.graph import Graph, Ref, ops

SAME = {1: ((0, 0), (0, 0)), 3: ((1, 1), (1, 1)), 5: ((2, 2), (2, 2))}


def conv(
    net: GraphBuilder, name: str, filters: int, kernel: int = 1, stride: int = 1, act: str = "", *refs: Ref
) -> Ref:
    """Convolution, batch norm and, where given, an activation; "same" padding as TensorFlow's."""
    height, width, _ = net.shape(refs[0] if refs else net.last)
    padding = tuple(ops.same_pads(size, kernel, stride) for size in (height, width))
    net.add(ops.Conv(filters, (kernel, kernel), (stride, stride), padding, bias=False), *refs, name=name)
    return norm(net, name, act)


def norm(net: GraphBuilder, name: str, act: str = "") -> Ref:
    net.add(ops.BatchNorm(), name=f"{name}.norm")
    return net.add(ops.Activation(act), name=f"{name}.{act}") if act else net.last


def inverted(net: GraphBuilder, name: str, filters: int, stride: int, expand: int, act: str, se: bool) -> Ref:
    """The inverted residual block of MobileNetV2 and EfficientNet."""
    start = net.last
    height, width, channels = net.shape(start)
    if expand > 1:
        conv(net, f"{name}.expand", channels * expand, 1, 1, act)
    padding = tuple(ops.same_pads(size, 3, stride) for size in (height, width))
    net.add(ops.DepthwiseConv((3, 3), (stride, stride), padding, bias=False), name=f"{name}.depthwise")
    wide = norm(net, f"{name}.depthwise", act)
    if se:
        net.add(ops.GlobalPool("mean", keep_size=True), name=f"{name}.se.pool")
        net.add(ops.Conv(max(1, channels // 4), (1, 1)), name=f"{name}.se.reduce")
        net.add(ops.Activation(act), name=f"{name}.se.{act}")
        net.add(ops.Conv(channels * expand, (1, 1)), name=f"{name}.se.expand")
        gate = net.add(ops.Activation("sigmoid"), name=f"{name}.se.gate")
        net.add(ops.Merge("multiply"), wide, gate, name=f"{name}.se")
    conv(net, f"{name}.project", filters)
    if stride == 1 and filters == channels:
        dropped = net.add(ops.StochasticDepth(0.1), name=f"{name}.drop")
        net.add(ops.Merge("add"), start, dropped, name=f"{name}.add")
    return net.last


def head(net: GraphBuilder, classes: int = 10) -> Graph:
    net.add(ops.GlobalPool("mean"), name="head.pool")
    net.add(ops.Dropout(0.2), name="head.dropout")
    net.add(ops.Dense(classes), name="head.dense")
    net.add(ops.Activation("softmax"), name="head.softmax")
    return net.graph()


def efficient() -> Graph:
    net = GraphBuilder((32, 32, 3), "efficient")
    net.add(ops.Rescale(1 / 255), name="rescale")
    net.add(ops.InputNorm((0.1, 0.2, 0.3), (1.0, 1.5, 2.0)), name="norm")
    conv(net, "stem", 8, 3, 2, "swish")
    inverted(net, "s1.1", 8, 1, 1, "swish", se=True)
    inverted(net, "s2.1", 12, 2, 6, "swish", se=True)
    inverted(net, "s2.2", 12, 1, 6, "swish", se=True)
    conv(net, "top", 32, 1, 1, "swish")
    return head(net)


def mobile() -> Graph:
    net = GraphBuilder((32, 32, 3), "mobile")
    conv(net, "stem", 8, 3, 2, "relu6")
    inverted(net, "s1.1", 8, 1, 1, "relu6", se=False)
    inverted(net, "s2.1", 12, 2, 6, "relu6", se=False)
    inverted(net, "s2.2", 12, 1, 6, "relu6", se=False)
    inverted(net, "s2.3", 12, 1, 6, "relu6", se=False)
    return head(net)


def residual() -> Graph:
    """ResNet's stem with explicitly padded pooling, a projection, and a shortcut of zeros (option A)."""
    net = GraphBuilder((32, 32, 3), "residual")
    net.add(ops.Conv(8, (7, 7), (2, 2), ((3, 3), (3, 3)), bias=False), name="stem")
    norm(net, "stem", "relu")
    start = net.add(ops.MaxPool((3, 3), (2, 2), SAME[3]), name="pool")
    conv(net, "s1.a", 8, 3, 1, "relu")
    body = conv(net, "s1.b", 16, 3)
    shortcut = conv(net, "s1.shortcut", 16, 1, 1, "", start)
    net.add(ops.Merge("add"), body, shortcut, name="s1.add")
    start = net.add(ops.Activation("relu"), name="s1.relu")
    body = conv(net, "s2.a", 24, 3, 2)
    net.add(ops.AvgPool((1, 1), (2, 2)), start, name="s2.pool")
    shortcut = net.add(ops.ChannelZeroPad((4, 4)), name="s2.shortcut")
    net.add(ops.Merge("add"), body, shortcut, name="s2.add")
    return head(net)


def plain() -> Graph:
    """VGG and SqueezeNet in one: convolutions with bias, fire modules, ceiling-mode pooling, fully connected layers."""
    net = GraphBuilder((32, 32, 3), "plain")
    net.add(ops.Conv(8, (3, 3), padding=SAME[3]), name="c1")
    net.add(ops.Activation("relu"), name="c1.relu")
    net.add(ops.MaxPool((3, 3), (2, 2), ((0, 1), (0, 1))), name="p1")
    squeezed = net.add(ops.Conv(4, (1, 1)), name="fire.squeeze")
    left = net.add(ops.Conv(8, (1, 1)), squeezed, name="fire.e1")
    right = net.add(ops.Conv(8, (3, 3), padding=SAME[3]), squeezed, name="fire.e3")
    net.add(ops.Concat(), left, right, name="fire.concat")
    net.add(ops.MaxPool((2, 2), (2, 2)), name="p2")
    net.add(ops.Flatten(), name="flatten")
    net.add(ops.Dense(16), name="fc1")
    net.add(ops.Activation("relu"), name="fc1.relu")
    net.add(ops.Dense(10), name="fc2")
    net.add(ops.Activation("softmax"), name="softmax")
    return net.graph()


EFFICIENT, MOBILE, RESIDUAL, PLAIN = efficient(), mobile(), residual(), plain()


def stock_networks() -> list[Graph]:
    return [EFFICIENT, MOBILE, RESIDUAL, PLAIN]

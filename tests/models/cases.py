"""One case for every operation and option that lowers differently: a small graph of its own."""

from __future__ import annotations

from dataclasses import dataclass

from graphs import GraphBuilder

from factory.graph import INPUT, Graph
from factory.graph import ops as o

IMAGE, ANY = (9, 8, 6), (None, None, 6)
EVEN = ((1, 1), (1, 1))


@dataclass(frozen=True)
class Case:
    """An operation on inputs of one shape: the network's input, and convolutions of it for the others."""

    op: o.Op
    shape: o.Shape = IMAGE
    others: int = 0

    @property
    def id(self) -> str:
        return f"{self.op} on {o.shape_text(self.shape)}".replace("Initializer", "")[:150]

    def graph(self, inside: bool = False) -> Graph:
        """The graph that ends with the operation, or has one more behind each output so that it is inside."""
        builder = GraphBuilder(self.shape)
        refs = [INPUT]
        for _ in range(self.others):
            op = o.Conv(self.shape[2], (1, 1)) if len(self.shape) == 3 else o.Dense(self.shape[0])
            refs.append(builder.add(op, INPUT))
        node = builder.add(self.op, *refs, name="tested")[0]
        outputs = [(node, port) for port in range(len(builder.nodes[node].outputs))]
        return builder.graph(*(builder.add(o.Rescale(), ref) for ref in outputs) if inside else outputs)


CASES = [
    *(
        Case(o.Conv(4, kernel, stride, padding, dilation, groups, bias), shape)
        for kernel, stride, padding, dilation, groups, bias, shape in [
            ((3, 3), (1, 1), ((0, 0), (0, 0)), (1, 1), 1, True, IMAGE),
            ((3, 3), (1, 1), EVEN, (1, 1), 1, False, IMAGE),
            ((3, 3), (2, 2), EVEN, (1, 1), 1, False, IMAGE),  # same on 9, explicit on 8
            ((3, 5), (2, 1), ((1, 1), (2, 2)), (1, 1), 1, True, IMAGE),
            ((2, 2), (1, 1), ((0, 1), (0, 1)), (1, 1), 1, True, IMAGE),
            ((2, 2), (1, 1), ((1, 0), (1, 0)), (1, 1), 1, True, IMAGE),
            ((3, 3), (1, 1), ((2, 2), (2, 2)), (2, 2), 1, True, IMAGE),
            ((3, 3), (1, 1), EVEN, (1, 1), 2, True, IMAGE),
            ((3, 3), (2, 2), "same", (1, 1), 1, True, ANY),
            ((3, 3), (1, 1), EVEN, (1, 1), 1, True, ANY),
            ((3, 3), (2, 2), EVEN, (1, 1), 1, True, ANY),
        ]
    ),
    Case(o.DepthwiseConv((3, 3), padding=EVEN, bias=False)),
    Case(o.DepthwiseConv((5, 5), (2, 2), ((2, 2), (1, 2)))),
    Case(o.DepthwiseConv((3, 3), (2, 2), EVEN, multiplier=2)),
    Case(o.DepthwiseConv((3, 3), dilation=(2, 2), padding=((2, 2), (2, 2)))),
    Case(o.DepthwiseConv((3, 3), (2, 2), "same"), ANY),
    Case(o.ConvTranspose(4, (2, 2), (2, 2))),
    Case(o.ConvTranspose(4, (3, 3), (2, 2), ((0, 1), (0, 1)))),  # "same"
    Case(o.ConvTranspose(4, (4, 4), (2, 2), EVEN, bias=False)),
    Case(o.ConvTranspose(4, (3, 3), (2, 2), EVEN)),
    Case(o.ConvTranspose(4, (3, 3), (2, 2), ((1, -1), (1, -2)))),  # positions behind the full output
    Case(o.ConvTranspose(4, (2, 2), (3, 3), ((0, -1), (0, 0)))),  # a stride longer than the kernel
    Case(o.ConvTranspose(4, (4, 4), (2, 2), ((1, 1), (1, 1))), ANY),
    Case(o.Dense(5)),
    Case(o.Dense(5, bias=False), (6,)),
    *(Case(o.BatchNorm(1e-2, 0.9, scale, center)) for scale in (True, False) for center in (True, False)),
    Case(o.BatchNorm(), (6,)),
    *(Case(o.LayerNorm(1e-2, scale, center)) for scale, center in [(True, True), (False, True), (True, False)]),
    *(Case(o.GroupNorm(groups, 1e-2, scale, True)) for groups, scale in [(2, True), (-1, False), (1, True)]),
    Case(o.GroupNorm(3), ANY),
    Case(o.LocalResponseNorm(2, 1.5, 0.3, 0.75)),
    Case(o.LocalResponseNorm(), ANY),
    Case(o.InputNorm((0.1, 0.2, 0.3, 0.4, 0.5, 0.6), (1.0, 2.0, 0.5, 1.5, 3.0, 4.0))),
    *(Case(o.Activation(kind)) for kind in o.FUNCTIONS),
    Case(o.Activation("leaky_relu", (0.3,)), ANY),
    Case(o.Activation("elu", (0.5,)), (6,)),
    Case(o.Activation("scaled_tanh", (2.0, 0.5))),
    Case(o.PRelu()),
    Case(o.PRelu(shared=True, start=0.1), ANY),
    Case(o.PRelu(), (6,)),
    Case(o.PRelu(shared=True), (6,)),
    Case(o.Maxout(3)),
    Case(o.Maxout(2), ANY),
    Case(o.Maxout(2), (6,)),
    Case(o.MaxPool((2, 2), (2, 2))),
    Case(o.MaxPool((3, 3), (2, 2), EVEN)),
    Case(o.MaxPool((3, 3), (2, 1), ((0, 2), (1, 0)))),
    Case(o.MaxPool((3, 2), (2, 2), "same"), ANY),
    Case(o.AvgPool((2, 2), (2, 2))),
    Case(o.AvgPool((3, 3), (1, 1), EVEN)),
    Case(o.AvgPool((3, 3), (1, 1), EVEN, EVEN)),
    Case(o.AvgPool((3, 3), (2, 2), EVEN)),
    Case(o.AvgPool((3, 3), (2, 2), ((1, 2), (1, 1)), EVEN)),
    Case(o.AvgPool((3, 3), (2, 2), EVEN), ANY),
    Case(o.AvgPool((3, 3), (2, 2), EVEN, EVEN), ANY),
    Case(o.AvgPool((3, 3), (2, 2), "same"), ANY),
    *(Case(o.GlobalPool(kind, keep)) for kind in ("mean", "max") for keep in (True, False)),
    Case(o.GlobalPool("mean"), ANY),
    Case(o.AdaptivePool("mean", (4, 3))),
    Case(o.AdaptivePool("max", (2, 5))),
    Case(o.AdaptivePool("mean", (1, 4))),
    Case(o.AdaptivePool("max", (3, 1))),
    *(Case(o.Merge(kind), IMAGE, others) for kind in ("add", "multiply", "mean", "max") for others in (0, 1, 2)),
    Case(o.Concat(), IMAGE, 2),
    Case(o.Concat(), ANY, 1),
    Case(o.Concat()),
    *(Case(o.WeightedSum(kind), IMAGE, 2) for kind in ("free", "sigmoid", "softmax")),
    Case(o.Split((1, 3, 2))),
    Case(o.Split((2, 4)), (6,)),
    Case(o.ChannelGather((5, 0, 0, 3))),
    Case(o.ChannelShuffle(3)),
    Case(o.ChannelShuffle(2), ANY),
    Case(o.ChannelZeroPad((1, 3))),
    Case(o.ChannelZeroPad((1, 3)), ANY),
    Case(o.ChannelZeroPad((2, 0)), (6,)),
    Case(o.Rescale(1 / 255, -0.5)),
    Case(o.Rescale((1.0, 2.0, 3.0, 4.0, 5.0, 6.0), (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)), ANY),
    Case(o.Affine()),
    Case(o.LayerScale(0.1), ANY),
    Case(o.Crop(((1, 2), (0, 3)))),
    Case(o.Crop(((1, 2), (0, 3))), ANY),
    Case(o.CropLike(), ANY, 1),
    Case(o.Resize((2, 3))),
    Case(o.Resize((2, 2), "bilinear"), ANY),
    Case(o.ResizeLike(), ANY, 1),
    Case(o.ResizeTo((9, 13)), IMAGE),
    Case(o.ResizeTo((9, 13), "nearest"), ANY),
    Case(o.ResizeLike("nearest"), IMAGE, 1),
    Case(o.Flatten()),
    Case(o.Reshape((4, 3, 36))),
    Case(o.ZeroPad(((1, 2), (0, 3)))),
    Case(o.Dropout(0.3)),
    Case(o.SpatialDropout(0.3)),
    Case(o.SpatialDropout(0.3), (6,)),
    Case(o.StochasticDepth(0.3)),
    Case(o.StochasticDepth(0.3), (6,)),
]

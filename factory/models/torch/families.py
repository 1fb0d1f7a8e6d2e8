"""How torchvision, timm and pytorchcv name their modules: what comes before what, what is a shortcut, what is spare.

Only what numbers do not say needs a line: conv1 comes before conv2, layer1 before layer2 without any.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

SHORTCUTS = ("downsample", "identity_conv", "shortcut", "skip", "skipbn")
AUXILIARY = ("AuxLogits", "aux1", "aux2", "aux_classifier", "aux_logits", "aux_head")


@dataclass(frozen=True)
class Family:
    """How one library names the modules of one family of networks.

    marks: beginnings of names, all of which a state dict of this family has.
    order: parts of names in the order in which they run, whatever module they stand in; those that take turns by
        their numbers share a place. A part stands for its numbered ones too: layer for layer1.
    shortcuts: parts of names that mean the shortcut of a residual block.
    """

    name: str
    marks: tuple[str, ...] = ()
    order: tuple[str | tuple[str, ...], ...] = ()
    shortcuts: tuple[str, ...] = SHORTCUTS

    @cached_property
    def ranks(self) -> dict[str, tuple[int, int]]:
        """The place of every part in the order, and its place among those that share it."""
        entries = [(entry,) if isinstance(entry, str) else entry for entry in self.order]
        return {part: (rank, at) for rank, entry in enumerate(entries) for at, part in enumerate(entry)}


FAMILIES = (
    Family(
        "torchvision and timm, Inception-v3",
        marks=("Conv2d_1a_3x3", "Mixed_5b"),
        order=(
            *("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "Conv2d_3b_1x1", "Conv2d_4a_3x3"),
            *("Mixed", "AuxLogits", "fc"),
            *("branch1x1", "branch5x5", "branch3x3", "branch3x3dbl", "branch7x7", "branch7x7dbl", "branch7x7x3"),
            "branch_pool",
        ),
    ),
    Family(
        "torchvision, GoogLeNet",
        marks=("inception3a",),
        order=("conv", "inception", "aux", "fc"),
    ),
    Family(
        "torchvision and timm, DenseNet",
        marks=("features.denseblock1",),
        order=("features", "conv0", "norm0", ("denseblock", "transition"), "norm5", "classifier"),
    ),
    Family(
        "torchvision, ShuffleNetV2",
        marks=("stage2.0.branch1",),
        order=("conv1", "stage", "conv5", "fc"),
    ),
    Family(
        "torchvision, MNASNet",
        marks=("layers.0", "classifier"),
        order=("layers", "classifier"),
    ),
    Family(
        "timm, Inception-v4",
        marks=("features.0.conv", "last_linear"),
        order=("features", "last_linear", "branch"),
    ),
    Family(
        "timm, Inception-ResNet-v2",
        marks=("conv2d_1a", "mixed_5b", "repeat.0"),
        order=(
            *("conv2d_1a", "conv2d_2a", "conv2d_2b", "conv2d_3b", "conv2d_4a", "mixed_5b", "repeat", "mixed_6a"),
            *("repeat_1", "mixed_7a", "repeat_2", "block8", "conv2d_7b", "classif"),
        ),
    ),
    Family(
        "timm, Xception",
        marks=("block1.rep", "conv4.pointwise"),
        order=("conv1", "bn1", "conv2", "bn2", "block", "conv3", "bn3", "conv4", "bn4", "fc"),
    ),
    Family(
        "timm, networks of mobile blocks",
        marks=("conv_stem", "blocks.0"),
        order=("conv_stem", "bn1", "blocks", "conv_head", "bn2", "classifier"),
    ),
    Family(
        "timm, ConvNeXt",
        marks=("stem.0", "stages.0.blocks.0.conv_dw"),
        order=("stem", "stages", "downsample", "blocks", "conv_dw", "norm", "mlp", "gamma", "head", "fc"),
        shortcuts=(),
    ),
    Family(
        "torchvision, DeepLab",
        marks=("backbone.layer1.0", "classifier.0.convs"),
        order=("backbone", "conv1", "bn1", "layer", "classifier", "convs", "project"),
    ),
    Family(
        "torchvision and timm, ResNet and its kin",
        marks=("layer1.0", "layer4.0"),
        order=("layer0", "conv1", "bn1", "layer", "last_linear", "fc"),
    ),
    Family(
        "torchvision, networks of features and a classifier",
        marks=("features.0", "classifier"),
        order=("features", "classifier"),
    ),
    Family(
        "timm, VGG",
        marks=("features.0", "pre_logits"),
        order=("features", "pre_logits", "head"),
    ),
    Family(
        "pytorchcv, ShuffleNetV2",
        marks=("features.init_block", "features.stage1.unit1.expand_conv5"),
        order=(
            *("features", "init_block", "stage", "final_block", "output"),
            *("dw_conv4", "dw_bn4", "expand_conv5", "expand_bn5"),
            *("compress_conv1", "compress_bn1", "dw_conv2", "dw_bn2", "expand_conv3", "expand_bn3"),
        ),
    ),
    Family(
        "pytorchcv, ShuffleNetV2b",
        marks=("features.init_block", "features.stage1.unit1.shortcut_dconv"),
        order=(
            *("features", "init_block", "stage", "final_block", "output"),
            *("shortcut_dconv", "shortcut_conv", "conv1", "dconv", "conv2"),
        ),
    ),
    Family(
        "pytorchcv",
        marks=("features", "output"),
        order=(
            *("features", "init_block", "stage", "trans", "unit", "final_block", "final_conv", "post_activ", "output"),
            *(
                "compress_conv",
                "compress_bn",
                "exp_conv",
                "dw_conv",
                "dw_bn",
                "conv",
                "conv1x3",
                "conv3x1",
                "block",
                "pw_conv",
            ),
            *("expand_conv", "expand_bn"),
        ),
    ),
)

UNKNOWN = Family("any")


def family_of(names: Sequence[str]) -> Family:
    """The first family all of whose marks begin some name; one without rules where there is none."""
    for family in FAMILIES:
        if all(any(_begins(name, mark) for name in names) for mark in family.marks):
            return family
    return UNKNOWN


def is_auxiliary(name: str) -> bool:
    """Whether an entry belongs to a head that exists in training only."""
    return name.partition(".")[0] in AUXILIARY


def _begins(name: str, mark: str) -> bool:
    return name == mark or name.startswith(mark + ".")

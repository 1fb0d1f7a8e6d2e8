"""What names of PyTorch modules say about their order."""

from __future__ import annotations

import numpy as np
import pytest

from factory.models.torch.families import FAMILIES, family_of, is_auxiliary
from factory.models.torch.modules import describe, modules_of
from factory.models.torch.names import Names, stem_and_numbers


def before(first: str, second: str, *others: str, ordered: bool = False) -> bool | None:
    """Whether the names of the first module put it before the second; the others show which family it is."""
    entries = {f"{name}.weight": np.zeros((1, 1, 1, 1)) for name in (first, second, *others)}
    modules = modules_of(entries)
    return Names(family_of(list(entries)), modules, ordered).before(modules[0], modules[1])


@pytest.mark.parametrize(
    ("first", "second", "others"),
    [
        ("layer1.9.conv2", "layer1.10.conv1", ()),
        ("conv1", "layer1.0.conv1", ("layer4.0.conv1", "fc")),
        ("features.denseblock1.denselayer2.conv1", "features.transition1.conv", ("classifier",)),
        ("features.transition1.conv", "features.denseblock2.denselayer1.conv1", ("features.denseblock1.denselayer1",)),
        ("Mixed_5d.branch_pool.conv", "Mixed_6a.branch3x3.conv", ("Conv2d_1a_3x3.conv", "Mixed_5b.branch1x1.conv")),
        ("Mixed_6b.branch7x7dbl_5.conv", "Mixed_6b.branch_pool.conv", ("Conv2d_1a_3x3.conv", "Mixed_5b.branch1x1")),
        ("Mixed_7b.branch3x3_2a.conv", "Mixed_7b.branch3x3_2b.conv", ()),
        ("features.19.branch1_1a.conv", "features.19.branch3.1.conv", ("features.0.conv", "last_linear")),
        ("repeat.9.conv2d", "mixed_6a.branch0.conv", ("conv2d_1a.conv", "mixed_5b.branch0.conv", "repeat.0.conv2d")),
        ("blocks.6.0.bn3", "bn2", ("conv_stem", "blocks.0.0.conv_dw")),
        ("block12.skip", "conv3.conv1", ("block1.rep.0.conv1", "conv4.pointwise")),
        ("features.init_block.conv", "features.stage1.unit1.body.conv1.conv", ("output",)),
        ("features.stage2.trans2.conv.bn", "features.stage2.unit1.conv1.bn", ("output",)),
        ("features.stage4.unit3.body.conv3.bn", "features.post_activ.bn", ("output",)),
        (
            "features.stage1.unit1.expand_conv5",
            "features.stage1.unit1.compress_conv1",
            ("features.init_block.conv.conv", "output"),
        ),
    ],
)
def test_names_tell_the_order(first: str, second: str, others: tuple[str, ...]):
    assert before(first, second, *others) is True
    assert before(second, first, *others) is False


@pytest.mark.parametrize(("first", "second"), [("left.conv", "right.conv"), ("a", "a.b"), ("kernel1x3", "kernel3x1")])
def test_other_names_tell_nothing_but_the_file_may(first: str, second: str):
    assert before(first, second) is None
    assert before(first, second, ordered=True) is True
    assert before(second, first, ordered=True) is True


def test_numbers_are_told_from_kernels():
    assert stem_and_numbers("branch3x3dbl_3a") == ("branch3x3dbl_#", ((3, "a"),))
    assert stem_and_numbers("branch7x7x3_1") == ("branch7x7x3_#", ((1, ""),))
    assert stem_and_numbers("Mixed_5b") == ("Mixed_#", ((5, "b"),))


def test_entries_become_modules():
    names = ("weight", "bias", "running_mean", "running_var")
    entries = {f"bn.{name}": np.zeros(4) for name in names} | {"block.layer_scale": np.zeros((4, 1, 1))}
    norm, scale = modules_of(entries)
    assert (norm.name, describe(norm.key)) == ("bn", "batch norm: 4 channels")
    assert (scale.name, describe(scale.key)) == ("block.layer_scale", "vector: weight 4")


def test_auxiliary_heads_are_known():
    assert all(map(is_auxiliary, ("aux1.fc1.weight", "AuxLogits.conv0.conv.weight")))
    assert not is_auxiliary("auxiliary.weight")


def test_every_part_of_a_family_has_one_place():
    for family in FAMILIES:
        parts = [part for entry in family.order for part in ((entry,) if isinstance(entry, str) else entry)]
        assert len(parts) == len(set(parts)), family.name

"""Blocks of other packages: entry points, and what a wrong one says."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest
from texts import channels_of, problem_of

from factory import FactoryError, Net, Tensor
from factory.blocks import registry
from factory.blocks.registry import REGISTRY, BlockInfo
from factory.blocks.types import Width


def ghost(net: Net, x: Tensor, *, filters: Width, cheap: int = 2) -> Tensor:
    """Half of the channels from a convolution, the other half from them.

    Shape: (h, w, c) -> (h, w, filters).
    """
    y = net.conv(x, filters=filters // cheap, kernel=1)
    return net.concat(y, net.depthwise_conv(y))


@pytest.fixture
def entry(monkeypatch):
    """Lets an entry point give a function, for one test."""

    def install(load) -> None:
        point = EntryPoint("ghost", "elsewhere:ghost", registry.ENTRY_POINT_GROUP)
        monkeypatch.setattr(EntryPoint, "load", lambda self: load())
        monkeypatch.setattr(registry, "entry_points", lambda group: [point])
        monkeypatch.setattr(REGISTRY, "_blocks", dict(REGISTRY._blocks))
        monkeypatch.setattr(REGISTRY, "_entry_points_read", False)

    return install


def registered():
    REGISTRY.register(BlockInfo(ghost))
    return ghost


SPEC = "stages: {a: {block: ghost, filters: 8}}"


def test_a_block_of_another_package_is_found_by_name(entry):
    entry(registered)
    assert channels_of(SPEC) == [4, 4, 8]
    assert "ghost" in list(REGISTRY)


def test_it_is_scaled_and_checked_like_any_other(entry):
    entry(registered)
    assert channels_of("scale: {width: 2.0}\nrounding: {width: nearest}\n" + SPEC) == [8, 8, 16]
    problem = problem_of("stages: {a: {block: ghost, filters: 8, cheep: 3}}")
    assert (problem.message, problem.hint) == ("unknown parameter of block 'ghost'", "did you mean 'cheap'?")


def test_packages_are_not_searched_for_names_that_are_ours(entry):
    def fail():
        raise AssertionError("searched")

    entry(fail)
    assert channels_of("stages: {a: {block: conv, filters: 8}}") == [8]


def test_an_entry_point_that_registers_nothing_is_told(entry):
    entry(lambda: ghost)
    with pytest.raises(
        FactoryError, match=r"entry point 'ghost' \(elsewhere:ghost\) .* registered no block of that name"
    ):
        channels_of(SPEC)


def test_two_functions_cannot_have_one_name():
    def conv(net: Net, x: Tensor) -> Tensor:
        """Another convolution."""
        return x

    with pytest.raises(
        FactoryError, match=r"block 'conv' of test_python_blocks is already registered by factory.blocks"
    ):
        REGISTRY.register(BlockInfo(conv))

"""The registry: signatures become schemas, names are unique, other packages' blocks arrive by entry points."""

from __future__ import annotations

from typing import Any

import pytest

from factory.blocks import REGISTRY, BlockInfo, Net, Tensor, block, registry
from factory.blocks.registry import REQUIRED, Registry
from factory.blocks.types import KERNEL, STRIDE, WIDTH, Kernel, Stride, Width
from factory.errors import FactoryError


@pytest.fixture
def own() -> Registry:
    """A registry without any blocks."""
    return Registry()


def sample(net: Net, x: Tensor, *, filters: Width, kernel: Kernel = 3, stride: Stride | None = None) -> Tensor:
    """Does something.

    Shape: unchanged.
    """
    return x


def test_the_signature_is_the_schema():
    info = BlockInfo(sample)
    assert (info.name, info.inputs, info.variadic) == ("sample", ("x",), False)
    found = {name: (parameter.type, parameter.default) for name, parameter in info.parameters.items()}
    assert found == {"filters": (WIDTH, REQUIRED), "kernel": (KERNEL, 3), "stride": (STRIDE, None)}
    assert [name for name, parameter in info.parameters.items() if parameter.required] == ["filters"]
    assert info.summary == "Does something."


def test_any_number_of_inputs_and_several_inputs_are_read_off_the_signature():
    def many(net: Net, *inputs: Tensor, rate: float = 0.5) -> Tensor: ...

    def two(net: Net, x: Tensor, like: Tensor) -> Tensor: ...

    assert (BlockInfo(many).inputs, BlockInfo(many).variadic) == (("inputs",), True)
    assert (BlockInfo(two).inputs, BlockInfo(two).variadic) == (("x", "like"), False)


def test_a_trailing_underscore_is_not_part_of_the_name():
    def max_(net: Net, x: Tensor) -> Tensor: ...

    assert BlockInfo(max_).name == "max"


def test_an_annotation_that_is_no_parameter_type_is_a_type_error():
    def strange(net: Net, x: Tensor, *, when: complex = 0j) -> Tensor: ...

    with pytest.raises(TypeError, match=r"complex.* is not a parameter type of the language"):
        _ = BlockInfo(strange).parameters


def test_all_built_in_blocks_have_a_signature_a_summary_and_the_shape_in_words():
    for name, info in REGISTRY.items():
        assert info.name == name
        assert info.summary.endswith("."), name
        assert "Shape:" in info.doc or "Outputs:" in info.doc, name
        assert info.inputs
        assert all(parameter.type for parameter in info.parameters.values())


def test_a_name_that_another_module_has_is_refused(own: Registry):
    own.register(BlockInfo(sample))

    def other(net: Net, x: Tensor) -> Tensor: ...

    other.__name__, other.__module__ = "sample", "elsewhere"
    with pytest.raises(FactoryError, match=r"'sample' of elsewhere is already registered by .*test_registry"):
        own.register(BlockInfo(other))


def test_a_built_in_name_cannot_be_taken():
    def conv(net: Net, x: Tensor) -> Tensor: ...

    with pytest.raises(FactoryError, match=r"'conv' of .* is already registered by factory.blocks.conv"):
        block(conv)
    assert REGISTRY["conv"].function.__module__ == "factory.blocks.conv"


def test_unknown_names_are_key_errors_with_a_hint(own: Registry):
    own.register(BlockInfo(sample))
    with pytest.raises(KeyError):
        own["smaple"]
    assert own.hint("smaple") == "did you mean 'sample'?"
    assert "smaple" not in own


def offer(monkeypatch: pytest.MonkeyPatch, load: Any) -> list[str]:
    asked: list[str] = []

    class Entry:
        name, value = "third", "third.party:third"

        def load(self) -> Any:
            return load()

    def entry_points(group: str) -> list[Entry]:
        asked.append(group)
        return [Entry()]

    monkeypatch.setattr(registry, "entry_points", entry_points)
    return asked


def test_blocks_of_other_packages_arrive_when_a_name_is_not_ours(own: Registry, monkeypatch):
    def third(net: Net, x: Tensor) -> Tensor: ...

    def load() -> Any:
        own.register(BlockInfo(third))
        return third

    asked = offer(monkeypatch, load)
    own.register(BlockInfo(sample))
    assert own["sample"].function is sample
    assert asked == [], "our own names cost no walk over all packages"
    assert own["third"].function is third
    assert list(own) == ["sample", "third"]
    assert asked == ["factory.blocks"], "once"


def test_an_entry_point_that_registers_nothing_is_told(own: Registry, monkeypatch):
    def third(net: Net, x: Tensor) -> Tensor: ...

    offer(monkeypatch, lambda: third)
    with pytest.raises(FactoryError, match=r"entry point 'third' .* registered no block of that name.*@factory.block"):
        own["third"]

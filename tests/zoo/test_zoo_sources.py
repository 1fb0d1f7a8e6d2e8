"""What specs say of the networks that they are equal to is what is compared."""

from __future__ import annotations

import re
from pathlib import Path

from peers import PEERS

import factory
from factory.spec.zoo import zoo_names

TABLE = (Path(__file__).parents[2] / "benchmarks" / "torch_outputs.txt").read_text(encoding="utf-8")
LIBRARIES = dict(re.findall(r"(torchvision|timm|pytorchcv) (\d+\.\d+)", TABLE))


def said() -> dict[str, str]:
    """The implementation that a spec says it equals, without the last part of its version."""
    specs = {name: factory.load(name).expect.equals for name in zoo_names()}
    return {name: re.sub(r"(\d+\.\d+)\.\d+$", r"\1", equals) for name, equals in specs.items() if equals}


def test_all_that_say_keras_applications_are_compared_with_it_and_no_others():
    assert {name for name, equals in said().items() if equals.startswith("keras.applications ")} == set(PEERS)


def test_all_that_name_a_pytorch_library_are_equal_to_it_in_the_table():
    rows = {tuple(line.split()[:2]) for line in TABLE.splitlines() if line.endswith(" equal")}
    for name, equals in said().items():
        library, version = equals.split()
        if library != "keras.applications":
            assert (name, library) in rows
            assert version == LIBRARIES[library]


def test_the_table_has_no_network_that_differs():
    ends = {line.split()[-1] for line in TABLE.splitlines()[2:]}
    assert ends == {"equal"}

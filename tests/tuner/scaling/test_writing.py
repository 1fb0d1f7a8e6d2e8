"""Members as files: a few lines that say the same network, and never anything else's place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import factory
from factory.errors import FactoryError
from factory.spec.zoo import find_spec
from tuner.scaling import STRATEGIES, Base, write_members

TINY = """\
name: tiny
input: {resolution: 16, preprocess: unit}
classes: 4
stages: {stem: {block: conv, filters: 8, repeats: 2}, head: {block: classifier}}
"""


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("specs").mkdir()
    Path("specs/tiny.yaml").write_text(TINY)
    return Base.load("specs/tiny.yaml")


def family(base: Base, strategy: str = "compound", last: int = 3):
    return [base.member(STRATEGIES[strategy], phi) for phi in range(last + 1)]


@pytest.mark.parametrize("strategy", ["compound", "table"])
def test_a_file_says_what_was_counted(tmp_path, strategy):
    base = Base.load("efficientnet_b0")
    members = family(base, strategy)
    paths = write_members(base, members, tmp_path / "deep" / "family")
    assert [path.name for path in paths] == [f"efficientnet_b0_{strategy}_phi{phi}.yaml" for phi in range(4)]
    for path, member in zip(paths, members, strict=True):
        spec = factory.load(path)
        assert spec.name == path.stem and len(path.read_text().splitlines()) <= 5
        assert factory.canonical_hash(factory.plan(spec)) == factory.canonical_hash(factory.plan(member.spec))


@pytest.mark.parametrize("folder", ["family", "specs", "specs/deep", "."])
def test_a_file_finds_the_file_that_it_extends_from_anywhere(tiny, tmp_path, folder):
    member = family(tiny)[3]
    [path] = write_members(tiny, [member], Path(folder))
    os.chdir("/")
    assert factory.totals(factory.load(tmp_path / path)) == member.totals


def test_what_is_there_with_the_same_text_stays(tiny):
    paths = write_members(tiny, family(tiny), Path("family"))
    before = [path.read_text() for path in paths]
    assert write_members(tiny, family(tiny), Path("family")) == paths
    assert [path.read_text() for path in paths] == before


def test_what_is_there_with_other_text_is_left_and_nothing_is_written(tiny):
    Path("family").mkdir()
    Path("family/tiny_compound_phi2.yaml").write_text("mine")
    with pytest.raises(
        FactoryError, match=r"tiny_compound_phi2.yaml: exists already with other text.*nothing is written"
    ):
        write_members(tiny, family(tiny), Path("family"))
    assert [path.read_text() for path in Path("family").iterdir()] == ["mine"]


def test_a_file_that_would_be_taken_for_the_zoos_network_is_told(tmp_path):
    (tmp_path / "mobilenet_v2.yaml").write_text(TINY)
    base = Base.load("mobilenet_v2")
    with pytest.raises(FactoryError, match="would be taken for the network of the zoo"):
        write_members(base, family(base)[1:], tmp_path)
    assert find_spec("mobilenet_v2") != tmp_path / "mobilenet_v2.yaml"


def test_a_folder_that_cannot_be_is_told(tiny):
    Path("family").write_text("")
    with pytest.raises(FactoryError, match="family: cannot be written"):
        write_members(tiny, family(tiny), Path("family"))


def test_a_name_that_names_no_file_is_told(tmp_path):
    (tmp_path / "odd.yaml").write_text(TINY.replace("name: tiny", "name: a/b"))
    base = Base.load(str(tmp_path / "odd.yaml"))
    with pytest.raises(FactoryError, match="'a/b' cannot name files"):
        write_members(base, family(base), tmp_path)

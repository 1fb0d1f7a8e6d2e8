"""What is told where a cluster, or one of its nodes, is of no use; no cluster is needed for it."""

import builtins
from pathlib import Path

import pytest

import factory
from factory.errors import FactoryError
from tuner.cluster.connecting import TOKEN, connected
from tuner.cluster.shared import check_nodes, complaints, look


@pytest.mark.parametrize(
    ("address", "hint"), [("ray://head:10001", "on a machine of the cluster"), ("local", "HOST:PORT"), ("head", "auto")]
)
def test_an_address_that_is_none_is_refused(address, hint):
    with pytest.raises(FactoryError, match="--cluster: expected auto or HOST:PORT") as told, connected(address):
        pass
    assert hint in str(told.value)


def test_without_ray_the_extra_is_named(monkeypatch):
    found = builtins.__import__

    def missing(name, *arguments, **named):
        if name == "ray":
            raise ImportError(name)
        return found(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(FactoryError, match=r"pip install 'keras-model-factory\[cluster\]'"), connected("head:6379"):
        pass


def test_a_node_that_cannot_run_trials_is_told_with_the_reason(tmp_path):
    (tmp_path / "token").write_text("abc")
    good = look(str(tmp_path / "token"))
    assert good == ("abc", factory.__version__)
    found = {
        "10.0.0.1": good,
        "10.0.0.2": look(str(tmp_path / "other")),
        "10.0.0.3": ("abc", "0.0.1"),
        "10.0.0.4": "No module named 'tuner'",
        "10.0.0.5": ("an old token", factory.__version__),
    }
    lines = complaints(found, "abc")
    assert [line.split(":")[0].strip() for line in lines] == ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"]
    assert "does not see the directory" in lines[0] and "does not see the directory" in lines[3]
    assert f"has keras-model-factory 0.0.1, this machine {factory.__version__}" in lines[1]
    assert "No module named 'tuner'" in lines[2]


def test_the_page_shows_what_a_stranger_is_told():
    page = (Path(__file__).parents[3] / "docs" / "cluster.md").read_text(encoding="utf-8")
    assert "".join(f"    {line}\n" for line in TOKEN.splitlines()) in page


def test_a_directory_that_cannot_be_written_is_told_before_anything_starts(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FactoryError, match="Not a directory"):
        check_nodes(tmp_path / "file" / "sweep")

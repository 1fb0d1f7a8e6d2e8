"""Which directories become a sweep, which one goes on, which are refused and in what words."""

from __future__ import annotations

import sqlite3

import pytest
from kept_trials import TEXT, filled, opened, proposed

from factory.errors import FactoryError
from tuner.store import Store
from tuner.store.checked_files import write_checked
from tuner.store.identity import differences


@pytest.mark.parametrize("name", ["run.json", "sweep.yaml", "trials"])
def test_a_directory_that_holds_something_else_is_refused_and_left_alone(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(FactoryError, match=rf"holds something else than a sweep \({name}\)"):
        opened(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(FactoryError, match="expected the directory of a sweep, this is a file"):
        opened(tmp_path / "file")


def test_an_empty_directory_and_one_with_hidden_files_become_a_sweep(tmp_path):
    (tmp_path / ".DS_Store").touch()
    opened(tmp_path).close()
    opened(tmp_path / "new" / "one").close()
    assert (tmp_path / "new" / "one" / "sweep.db").exists()


def test_readers_are_told_where_there_is_no_sweep(tmp_path):
    with pytest.raises(FactoryError, match="not a sweep's directory"):
        Store.open(tmp_path)
    opened(tmp_path).close()
    (tmp_path / "sweep.db").unlink()
    with pytest.raises(FactoryError, match="starting the sweep again rebuilds it"):
        Store.open(tmp_path)
    sqlite3.connect(tmp_path / "sweep.db").execute("CREATE TABLE mine (a)")
    with pytest.raises(FactoryError, match="its tables are not those of a sweep"):
        Store.open(tmp_path)


def test_trials_of_another_sweep_are_refused_with_what_differs(tmp_path):
    filled(tmp_path, 1)
    with pytest.raises(FactoryError) as caught:
        opened(tmp_path, spec="name: a\nclasses: 12\n", space={"width": [1, 2], "depth": [1]})
    lines = str(caught.value).splitlines()
    assert lines[1:-1] == [
        "    - spec: classes: 10",
        "    + spec: classes: 12",
        "    - space.width: [1,2,3]",
        "    + space.width: [1,2]",
        "    + space.depth: [1]",
    ]
    assert "give another directory" in lines[-1] and str(tmp_path / "sweep.yaml") in lines[-1]
    assert (tmp_path / "sweep.yaml").read_text() == TEXT
    with opened(tmp_path) as store:
        assert len(store.trials()) == 1


def test_without_a_trial_a_sweep_may_still_change(tmp_path):
    opened(tmp_path).close()
    with opened(tmp_path, seed=1) as store:
        store.add(proposed(0))
    opened(tmp_path, seed=1).close()
    with pytest.raises(FactoryError, match=r"\+ seed: 0"):
        opened(tmp_path)


def test_differences_name_paths_and_show_where_long_values_part():
    assert differences({"a": 1, "b": [{"c": 1}]}, {"a": 1.0, "b": [{"c": 2}]}) == [
        "- a: 1",
        "+ a: 1.0",
        "- b[0].c: 1",
        "+ b[0].c: 2",
    ]
    there, now = list(range(500)), [*range(400), 0, *range(401, 500)]
    old, new = differences({"a": there}, {"a": now})
    assert "399,400,401" in old and "399,0,401" in new
    assert len(old) < 120
    assert differences({}, {"a": None}) == ["+ a: null"]
    assert differences({"a": {}}, {"a": {}}) == []


def test_many_differences_are_cut(tmp_path):
    with opened(tmp_path, many={str(i): 0 for i in range(30)}) as store:
        store.add(proposed(0))
    with pytest.raises(FactoryError, match=r"\.\.\. and 48 more lines"):
        opened(tmp_path, many={str(i): 1 for i in range(30)})


def test_a_sweep_of_a_newer_version_is_left_alone(tmp_path):
    filled(tmp_path, 1)
    write_checked(tmp_path / "sweep.json", {"format": 2, "identity": {}})
    before = (tmp_path / "sweep.db").read_bytes()
    with pytest.raises(FactoryError, match="written by a newer version"):
        opened(tmp_path)
    assert (tmp_path / "sweep.db").read_bytes() == before


def test_where_making_a_sweep_was_interrupted_it_is_made_the_next_time(tmp_path):
    opened(tmp_path).close()
    for name in ("sweep.yaml", "sweep.db", "sweep.json"):
        (tmp_path / name).unlink()
        (tmp_path / "sweep.db.new").touch()
        if name == "sweep.json":
            (tmp_path / "sweep.db").unlink()
            (tmp_path / "sweep.yaml").unlink()
            (tmp_path / "sweep.db.new").unlink()
        with opened(tmp_path) as store:
            assert store.trials() == [] and store.repairs == ()
        assert (tmp_path / "sweep.yaml").read_text() == TEXT


def test_a_second_driver_is_refused_with_process_and_machine_of_the_first(tmp_path):
    import os
    import socket

    with opened(tmp_path) as store:
        assert store.driver() is None
        with store.driver_lock(), Store.open(tmp_path) as reader:
            known = reader.driver()
            assert (known["pid"], known["host"]) == (os.getpid(), socket.gethostname())
            with pytest.raises(FactoryError, match=rf"process {os.getpid()} on {socket.gethostname()}, since"):
                opened(tmp_path)
            assert reader.driver() == known
        assert store.driver() is None

"""The table of a machine, and sums of it: nothing is lost, nothing is guessed."""

from __future__ import annotations

import json
import threading

import pytest
from latency_tables import CALL_MS, fill, made_up_ms, own_table

import factory
from factory.errors import FactoryError
from tuner.latency import Unmeasured, estimate_latency_ms, latency_of, machine
from tuner.latency.table import CALL, add, measuring, read_table
from tuner.latency.units import units_of

GRAPH = factory.plan(factory.load("lenet5"))


@pytest.fixture(autouse=True)
def table(tmp_path, monkeypatch):
    return own_table(tmp_path, monkeypatch)


def test_a_latency_is_the_call_and_the_sum_over_all_units():
    fill(GRAPH)
    units = list(units_of(GRAPH))
    found = latency_of(GRAPH)
    assert estimate_latency_ms(GRAPH) == round(CALL_MS + sum(made_up_ms(unit) for _, unit in units), 3)
    assert [stage.stage for stage in found.stages] == list(dict.fromkeys(stage for stage, _ in units))
    first = [made_up_ms(unit) for stage, unit in units if stage == "c3"]
    assert next((s.units, s.ms) for s in found.stages if s.stage == "c3") == (len(first), pytest.approx(sum(first)))


def test_repeats_count_as_often_as_they_run():
    once = factory.plan(factory.load("resnet20_cifar"))
    fill(once)
    known = dict(read_table())
    units = [unit.key for _, unit in units_of(once)]
    assert len(set(units)) < len(units)
    assert estimate_latency_ms(once) == round(known[CALL] + sum(known[key] for key in units), 3)


def test_what_the_table_lacks_is_told_with_the_command_that_measures_it():
    fill(GRAPH)
    table = dict(read_table())
    lacking = next(key for key in table if key.startswith("Dense"))
    with pytest.raises(Unmeasured) as error:
        with_table({key: ms for key, ms in table.items() if key != lacking})
        estimate_latency_ms(GRAPH)
    assert error.value.keys == [lacking]
    assert str(error.value) == (
        f"lenet5: 1 of its 16 operations have not been measured on this machine ({machine.name()}): {lacking}\n"
        "    measure them once: factory latency lenet5"
    )


def with_table(entries: dict[str, float]) -> None:
    path = machine.table_path()
    path.write_text(json.dumps({"milliseconds": entries}))


def test_without_any_table_everything_is_lacking(table):
    assert not table.exists() and read_table() == {}
    with pytest.raises(Unmeasured, match="16 of its 16 operations have not been measured"):
        estimate_latency_ms(GRAPH)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"milliseconds": {"call": "fast"}}', '{"milliseconds": 3}'])
def test_a_file_that_is_no_table_is_told(table, text):
    table.parent.mkdir(parents=True)
    table.write_text(text)
    with pytest.raises(FactoryError, match="no table of latencies, remove it"):
        read_table()


def test_a_table_of_another_machine_is_another_file(table, monkeypatch):
    fill(GRAPH)
    assert table.exists()
    other = {**machine.machine(), "threads": 999}
    monkeypatch.setattr(machine, "machine", lambda: other)
    assert machine.table_path() != table and read_table() == {}


def test_entries_of_many_at_once_are_all_kept():
    def write(number: int) -> None:
        for entry in range(5):
            with measuring():
                add({f"{number} {entry}": float(entry)})

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read_table() == {f"{number} {entry}": float(entry) for number in range(6) for entry in range(5)}


def test_a_folder_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(machine.CACHE, str(tmp_path / "file"))
    assert read_table() == {}
    with pytest.raises(FactoryError, match="cannot keep a table here"), measuring():
        pass

"""Damaged rows, damaged and missing files: what is found, what comes back, what is told."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest
from kept_trials import TEXT, filled, opened, proposed, rows

from factory.errors import FactoryError
from tuner.store import Status, Store
from tuner.store.database import Database


def sql(directory, *statements):
    """Damages a database as SQLite itself never would."""
    with closing(sqlite3.connect(directory / "sweep.db")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE trials SET body = replace(body, '0.01', '0.99') WHERE number = 1",
        "UPDATE trials SET status = 'FAILED' WHERE number = 1",
        "UPDATE trials SET key = 'other' WHERE number = 1",
        "UPDATE trials SET number = 500 WHERE number = 1",
        "UPDATE trials SET body = x'ff00' WHERE number = 1",
        "UPDATE trials SET body = CAST(x'7bb87d' AS TEXT) WHERE number = 1",  # no UTF-8
        "UPDATE trials SET checksum = NULL WHERE number = 1",
        "DELETE FROM trials WHERE number = 1",
    ],
)
def test_a_damaged_row_goes_to_quarantine_and_comes_back_from_its_file(tmp_path, damage):
    before = filled(tmp_path, 3, [3])
    sql(tmp_path, damage)
    with opened(tmp_path) as store:
        assert store.trials() == before
        assert store.by_key("key 1") == before[1]
        assert store.curve(1) == rows(1, 2)
        assert store.repairs == tuple(map(str, store.quarantined()))
        assert any("trial 1: " in told and "restored from trial.json" in told for told in store.repairs)
        assert all("checksum" in told or "did not have it" in told for told in store.repairs)
        assert "DELETE" in damage or any(one.content for one in store.quarantined())
    with opened(tmp_path) as store:
        assert store.repairs == () and store.quarantined()
        assert store.add(proposed(4)).number == 4


def test_a_row_is_kept_in_quarantine_as_it_was(tmp_path):
    filled(tmp_path, 1)
    sql(tmp_path, "UPDATE trials SET body = 'what was here', key = x'00ff'")
    with opened(tmp_path) as store:
        (found,) = store.quarantined()
    assert (found.what, found.number) == ("trial", 0) and found.found
    assert json.loads(found.content)[:4] == [0, "COMPLETED", "b'\\x00\\xff'", "what was here"]


def test_a_trial_of_which_nothing_is_left_counts_as_failed(tmp_path):
    before = filled(tmp_path, 3)
    sql(tmp_path, "UPDATE trials SET body = '' WHERE number = 1")
    (tmp_path / "trials" / "0001" / "trial.json").write_text('{"record": {"scores": [99.0]}}')
    with opened(tmp_path) as store:
        first, lost, last = store.trials()
        assert [first, last] == [before[0], before[2]]
        assert (lost.status, lost.scores, lost.point) == (Status.FAILED, None, {})
        assert "the record of this trial was lost" in lost.error
        assert "trial.json is damaged" in str(store.repairs) and "counts as FAILED" in str(store.repairs)
    names = {path.name for path in (tmp_path / "trials" / "0001").iterdir()}
    assert names == {"trial.json", "trial.json.damaged-1"}


def test_a_file_of_another_trial_is_not_believed(tmp_path):
    filled(tmp_path, 2)
    sql(tmp_path, "UPDATE trials SET body = '' WHERE number = 1")
    shutil.copy(tmp_path / "trials" / "0000" / "trial.json", tmp_path / "trials" / "0001" / "trial.json")
    with opened(tmp_path) as store:
        assert store.trial(1).status == Status.FAILED
        assert "that of another trial" in str(store.repairs)


def test_a_damaged_epoch_comes_back_from_the_file_of_a_finished_trial(tmp_path):
    filled(tmp_path, 2)
    sql(tmp_path, "UPDATE epochs SET body = replace(body, '0.5', '0.4') WHERE number = 1 AND epoch = 2")
    with Store.open(tmp_path) as reader:
        assert reader.curve(1) == rows(1)
        assert [one.number for one in reader.quarantined()] == [1]
    with opened(tmp_path) as store:
        assert store.curve(1) == rows(1, 2)
        assert "epoch 1: a row of its curve does not match its checksum" in store.repairs
        assert store.curve(0) == rows(1, 2) and len(store.quarantined()) == 1


def test_a_damaged_epoch_of_a_running_trial_comes_back_from_the_metrics_of_its_run(tmp_path):
    filled(tmp_path, 0, [0])
    with opened(tmp_path) as store:
        for row in rows(1, 2):
            store.epoch(0, 1, row)
        run = store.folder(0) / "run-1"
        run.mkdir()
        (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows(1, 2)))
    sql(tmp_path, "UPDATE epochs SET epoch = x'02' WHERE epoch = 2")
    with opened(tmp_path) as store:
        assert store.curve(0, run=1) == rows(1, 2)
        assert len(store.repairs) == 1


def test_damage_that_a_driver_meets_on_its_way_is_mended(tmp_path):
    before = filled(tmp_path, 2, [2])
    with opened(tmp_path) as store:
        sql(tmp_path, "UPDATE trials SET body = ''", "UPDATE facts SET body = '{}' WHERE name = 'state'")
        assert store.start(2, "w0").number == 2
        assert store.trials()[:2] == before[:2]
        assert store.state() == {"learned": 2}
        assert len(store.repairs) == 4


def test_a_reader_restores_in_passing_and_changes_nothing(tmp_path):
    before = filled(tmp_path, 3)
    sql(tmp_path, "UPDATE trials SET body = '' WHERE number = 1", "UPDATE facts SET body = '' WHERE name = 'state'")
    content = (tmp_path / "sweep.db").read_bytes()
    with Store.open(tmp_path) as reader:
        assert reader.trials() == reader.trials() == before
        assert reader.state() == {"learned": 3}
        assert [(one.what, one.number) for one in reader.quarantined()] == [("trial", 1), ("state", None)]
        assert len(reader.repairs) == 2
        (tmp_path / "trials" / "0001" / "trial.json").unlink()
        assert reader.trial(1).status == Status.FAILED
    assert (tmp_path / "sweep.db").read_bytes() == content


def test_what_a_power_cut_has_taken_from_the_database_comes_back_from_the_files(tmp_path):
    """The database as it was some trials ago, the files as they are."""
    filled(tmp_path, 1, [1])
    old = (tmp_path / "sweep.db").read_bytes()
    with opened(tmp_path) as store:
        store.epoch(1, 0, rows(1)[0])
        store.finish(1, "COMPLETED", scores=[0.5], state={"learned": "more"})
        store.add(proposed(2))
        before = store.trials()
    (tmp_path / "sweep.db").write_bytes(old)
    with opened(tmp_path) as store:
        assert store.trials() == before
        assert store.curve(1) == rows(1)
        assert store.state() == {"learned": "more"}
        assert len(store.repairs) == 2


def test_identity_is_known_as_long_as_one_place_has_it(tmp_path):
    filled(tmp_path, 1)
    sql(tmp_path, "UPDATE facts SET body = '{}' WHERE name = 'identity'")
    with pytest.raises(FactoryError, match=r"\+ seed: 1"):
        opened(tmp_path, seed=1)
    with opened(tmp_path) as store:
        assert "identity: its row does not match its checksum" in str(store.quarantined()[0])
    (tmp_path / "sweep.json").write_text("{")
    with pytest.raises(FactoryError, match=r"\+ seed: 1"):
        opened(tmp_path, seed=1)
    with opened(tmp_path) as store:
        assert store.repairs == ("identity: sweep.json is damaged: JSONDecodeError: Expecting property name enclosed in"
                                 " double quotes: line 1 column 2 (char 1); written again",)  # fmt: skip
    for name in ("sweep.json", "sweep.db"):
        (tmp_path / name).write_text("{")
    with pytest.raises(FactoryError, match="whether the trials there belong to it cannot be told"):
        Store.create_or_open(tmp_path, {}, "another\n")
    with Store.create_or_open(tmp_path, {}, TEXT) as store:
        assert len(store.trials()) == 1


@pytest.mark.parametrize("cut", [0, 1, 100, 0.3, 0.8])  # bytes, shares
def test_a_truncated_database_is_set_aside_and_rebuilt(tmp_path, cut):
    before = filled(tmp_path, 4, [4])
    content = (tmp_path / "sweep.db").read_bytes()
    left = content[: int(cut * len(content)) if isinstance(cut, float) else cut]
    (tmp_path / "sweep.db").write_bytes(left)
    if cut != 0.8:  # where the end is missing, a reader may not come to it
        with pytest.raises(FactoryError, match=r"damaged|not those of a sweep"):
            Store.open(tmp_path).trials()
    with opened(tmp_path) as store:
        assert store.trials() == before
        assert store.curve(3) == rows(1, 2)
        assert store.state() == {"learned": 4}
        assert "sweep.db was damaged and is set aside" in store.repairs[0]
        assert store.repairs[1:] == ("database: 5 trials were restored from their files",)
        assert [str(one) for one in store.quarantined()] == list(store.repairs)
    assert (tmp_path / "sweep.db.damaged-1").read_bytes() == left
    (tmp_path / "sweep.db").write_bytes(b"again" * 99)
    with opened(tmp_path) as store:
        assert store.trials() == before
    assert (tmp_path / "sweep.db.damaged-2").read_bytes() == b"again" * 99


def test_a_bit_flipped_anywhere_in_the_database_costs_nothing(tmp_path):
    directory = tmp_path / "sweep"
    before = filled(directory, 12)
    content = (directory / "sweep.db").read_bytes()
    draw = random.Random(0)
    places = [*range(0, 100, 3), *(draw.randrange(len(content)) for _ in range(60))]
    noticed = 0
    for place in places:
        damaged = bytearray(content)
        damaged[place] ^= 1 << draw.randrange(8)
        (directory / "sweep.db").write_bytes(damaged)
        for log in directory.glob("sweep.db-*"):
            log.unlink()
        with opened(directory) as store:
            assert store.trials() == before, place
            assert store.state() == {"learned": 12}, place
            assert all(store.curve(number) == rows(1, 2) for number in range(12)), place
            assert [store.by_key(f"key {number}").number for number in range(12)] == list(range(12)), place
            noticed += bool(store.repairs)
    assert noticed > 20  # the others fell on what is not in use


def test_damage_in_the_log_costs_nothing(tmp_path):
    """The log of a driver that was killed: SQLite reads it up to the damage, the files have the rest."""
    with opened(tmp_path / "sweep") as store:
        for number in range(4):
            store.add(proposed(number))
            store.finish(number, "COMPLETED", scores=[number], state={"learned": number})
        before = store.trials()
        shutil.copytree(tmp_path / "sweep", tmp_path / "killed")
    log = tmp_path / "killed" / "sweep.db-wal"
    content = bytearray(log.read_bytes())
    assert len(content) > 50_000
    for place in (len(content) // 2, 24 + 10, 5):
        copy = tmp_path / f"damaged-{place}"
        shutil.copytree(tmp_path / "killed", copy)
        (copy / log.name).write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with opened(copy) as store:
            assert store.trials() == before
            assert store.state() == {"learned": 3}


def test_a_lost_database_is_rebuilt_with_the_curves_of_what_runs(tmp_path):
    before = filled(tmp_path, 2, [2, 3])
    (tmp_path / "trials" / "0002" / "run-0").mkdir()
    lines = "".join(json.dumps(row) + "\n" for row in rows(1, 2))
    (tmp_path / "trials" / "0002" / "run-0" / "metrics.jsonl").write_text(lines)
    (tmp_path / "trials" / "0003" / "run-x").mkdir()
    (tmp_path / "trials" / "0003" / "run-x" / "metrics.jsonl").write_text(lines)
    (tmp_path / "sweep.db").unlink()
    with opened(tmp_path) as store:
        assert store.trials() == before
        assert store.curve(2) == rows(1, 2) and store.curve(3) == []


def test_a_trial_whose_folder_is_gone_too_leaves_no_gap(tmp_path):
    before = filled(tmp_path, 3)
    (tmp_path / "sweep.db").unlink()
    shutil.rmtree(tmp_path / "trials" / "0001")
    with opened(tmp_path) as store:
        assert [one.number for one in store.trials()] == [0, 1, 2]
        assert store.trial(1).status == Status.FAILED
        assert [store.trial(0), store.trial(2)] == [before[0], before[2]]
        assert any("trial 1" in told and "counts as FAILED" in told for told in store.repairs)


def test_missing_files_are_written_again(tmp_path):
    before = filled(tmp_path, 2, [2])
    contents = {path: path.read_bytes() for path in (tmp_path / "trials").rglob("*.json")}
    assert sorted(path.name for path in contents) == ["proposal.json", "trial.json", "trial.json"]
    shutil.rmtree(tmp_path / "trials")
    with opened(tmp_path) as store:
        assert store.trials() == before
    assert {path: path.read_bytes() for path in contents} == contents


def test_a_kill_between_database_and_file_is_made_good(tmp_path, monkeypatch):
    filled(tmp_path, 0, [0])
    with opened(tmp_path) as store:
        monkeypatch.setattr(store, "_file", lambda number, state: None)
        done = store.finish(0, "COMPLETED", scores=[0.5])
    assert {path.name for path in store.folder(0).iterdir()} == {"proposal.json"}
    with opened(tmp_path) as store:
        assert store.trials() == [done] and store.repairs == ()
    assert {path.name for path in store.folder(0).iterdir()} == {"trial.json"}


def test_a_kill_while_rebuilding_loses_nothing(tmp_path, monkeypatch):
    before = filled(tmp_path, 3)
    (tmp_path / "sweep.db").write_bytes(b"junk")
    for step in ("create", "prepare", "writing"):

        def die(*_, **__):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(Database, step, die)
            opened(tmp_path)
    with opened(tmp_path) as store:
        assert store.trials() == before


def test_a_full_disk_is_told_and_nothing_that_was_there_is_lost(tmp_path):
    import resource

    before = filled(tmp_path, 2, [2])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with opened(tmp_path) as store:
        size = (tmp_path / "sweep.db-wal").stat().st_size
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, limits[1]))
            with pytest.raises(FactoryError, match="make room and start the same command again"):
                store.finish(2, "FAILED", error="x" * 100_000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert store.trials() == before
        done = store.finish(2, "FAILED", error="x" * 100_000)
    with opened(tmp_path) as store:
        assert store.trials() == [*before[:2], done]
        assert store.repairs == ()


def test_a_database_that_may_not_grow_is_told(tmp_path):
    before = filled(tmp_path, 1)
    with opened(tmp_path) as store:
        pages = store._database.pragma("page_count")
        store._database.pragma(f"max_page_count = {pages}")
        with pytest.raises(FactoryError, match=r"sweep\.db: cannot write: database or disk is full"):
            store.add(proposed(1, spec="x" * 100_000))
        assert store.trials() == before and not store.folder(1).exists()
        assert store.quarantined() == []


def test_where_the_file_of_a_finished_trial_does_not_fit_its_record_is_kept(tmp_path, monkeypatch):
    import errno

    filled(tmp_path, 0, [0])

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with opened(tmp_path) as store, monkeypatch.context() as patch:
        patch.setattr("tuner.store.checked_files.write_whole", full)
        with pytest.raises(FactoryError, match="No space left on device; what was there is intact"):
            store.finish(0, "COMPLETED", scores=[1.0])
    with opened(tmp_path) as store:
        assert store.trial(0) == replace(store.trial(0), status=Status.COMPLETED, scores=(1.0,))
    assert (store.folder(0) / "trial.json").exists()

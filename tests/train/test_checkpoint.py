"""Checkpoints come back as they were written; damaged ones fall back to the one before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory.train.checkpoint import KEPT, Checkpoint, Checkpoints, read_checkpoint, write_checkpoint


def example(number: int) -> Checkpoint:
    rng = np.random.default_rng(number)
    return Checkpoint({"a/b:0": rng.normal(size=(3, 4)).astype("float32"), "n": np.array(number)}, {"epoch": number})


def assert_equal(a: Checkpoint, b: Checkpoint) -> None:
    assert a.facts == b.facts
    assert a.arrays.keys() == b.arrays.keys()
    for name, array in a.arrays.items():
        assert b.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(b.arrays[name], array)


def test_what_was_written_is_read(tmp_path):
    write_checkpoint(tmp_path / "one.npz", example(3))
    assert_equal(read_checkpoint(tmp_path / "one.npz"), example(3))


def test_only_the_last_are_kept_and_the_newest_is_read(tmp_path):
    warnings = []
    checkpoints = Checkpoints(tmp_path, warnings.append)
    assert checkpoints.last() is None and checkpoints.newest() is None
    for step in (5, 90, 1000, 20000):
        checkpoints.write(step, example(step))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-0000001000.npz", "step-0000020000.npz"]
    assert len(list(tmp_path.iterdir())) == KEPT
    assert_equal(checkpoints.last(), example(20000))
    assert checkpoints.newest().name == "step-0000020000.npz"
    assert warnings == []


@given(st.data())
def test_whatever_is_damaged_is_noticed(tmp_path_factory, data):
    """A flipped bit, or a file cut off anywhere, is either noticed or changes nothing that was stored."""
    path = tmp_path_factory.mktemp("damage") / "one.npz"
    write_checkpoint(path, example(1))
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        del content[at:]
    else:
        content[at] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    try:
        found = read_checkpoint(path)
    except ValueError as error:
        assert str(path) in str(error)
    else:
        assert_equal(found, example(1))


def test_a_damaged_checkpoint_falls_back_to_the_one_before_with_a_warning(tmp_path):
    warnings = []
    checkpoints = Checkpoints(tmp_path, warnings.append)
    checkpoints.write(1, example(1))
    checkpoints.write(2, example(2))
    newest = checkpoints.newest()
    newest.write_bytes(newest.read_bytes()[:-100])
    assert_equal(checkpoints.last(), example(1))
    [warning] = warnings
    assert str(newest) in warning and "the one before it" in warning
    checkpoints.newest().write_bytes(b"")
    assert checkpoints.last() is None


@pytest.mark.parametrize("content", [b"", b"PK", b"not a checkpoint"])
def test_files_that_are_no_checkpoints_are_told(tmp_path, content):
    (tmp_path / "one.npz").write_bytes(content)
    with pytest.raises(ValueError, match="damaged checkpoint"):
        read_checkpoint(tmp_path / "one.npz")

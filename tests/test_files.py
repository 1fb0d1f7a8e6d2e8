"""Files are written whole or not at all."""

from __future__ import annotations

import os
import resource
import stat

import pytest

from factory.files import write_whole


def test_text_bytes_and_writers_are_written(tmp_path):
    path = tmp_path / "file"
    for content, expected in (("é\n", "é\n".encode()), (b"\0", b"\0"), (lambda file: file.write(b"abc"), b"abc")):
        write_whole(path, content)
        assert path.read_bytes() == expected
    assert os.listdir(tmp_path) == ["file"]


def test_a_new_file_is_readable_as_any_other(tmp_path):
    write_whole(tmp_path / "ours", "x")
    (tmp_path / "plain").write_text("x")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("ours", "plain")]
    assert modes[0] == modes[1]


def test_a_writer_that_fails_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")

    def fail(file):
        file.write(b"half")
        raise ValueError("no")

    with pytest.raises(ValueError):
        write_whole(path, fail)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_file_that_does_not_fit_leaves_the_old_one(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))  # as on a disk that is full: the write itself fails
    try:
        with pytest.raises(OSError):
            write_whole(path, b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]

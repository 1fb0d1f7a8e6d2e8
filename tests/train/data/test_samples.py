"""Streams keep their order and run in threads of their own, which leave cores to the training."""

from __future__ import annotations

import os

import pytest
import tensorflow as tf

from factory.train.data.samples import Threads, spare_threads


@pytest.mark.parametrize(
    ("cores", "gpus", "expected"), [(1, [], 1), (2, [], 1), (9, [], 4), (2, ["gpu"], 2), (16, ["gpu"], 16)]
)
def test_half_of_the_cores_read_while_the_others_train_and_all_where_a_gpu_does(monkeypatch, cores, gpus, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(cores)), raising=False)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    assert spare_threads() == expected


def test_a_stream_has_as_many_threads_as_it_is_told():
    options = Threads(3).ahead(tf.data.Dataset.range(4)).options()
    assert options.threading.private_threadpool_size == 3
    assert options.deterministic


def test_results_stay_in_order_in_many_threads():
    stream = Threads(8).each(tf.data.Dataset.range(200), lambda number: number * number)
    assert [int(value) for value in Threads(8).ahead(stream)] == [number**2 for number in range(200)]

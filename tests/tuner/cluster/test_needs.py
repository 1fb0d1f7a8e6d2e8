"""What a trial needs of a node, in Ray's words and in ours."""

import pytest

import tuner
from factory.errors import FactoryError
from tuner.cluster.needs import Needs, told
from tuner.sweep.sections import TrialLimits

NODES = [{"CPU": 8.0, "GPU": 2.0, "memory": 30e9}, {"CPU": 3.0, "memory": 30e9}, {"memory": 5e9}]


@pytest.mark.parametrize(
    ("needs", "rooms"),
    [
        (Needs(), [8, 3, 0]),
        (Needs(cpus=2), [4, 1, 0]),
        (Needs(gpus=0.25), [8, 0, 0]),
        (Needs(cpus=2, gpus=1), [2, 0, 0]),
        (Needs(memory=10e9), [3, 3, 0]),
        (Needs(cpus=16), [0, 0, 0]),
        (Needs(cpus=1, gpus=0.2), [8, 0, 0]),  # five share a GPU, ten could, but there are eight cores
    ],
)
def test_a_node_has_room_for_as_many_trials_as_its_scarcest_resource_allows(needs, rooms):
    assert [needs.room(node) for node in NODES] == rooms


def test_ten_tenths_of_a_gpu_are_one():
    assert Needs(cpus=1, gpus=0.1).room({"CPU": 99.0, "GPU": 1.0}) == 10


def test_a_sweep_says_what_its_trials_need():
    limits = TrialLimits(cpus=4, gpus=0.5, memory_gb=6)
    assert Needs.of(limits).options() == {"num_cpus": 4, "num_gpus": 0.5, "memory": 6e9}
    assert Needs.of(TrialLimits()).options() == {"num_cpus": 1, "num_gpus": 0.0}


def test_the_first_line_says_how_workers_fit_the_cluster():
    assert told(NODES, Needs(cpus=2, gpus=1), 2) == (
        "cluster: 3 nodes, 11 CPUs, 2 GPUs; 2 workers of 2 CPUs and 1 GPU, room for 2"
    )
    assert told(NODES[1:], Needs(memory=2e9), 8) == (
        "cluster: 2 nodes, 3 CPUs; room for 3 trials of 1 CPU and 2 GB at a time, 5 of 8 workers wait"
    )
    assert told(NODES, Needs(cpus=16), 1) == (
        "cluster: 3 nodes, 11 CPUs, 2 GPUs; none has room for a trial of 16 CPUs: trials wait until a larger one joins"
    )


def test_a_gpu_and_a_half_is_refused_where_it_stands():
    with pytest.raises(FactoryError, match=r"trial\.gpus: expected whole GPUs, or a part of one") as told:
        tuner.load("digits_macro", **{"trial.gpus": 1.5})
    assert "1.5" in str(told.value)

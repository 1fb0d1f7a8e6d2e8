"""Latencies added up from this machine's table beside those of whole networks: 30 of the zoo, at their own resolution.

Measures the operations that the table lacks, some 800 where it is empty, which takes five minutes on two idle cores and
is kept: a run that was ended goes on from there. Anything else that runs meanwhile makes the figures worse.
"""

from __future__ import annotations

import os
from statistics import fmean, median

import factory
from benchmarks.measure import line
from factory.spec import plan
from tuner.latency import estimate_latency_ms, machine, measure_missing, measure_networks

NETWORKS = (
    *("ciresan_mlp", "lenet5", "resnet20_cifar", "resnet56_cifar", "nin_cifar10", "fractalnet_cifar"),
    *("alexnet", "nin_imagenet", "vgg11", "googlenet", "bn_inception", "squeezenet1_0", "squeezenet1_1"),
    *("mobilenet_v1", "mobilenet_v1_025", "mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large", "mnasnet_a1"),
    *("efficientnet_b0", "efficientnet_v2_b0", "shufflenet_v1_g3", "shufflenet_v2_x1_0", "randwire_ws_small"),
    *("resnet18", "resnet34", "resnet50", "resnet18_v2", "se_resnet50", "convnext_tiny"),
)


def main() -> None:
    print(f"latency of one image on {machine.name()}; load at the start {os.getloadavg()[0]:.1f}", flush=True)
    errors = []
    for name in NETWORKS:
        graph = plan(factory.load(name))
        new = measure_missing([graph])
        [measured] = measure_networks([graph])
        errors.append(estimate_latency_ms(graph) / measured - 1)
        figure = f"{estimate_latency_ms(graph):8.2f} ms added up, {measured:8.2f} ms as a whole"
        line(f"latency {name}", figure, f"{errors[-1]:+.1%} off" + (f", {new} operations measured" if new else ""))
    off = [abs(error) for error in errors]
    figure = f"mean {fmean(off):.1%}, median {median(off):.1%}, worst {max(off):.1%}"
    line(f"error of the sum over {len(off)} networks", figure, "")
    print(f"load at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()

"""From a graph to a keras.Model on a device, in a precision, from a seed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import keras
import tensorflow as tf

from factory.errors import FactoryError
from factory.graph import Graph
from factory.models.devices import device_scope, dtype_policy, jit_compile, make_strategy
from factory.models.lower import lower_graph
from factory.spec import Limits, Spec, load, plan


def build(
    spec: str | os.PathLike[str] | Mapping[str, Any] | Spec,
    *,
    top: bool = True,
    auxiliary: bool = False,
    seed: int | None = None,
    precision: str = "float32",
    jit: str = "auto",
    device: str = "auto",
    strategy: str | tf.distribute.Strategy = "none",
    limits: Limits | None = None,
) -> keras.Model:
    """The keras.Model of a spec (a Spec, or what `factory.load` takes), not compiled.

    `top=False` leaves out the output stage: a backbone that gives the spec's features, or what the head would read. The
    other arguments are those of `build_graph`. Raises SpecError for a mistake in the spec.
    """
    graph = plan(load(spec), top=top, limits=limits)
    return build_graph(
        graph, auxiliary=auxiliary, seed=seed, precision=precision, jit=jit, device=device, strategy=strategy
    )


def build_graph(
    graph: Graph,
    *,
    auxiliary: bool = False,
    seed: int | None = None,
    precision: str = "float32",
    jit: str = "auto",
    device: str = "auto",
    strategy: str | tf.distribute.Strategy = "none",
) -> keras.Model:
    """The functional keras.Model of a graph, not compiled: images (batch, height, width, channels) -> its outputs.

    One output is a single tensor. Several are a list in the order of `graph.outputs`, then of `graph.auxiliary`: give
    `compile` lists of losses and loss weights in that order. Outputs are float32 in every precision.

    auxiliary: keep the heads that exist in training only.
    seed: makes initial weights and dropout the same in every run, whatever ran before; None draws anew.
    precision: float32, mixed_float16 or mixed_bfloat16, for this model only.
    jit: auto, on or off. Where this comes to off, `model.compile()` does not use XLA unless told to; `jit_compile` of
        factory.models.devices gives the same answer for an explicit argument.
    device: auto, cpu, gpu or gpu:i, where the weights are kept.
    strategy: none, mirrored, or a tf.distribute.Strategy.

    Raises FactoryError for unknown names and for devices that are not there.
    """
    policy = dtype_policy(precision)
    compiled = jit_compile(jit, device)
    with _scope(device, strategy):
        model = lower_graph(graph if auxiliary else graph.for_inference(), seed=seed, dtype=policy)
    model.supports_jit = compiled
    return model


def _scope(device: str, strategy: str | tf.distribute.Strategy) -> AbstractContextManager:
    chosen = make_strategy(strategy) if isinstance(strategy, str) else strategy
    if chosen is None:
        return device_scope(device)
    if device != "auto":
        raise FactoryError(f"device {device!r} cannot be combined with a distribution strategy: take 'auto'")
    return chosen.scope()

"""Giving back what Keras and TensorFlow keep of networks that are gone."""

from __future__ import annotations

import gc

import keras
from tensorflow.python.framework import ops


def forget_networks() -> None:
    """Frees networks and compiled steps that nothing refers to any more; those that are in use stay.

    TensorFlow registers the gradient of a traced function that has one of its own, as tf.nn.silu does, under a new name
    and for ever, and with it the graph of the whole step: tens of MB of each network that is trained. The name is
    looked up only while a gradient is traced, so that these go. There is no public way; a TensorFlow that has another
    keeps its own.
    """
    keras.utils.clear_session(free_memory=False)
    registered = getattr(ops.gradient_registry, "_registry", {})
    for name in [name for name in registered if name.startswith("CustomGradient-")]:
        del registered[name]
    gc.collect()

"""TensorFlow's graph optimiser, and when training is better off without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

_OPTION = "disable_meta_optimizer"


@contextmanager
def quick_start(jit: bool = False) -> Iterator[None]:
    """Functions that run meanwhile are taken as they were traced, on a CPU and where XLA compiles them anyway.

    Optimising the graph of a training step takes TensorFlow seconds before the first step and makes later ones no
    faster. The option belongs to every call, not to the trace: whatever calls a function again and again does so inside
    one `with`, or the graph is optimised after all, and what it computes changes by rounding.
    """
    if tf.config.list_physical_devices("GPU") and not jit:
        yield
        return
    before = tf.config.optimizer.get_experimental_options().get(_OPTION, False)
    tf.config.optimizer.set_experimental_options({_OPTION: True})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({_OPTION: before})

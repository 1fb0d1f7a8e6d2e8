"""Where a model runs and in which precision: device names, GPU memory, dtype policies, distribution strategies."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import keras
import tensorflow as tf

from factory.errors import FactoryError
from factory.models.choices import JIT, PRECISIONS, STRATEGIES, check_choice, check_device_name


def check_device(device: str) -> str | None:
    """The name that TensorFlow gives to `auto`, `cpu`, `gpu` or `gpu:i`; None leaves the choice to TensorFlow.

    Raises FactoryError for an unknown name, and for a GPU that is not there.
    """
    name, _, number = check_device_name(device).partition(":")
    if name == "cpu":
        return "cpu:0"
    gpus = tf.config.list_physical_devices("GPU")
    _grow_memory(gpus)
    if name == "auto":
        return None
    if int(number or 0) >= len(gpus):
        there = ", ".join(f"gpu:{index}" for index in range(len(gpus))) or "no GPU"
        raise FactoryError(f"device {device!r} is not available: there is {there}; 'auto' takes what is there")
    return f"gpu:{int(number or 0)}"


def device_scope(device: str) -> AbstractContextManager:
    """Everything made and run inside is on this device: `auto`, `cpu`, `gpu` or `gpu:i`."""
    name = check_device(device)
    return keras.device(name) if name else nullcontext()


def _grow_memory(gpus: Sequence[tf.config.PhysicalDevice]) -> None:
    """Lets TensorFlow take GPU memory as it needs it, not all of it at once."""
    for gpu in gpus:
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:  # TensorFlow has started already: what it was told then stays
            return


def dtype_policy(precision: str) -> keras.DTypePolicy:
    """The dtype policy of `float32`, `mixed_float16` or `mixed_bfloat16`; the global policy is left alone."""
    return keras.DTypePolicy(check_choice("precision", precision, PRECISIONS))


def make_strategy(strategy: str, devices: Sequence[str] | None = None) -> tf.distribute.Strategy | None:
    """The distribution strategy of this name: None for `none`, one replica a device for `mirrored`.

    `devices` are TensorFlow's names, such as "cpu:0"; by default all GPUs, of which there must be one at least.
    """
    if check_choice("strategy", strategy, STRATEGIES) == "none":
        return None
    if devices is None:
        gpus = tf.config.list_physical_devices("GPU")
        if not gpus:
            raise FactoryError("strategy 'mirrored' needs GPUs, and there is none: use strategy 'none'")
        _grow_memory(gpus)
        devices = [f"gpu:{index}" for index in range(len(gpus))]
    return tf.distribute.MirroredStrategy([f"/{device}" for device in devices])


def strategy_scope(strategy: str, devices: Sequence[str] | None = None) -> AbstractContextManager:
    """Models made and compiled inside are replicated as `make_strategy` says."""
    made = make_strategy(strategy, devices)
    return made.scope() if made else nullcontext()


def jit_compile(jit: str, device: str) -> bool:
    """What to give to `model.compile(jit_compile=...)` for jit `auto`, `on` or `off`.

    `auto` compiles on GPUs only: on a CPU XLA runs depthwise convolutions many times slower than the plain runtime.
    """
    if check_choice("jit", jit, JIT) != "auto":
        return jit == "on"
    name = check_device(device)
    return bool(tf.config.list_physical_devices("GPU")) if name is None else name.startswith("gpu")

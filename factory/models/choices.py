"""The names that building and saving know, checked before TensorFlow is started. Knows no TensorFlow."""

from __future__ import annotations

import re
from collections.abc import Sequence

from factory.errors import FactoryError, did_you_mean

FORMATS = ("keras", "saved_model")
DEVICES = ("auto", "cpu", "gpu")
PRECISIONS = ("float32", "mixed_float16", "mixed_bfloat16")
STRATEGIES = ("none", "mirrored")
JIT = ("auto", "on", "off")


def check_choice(kind: str, value: str, known: Sequence[str]) -> str:
    """The value itself, or a FactoryError that names the nearest of the known ones."""
    if value not in known:
        raise FactoryError(f"unknown {kind} {value!r}: {did_you_mean(value, known)}")
    return value


def check_device_name(device: str) -> str:
    """The value itself where it is `auto`, `cpu`, `gpu` or `gpu:i`, otherwise a FactoryError."""
    name, colon, number = device.partition(":")
    if name not in DEVICES or (colon and (name != "gpu" or not re.fullmatch(r"\d+", number))):
        hint = "" if name in DEVICES else f" ({did_you_mean(name, DEVICES)})"
        raise FactoryError(f"unknown device {device!r}{hint}: expected auto, cpu, gpu or gpu:0, gpu:1, ...")
    return device

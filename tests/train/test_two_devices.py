"""Data parallel training: two devices take the steps of one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
sys.path[:0] = [sys.argv[1]]
from factory.models.quiet import quiet_tensorflow
quiet_tensorflow()
import numpy as np
import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
import factory
from runs import SPEC

spec = factory.load(SPEC, **{"conventions.norm": "none", "stages.drop.rate": 0.0})  # a norm sees its own device's share
recipe = {"epochs": 2, "batch_size": 32, "ema": 0.9, "optimizer": {"name": "sgd"}, "learning_rate": 0.05,
          "regularize": {"l2": 1e-3}, "augment": [{"translate": 0.1}], "data": {"samples": 96}}
two = tf.distribute.MirroredStrategy(["cpu:0", "cpu:1"])
found = {}
for name, strategy in (("one", "none"), ("two", two)):
    done = factory.fit(spec, "digits", recipe, f"{sys.argv[2]}/{name}", strategy=strategy)
    found[name] = done.result, [np.array(w) for w in done.model.weights]
for a, b in zip(found["one"][1], found["two"][1], strict=True):
    np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
for part in ("train", "validation", "test"):
    for measure, value in found["one"][0][part].items():
        np.testing.assert_allclose(found["two"][0][part][measure], value, rtol=1e-3)
print("equal")
"""


def test_two_devices_end_with_the_weights_and_measures_of_one(tmp_path):
    """In a process of its own: devices are divided before TensorFlow starts."""
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "equal"

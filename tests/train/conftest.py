"""TensorFlow without its log lines, before any test module imports it."""

from factory.models.quiet import quiet_tensorflow

quiet_tensorflow()

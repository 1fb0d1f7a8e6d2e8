"""Graphs as Keras models: lowering, devices and precision, saving, copying weights, comparing outputs.

This file imports neither TensorFlow nor Keras, so that `factory.models.archive` and `factory.models.quiet` stay light.
"""

"""Latency without running: a table of what each operation takes on this machine, added up along a graph.

Importing this, and reading the table, brings in no TensorFlow; what measures runs in a process of its own.
"""

from tuner.latency.estimate import Latency, Unmeasured, estimate_latency_ms, latency_of
from tuner.latency.meter import MeasuringFailed, measure_missing, measure_networks, measured_latency_ms

__all__ = [
    "Latency",
    "MeasuringFailed",
    "Unmeasured",
    "estimate_latency_ms",
    "latency_of",
    "measure_missing",
    "measure_networks",
    "measured_latency_ms",
]

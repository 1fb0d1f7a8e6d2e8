"""What a sweep has found: one SQLite file a sweep, which no crash can hurt. Knows no algorithm and no TensorFlow."""

from tuner.store.damage import Quarantined
from tuner.store.record import FINISHED, SCORED, Status, TrialRecord
from tuner.store.store import Store

__all__ = ["FINISHED", "SCORED", "Quarantined", "Status", "Store", "TrialRecord"]

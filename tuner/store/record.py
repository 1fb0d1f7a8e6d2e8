"""One trial as the store keeps it: what was proposed, what ran where, what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from tuner.space import Point


class Status(StrEnum):
    """How far a trial is. A Status is the plain text of its name."""

    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    STOPPED = "STOPPED"
    """Ended early as a weak one; it counts with its scores."""
    COPIED = "COPIED"
    """Not trained: the same candidate has been, as trial `copied_from`."""


FINISHED = frozenset(Status) - {Status.RUNNING}
SCORED = frozenset({Status.COMPLETED, Status.STOPPED, Status.COPIED})
"""What has scores, finite ones; all else that is finished has none."""


@dataclass(frozen=True)
class TrialRecord:
    """A trial. Whoever proposes fills in the first part; `Store.start`, `Store.retry` and `Store.finish` the second.

    number: from 0, without gaps. epochs: how many were proposed, None for as many as the sweep says. continues: the
    trial it goes on from. inherits: the trial whose weights it begins with. spec, recipe: resolved, YAML. key: equal
    for candidates that are the same. costs: of the candidate, None where unknown.

    attempts: how often it was begun; going on after the driver was killed is no new attempt. created, started, ended:
    UTC, ISO 8601. seconds: of all attempts. scores: one for each objective, greater is better. values: of the
    objectives as they are, by name. result: what the runs came to. error: the full text, of the last attempt that
    failed, "" where none did.
    """

    number: int
    point: Point
    status: Status = Status.RUNNING
    epochs: int | None = None
    continues: int | None = None
    inherits: int | None = None
    spec: str = ""
    recipe: str = ""
    key: str = ""
    costs: dict[str, float | None] = field(default_factory=dict)
    seed: int = 0

    worker: str = ""
    device: str = ""
    attempts: int = 0
    created: str = ""
    started: str = ""
    ended: str = ""
    seconds: float | None = None
    scores: tuple[float, ...] | None = None
    values: dict[str, float] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    copied_from: int | None = None

    @property
    def finished(self) -> bool:
        return self.status in FINISHED

    def plain(self) -> dict[str, Any]:
        """The fields by name, for JSON."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> TrialRecord:
        """The record of such fields, read back from JSON. Raises TypeError, KeyError or ValueError for others."""
        scores = plain.get("scores")
        return cls(**{**plain, "status": Status(plain["status"]), "scores": None if scores is None else tuple(scores)})

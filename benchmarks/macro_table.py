"""The macro space of digits_macro.json and the table itself: 243 networks and what each came to. No TensorFlow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import yaml

import factory
from factory import Spec
from tuner.space import Choice, Point, Space

TABLE = Path(__file__).with_name("digits_macro.json")

SPEC = """
name: digits_macro
input: {resolution: 8, channels: 1, preprocess: unit}
classes: 10
conventions: {norm: {kind: batch, momentum: 0.9}}
defaults: {mbconv: {expand: 3}}
stages:
  stem: {block: sequence, body: []}
  wide: {block: sequence, body: []}     # at 8 x 8 pixels
  down: {block: sequence, body: []}
  deep: {block: sequence, body: []}     # at 4 x 4 pixels
  gather: {block: sequence, body: []}
  head: {block: classifier}
"""

CHOICES = """
stem:
  narrow: {block: conv, filters: 6}
  plain: {block: conv, filters: 12}
  large: {block: conv, filters: 12, kernel: 5}
wide:
  skip: {block: sequence, body: []}
  mb: {block: mbconv, filters: 12}
  basic: {block: basic, filters: 12}
down:
  pool: {block: max_pool, kernel: 2}
  conv: {block: conv, filters: 24, stride: 2}
  mb: {block: mbconv, filters: 24, stride: 2, se: 0.25}
deep:
  skip: {block: sequence, body: []}
  separable: {block: separable_conv, filters: 32}
  conv: {block: conv, filters: 32}
gather:
  mean: {block: global_avg_pool}
  windows: {block: sequence, body: [{block: avg_pool, kernel: 2}, {block: flatten}]}
  all: {block: sequence, body: [{block: flatten}, {block: dropout, rate: 0.3}]}
"""
"""What each stage can be, whole calls; the first costs least, the last most."""

EPOCHS = (1, 3, 9, 27)
"""After how many epochs each network was validated; the last is the end of its training."""
SEEDS = (0, 1, 2)


def space() -> Space:
    """The 3^5 = 243 networks: for each of the five stages a choice in the order of its costs."""
    return Space(
        [
            Choice(f"stages.{stage}", labels=tuple(calls), meanings=tuple(calls.values()), ordered=True)
            for stage, calls in yaml.safe_load(CHOICES).items()
        ]
    )


def base() -> Spec:
    """The network whose stages the space replaces."""
    return factory.load(yaml.safe_load(SPEC))


@dataclass(frozen=True)
class Row:
    """What came of one network. Losses are in nats an image, of validation images, means over the seeds.

    curve: the log-loss after each of EPOCHS. by_seed: the log-loss at the end of each run. seconds: processor time of
    one run on one core.
    """

    point: Point
    log_loss: float
    accuracy: float
    by_seed: tuple[float, ...]
    curve: tuple[float, ...]
    params: int
    macs: int
    seconds: float


class Table:
    """The networks by their points."""

    def __init__(self, rows: Mapping[str, Row], about: Mapping[str, Any]):
        self.space, self.rows, self.about = space(), dict(rows), dict(about)

    def __getitem__(self, point: Mapping[str, Any]) -> Row:
        return self.rows[self.space.key(point)]

    def log_loss(self, point: Mapping[str, Any], epochs: int | None = None) -> float:
        """The log-loss after so many epochs, at the last look before where none fell on them; None: at the end."""
        row = self[point]
        looked = [loss for epoch, loss in zip(EPOCHS, row.curve, strict=True) if epochs is None or epoch <= epochs]
        return looked[-1]

    def regret(self, point: Mapping[str, Any]) -> float:
        """By how much its log-loss at the end is above that of the best network."""
        return self[point].log_loss - self.losses[0]

    @cached_property
    def losses(self) -> np.ndarray:
        """The log-losses of all networks at the end, (243,), the best first."""
        return np.sort([row.log_loss for row in self.rows.values()])


def load_table(path: Path = TABLE) -> Table:
    """The table of a file, by default the one that is shipped."""
    content = json.loads(path.read_text(encoding="utf-8"))
    names = [dimension.name for dimension in space()]
    rows = {}
    for row in content.pop("networks"):
        point = dict(zip(names, row.pop("network"), strict=True))
        rows[space().key(point)] = Row(point, **{name: _tuple(value) for name, value in row.items()})
    return Table(rows, content)


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value

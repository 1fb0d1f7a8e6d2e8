"""Freeze-path: the columns of fractals are trained one after the other, the shortest first."""

from __future__ import annotations

import re

import keras

from factory.models.layers.fractal import ColumnJoin

_COLUMN = re.compile(r"(?P<fractal>.*?)\.column(?P<height>\d+)(_\d+)?(\.|$)")
_JOIN = re.compile(r"(?P<fractal>.*)\.join(_\d+)?")


def train_column(model: keras.Model, column: int) -> None:
    """Lets only the first `column` columns of each fractal take part, counted from the shortest, and trains the last.

    Those before it are frozen, those behind it wait; all outside of fractals is left as it is. So branches are trained
    stage by stage, as in the stagewise boosting networks of Smith and Topin 2016 (freeze-drop-path).
    """
    joins = [layer for layer in model.layers if isinstance(layer, ColumnJoin)]
    columns = {}  # of each fractal; its own names count from the longest
    for join in joins:
        join.first_columns = column
        if named := _JOIN.fullmatch(join.name):
            columns[named["fractal"]] = join.columns
    for layer in model.layers:
        found = _COLUMN.match(layer.name)
        if found and found["fractal"] in columns:
            number = columns[found["fractal"]] + 1 - int(found["height"])
            layer.trainable = layer.trainable and number == column

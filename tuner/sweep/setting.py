"""A value of a sweep file on its way into a spec or a recipe: mistakes in it are told with its place."""

from __future__ import annotations

from typing import Any

from factory.errors import Mark, Source
from factory.spec.overrides import Setting
from factory.spec.reading import from_python


class Placed(Setting):
    """A value at a path, and where it stands in the file, as overrides take it."""

    def __init__(self, path: str, value: Any, mark: Mark | None):
        self.path = path
        self.mark = mark or Mark(Source(f"override {path}={value}"), 0, 0)
        self.value = from_python(value, self.mark.source)

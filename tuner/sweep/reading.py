"""`tuner.load`: from a name, a path or a mapping to a sweep."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factory.errors import Mark, Source, SpecError
from factory.spec.overrides import Setting
from factory.spec.reading import Kind, Map, from_python, read_file, read_text
from factory.spec.writing import flow
from factory.spec.zoo import find_file, names_in, zoo_directory
from tuner.sweep.compiling import compile_sweep
from tuner.sweep.dimensions import plain
from tuner.sweep.sweep import Sweep

SWEEP = Kind("a sweep", "'spec:' and 'space:'")

SPACE = "space"
"""The key whose mapping has paths for keys: what follows it is a name with dots."""


def load(source: str | os.PathLike[str] | Mapping[str, Any], /, **overrides: Any) -> Sweep:
    """The sweep of a name of `specs/sweeps`, at a path, or in a plain mapping, with values at paths overridden.

    `load("b0_macro.yaml", workers=4, **{"budget.trials": 20})`; mappings merge, None removes. Everything is checked
    that can be without training: each value of the space is built, and some candidate is feasible. Raises SpecError
    with every mistake and its position.
    """
    if isinstance(source, Mapping):
        given = source if isinstance(source, Map) else dict(source)
        document, path = from_python(given, Source("<mapping>"), SWEEP), None
        text = written(document)
    else:
        path = find_sweep(os.fspath(source))
        text = _text(path)
        document = read_text(text, str(path), SWEEP)
    if overrides:
        document = _overridden(document, overrides)
        text = written(document)
    return compile_sweep(document, path, text)


def sweep_names() -> list[str]:
    """Names of all sweeps that come with the package, sorted."""
    return names_in(_directory())


def find_sweep(name: str) -> Path:
    """The file of a sweep given by path or name. Raises FactoryError for neither."""
    return find_file(name, None, _directory(), "a sweep of the zoo", "docs/sweeps.md")


def written(document: Mapping[str, Any]) -> str:
    """A document as the text of a sweep file, a line for each entry of its space."""
    lines = []
    for key, value in plain(document).items():
        if key == SPACE and isinstance(value, dict) and value:
            lines += [f"{key}:", *(f"  {flow(name)}: {flow(item)}" for name, item in value.items())]
        else:
            lines.append(f"{flow(key)}: {flow(value)}")
    return "\n".join(lines) + "\n"


def _directory() -> Path:
    return zoo_directory() / "sweeps"


def _text(path: Path) -> str:
    """The text of a file. Raises SpecError for one that is no text, or too large."""
    read_file(path, kind=SWEEP)
    return path.read_text(encoding="utf-8-sig")


def _overridden(document: Map, overrides: Mapping[str, Any]) -> Map:
    for path, value in overrides.items():
        if isinstance(value, Setting):
            value, mark = value.value, value.mark
        else:
            mark = Mark(Source(f"override {path}={value}"), 0, 0)
            value = from_python(value, mark.source, SWEEP)
        document = _set(document, path, path.split("."), value, mark)
    return document


def _set(base: Map, path: str, parts: list[str], value: Any, mark: Mark, whole: bool = False) -> Map:
    """A copy of a mapping with the value where `parts` lead: a mapping goes over one there, None removes.

    whole: what stands in this mapping is replaced whole.
    """
    key, rest = parts[0], parts[1:]
    result, inner = base.copy(), base.get(key)
    if rest:
        if inner is not None and not isinstance(inner, Map):
            raise SpecError.single(f"'{key}' is a value, it has no '{rest[0]}'", path=path, mark=mark)
        rest = [".".join(rest)] if key == SPACE else rest
        value = _set(inner if inner is not None else Map(mark), path, rest, value, mark, key == SPACE)
    elif value is None:
        result.remove(key)
        return result
    elif isinstance(value, Map) and isinstance(inner, Map) and not whole:
        over = inner.copy()
        for name in value:
            over.take(name, value)
        value = over
    result.put(key, value, base.keys_at.get(key, mark), base.values_at.get(key, mark) if rest else mark)
    return result

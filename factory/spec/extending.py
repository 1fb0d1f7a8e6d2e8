"""The file that another one extends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from factory.blocks.values import show
from factory.errors import FactoryError, SpecError
from factory.spec.reading import Map

MAX_PARENTS = 32


def find_parent(
    document: Map, path: Path | None, trail: Sequence[Path], find: Callable[[str, Path | None], Path], what: str
) -> Path | None:
    """The file that a document extends, None where it extends nothing.

    path: the document's own file; trail: the files, resolved, that led to it; find: from a name, and the folder beside
    which it may be, to a file; what: `spec` or `recipe`. Raises SpecError for a parent that does not exist, for a
    circle, and for more than MAX_PARENTS.
    """
    if "extends" not in document:
        return None
    parent, mark = document["extends"], document.values_at.get("extends")
    if not isinstance(parent, str):
        known = "a zoo name" if what == "spec" else "a name"
        raise SpecError.single(f"expected {known} or a path, received {show(parent)}", path="extends", mark=mark)
    try:
        found = find(parent, path.parent if path else None)
    except FactoryError as error:
        raise SpecError.single(str(error), path="extends", mark=mark, length=len(parent)) from None
    if found.resolve() in trail:
        circle = " -> ".join(file.stem for file in [*trail[trail.index(found.resolve()) :], found.resolve()])
        message = f"{what}s extend each other in a circle: {circle}"
        raise SpecError.single(message, path="extends", mark=mark, length=len(parent))
    if len(trail) >= MAX_PARENTS:
        raise SpecError.single(f"more than {MAX_PARENTS} parents", path="extends", mark=mark)
    return found

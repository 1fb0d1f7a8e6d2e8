"""What every network of the zoo is and costs, for `factory list` and docs/zoo.md."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

from factory.errors import FactoryError, did_you_mean
from factory.spec.plan import input_shape, totals
from factory.spec.resolve import load
from factory.spec.zoo import zoo_names


def matching_names(pattern: str | None = None) -> list[str]:
    """Names of the zoo that contain a text, or fit a pattern with * ? [...]. Raises FactoryError where none does."""
    names = zoo_names()
    if pattern is None:
        return names
    wild = any(sign in pattern for sign in "*?[")
    found = [name for name in names if fnmatchcase(name, pattern) or (not wild and pattern in name)]
    if not found:
        hint = did_you_mean(pattern, names, many=0)
        raise FactoryError(
            f"no network of the zoo fits '{pattern}'; " + (hint if "mean" in hint else "see: factory list")
        )
    return found


def overview(pattern: str | None = None) -> list[dict[str, Any]]:
    """What each network of the zoo is, what it costs, and by whom that was counted.

    name, authors (with the year), year, paper, arxiv, url; resolution ([height, width], None for any); params,
    trainable, macs, activations; source: of the counts; equals: the implementation that its outputs were compared with.
    """
    entries = []
    for name in matching_names(pattern):
        spec = load(name)
        height, width, _ = input_shape(spec)
        about, expect = spec.about, spec.expect
        entries.append(
            {
                "name": name,
                "authors": about.authors,
                "year": about.year,
                "paper": about.paper,
                "arxiv": about.arxiv,
                "url": about.url,
                "resolution": None if height is None else [height, width],
                **totals(spec)._asdict(),
                "source": expect.source,
                "equals": expect.equals,
            }
        )
    return entries

"""The parameters of an algorithm as keyword arguments of its oracle."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from factory.blocks.values import Invalid, Section, parse_section
from factory.errors import FactoryError, did_you_mean


def parse_parameters(oracle: type, section: type[Section], given: Mapping[str, Any]) -> Section:
    """The parameters of an oracle's algorithm. Raises FactoryError with all mistakes, one a line."""
    try:
        return parse_section(section, dict(given))
    except Invalid as error:
        raise FactoryError("\n".join(_told(oracle, section, one) for one in (error, *error.more))) from None


def _told(oracle: type, section: type[Section], mistake: Invalid) -> str:
    hint = mistake.hint
    if mistake.message == "unknown key":  # which may be meant for the oracle itself
        known = [name for name in inspect.signature(oracle).parameters if name != "parameters"]
        hint = did_you_mean(mistake.loc[-1], [*section.model_fields, *known], many=0) or _known(section)
    where = ".".join(map(str, mistake.loc))
    message = mistake.message.replace("unknown key", "unknown parameter")
    return f"{oracle.__name__}: {where}: {message}" + (f"; {hint}" if hint else "")


def _known(section: type[Section]) -> str:
    names = ", ".join(sorted(section.model_fields))
    return f"the algorithm's: {names}" if names else "the algorithm has none"

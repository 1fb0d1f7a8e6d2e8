"""JSON files that carry a checksum, and moving damaged files out of the way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factory.errors import FactoryError
from factory.files import write_whole
from tuner.store.plain import checksum, dumps, loads

FORMAT = 1


def write_checked(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a file that can be read without this program, whole or not at all. Raises OSError."""
    plain = json.loads(dumps({"format": FORMAT, **content}))
    write_whole(path, json.dumps({**plain, "checksum": checksum(plain)}, indent=1) + "\n")


def read_checked(path: Path) -> dict[str, Any]:
    """What was written. Raises FileNotFoundError, ValueError for a damaged file, FactoryError for a newer version's."""
    try:
        content = json.loads(path.read_bytes())
        claimed = content.pop("checksum")
        whole = checksum(content) == claimed
    except FileNotFoundError:
        raise
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path.name} is damaged: {type(error).__name__}: {error}") from error
    if not whole:
        raise ValueError(f"{path.name} is damaged: it does not match its checksum")
    if content.pop("format") > FORMAT:
        raise FactoryError(f"{path}: written by a newer version of this program; go on with that one")
    return loads(json.dumps(content))


def set_aside(path: Path) -> Path:
    """Renames a damaged file to NAME.damaged-1 or the next free number. Raises OSError."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    return path.rename(aside)

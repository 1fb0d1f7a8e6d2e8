"""Writing files whole or not at all, and what reading a damaged one raises."""

from __future__ import annotations

import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

DAMAGED_NPZ = (OSError, ValueError, EOFError, KeyError, NotImplementedError, zipfile.BadZipFile, zlib.error)
"""What reading a damaged .npz file raises; NotImplementedError where its kind of compression is none that exists."""


def write_whole(path: Path, content: str | bytes | Callable[[IO[bytes]], object]) -> None:
    """Puts a file in place in one step: whoever reads it finds the old content or the new, even after a power cut.

    `content` is text (UTF-8), bytes, or a function that writes to an open binary file. Raises OSError; the old file is
    left as it was then, and nothing half-written behind.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if callable(content):
                content(file)
            else:
                file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """What new files of this process are not allowed; mkstemp makes them private."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask

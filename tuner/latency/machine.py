"""The machine that latencies are of, and where its table is kept."""

from __future__ import annotations

import os
import platform
import re
from functools import cache
from importlib.metadata import version
from pathlib import Path

import platformdirs

CACHE = "FACTORY_CACHE_DIR"
"""The environment variable that names the folder of the table; else it is the user's cache folder."""


@cache
def machine() -> dict[str, str | int]:
    """What the time of an operation depends on beside itself: processor, cores for this process, TensorFlow."""
    return {"processor": _processor(), "threads": cores(), "tensorflow": version("tensorflow")}


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def name() -> str:
    """The machine in a line: AMD EPYC, 2 threads, TensorFlow 2.21.0."""
    facts = machine()
    return f"{facts['processor']}, {facts['threads']} threads, TensorFlow {facts['tensorflow']}"


def table_path() -> Path:
    """The file of this machine's table. It need not exist."""
    folder = os.environ.get(CACHE) or platformdirs.user_cache_dir("keras-model-factory", appauthor=False)
    slug = re.sub(r"[^a-z0-9.]+", "-", "-".join(map(str, machine().values())).lower()).strip("-")
    return Path(folder) / "latency" / f"{slug}.json"


def _processor() -> str:
    """The processor's name; Linux tells it in /proc/cpuinfo alone."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1].strip() if found else platform.processor() or platform.machine()

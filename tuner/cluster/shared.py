"""Whether every node of a cluster sees the directory of a sweep, and can run its trials."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import factory
from factory.errors import FactoryError, first_line
from factory.files import write_whole
from tuner.store.database import telling

SECONDS = 120.0
"""How long a node may take to start a process and look."""


def check_nodes(directory: Path) -> None:
    """Has every node look for a file that was just written.

    Raises FactoryError with the nodes that cannot run trials, and where the file cannot be written.
    """
    import ray

    from tuner.cluster.launching import on_node

    token = directory / f".token-{uuid4().hex}"
    with telling(directory):
        directory.mkdir(parents=True, exist_ok=True)
        write_whole(token, token.name)
    try:
        looks = {
            node["NodeManagerAddress"] + f" ({node['NodeID'][:8]})": on_node(look, node["NodeID"]).remote(str(token))
            for node in ray.nodes()
            if node["Alive"]
        }
        ray.wait(list(looks.values()), num_returns=len(looks), timeout=SECONDS)
        found = {node: _fetched(ref) for node, ref in looks.items()}
    finally:
        token.unlink(missing_ok=True)
    if wrong := complaints(found, token.name):
        raise FactoryError(f"not every node of the cluster can run trials in {directory}:\n" + "\n".join(wrong))


def look(path: str) -> tuple[str, str]:
    """On a node: what the file there says, "" where there is none, and the version of this package."""
    try:
        return Path(path).read_text(), factory.__version__
    except OSError:
        return "", factory.__version__


def complaints(found: Mapping[str, tuple[str, str] | str], token: str) -> list[str]:
    """What is wrong with each node, a line for one. found: by node what `look` gave there, or why it gave nothing."""
    lines = []
    for node, answer in found.items():
        if isinstance(answer, str):
            lines.append(f"    {node}: {answer}")
        elif answer[0] != token:
            lines.append(f"    {node}: does not see the directory; it must be on a file system that all nodes share")
        elif answer[1] != factory.__version__:
            lines.append(f"    {node}: has keras-model-factory {answer[1]}, this machine {factory.__version__}")
    return lines


def _fetched(ref: Any) -> tuple[str, str] | str:
    import ray
    from ray.exceptions import GetTimeoutError, RayError

    try:
        return ray.get(ref, timeout=0)
    except GetTimeoutError:
        return f"does not answer in {SECONDS:g} seconds"
    except RayError as error:
        return first_line(getattr(error, "cause", None) or error)

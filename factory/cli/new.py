"""`factory new`: a small commented spec to start from."""

from __future__ import annotations

from typing import Annotated

import typer


def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the network; NAME.yaml is written.")],
) -> None:
    """Write a small commented spec to start from."""
    from factory.spec.starter import write_starter

    path = write_starter(name)
    print(f"wrote {path}; next: factory info {path}")

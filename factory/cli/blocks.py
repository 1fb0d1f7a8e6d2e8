"""`factory blocks`: all blocks, or the documentation of one."""

from __future__ import annotations

from typing import Annotated

import typer

from factory.cli.output import print_table


def complete_block(incomplete: str) -> list[str]:
    from factory.blocks import REGISTRY

    return [name for name in REGISTRY if name.startswith(incomplete)]


def run(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A block.", autocompletion=complete_block)
    ] = None,
) -> None:
    """List the blocks that specs can call, or explain one."""
    from factory.blocks.describe import describe, summaries

    if name is None:
        print_table(["block", "what it does"], list(summaries().items()), left={"block", "what it does"})
        return
    block = describe(name)
    print(f"{name}: {block['doc']}\n")
    print(f"inputs: {block['inputs']}\n")
    columns = ["parameter", "type", "default", "meaning"]
    print_table(columns, [[entry[column] for column in columns] for entry in block["parameters"]], left=columns)

"""`factory diff`: how two networks differ, in words and in costs."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from factory.cli.options import (
    MAX_NODES,
    MAX_PARAMS,
    Depth,
    Json,
    MaxNodes,
    MaxParams,
    Resolution,
    Settings,
    Width,
    complete_spec,
    limits,
    load_spec,
)
from factory.cli.output import count, print_table

_LABELS = {"macs": "MACs"}


def run(
    a: Annotated[
        str,
        typer.Argument(
            metavar="A", help="A YAML file, a name of the zoo, or a built model.", autocompletion=complete_spec
        ),
    ],
    b: Annotated[
        str, typer.Argument(metavar="B", help="The same; overrides apply to this one.", autocompletion=complete_spec)
    ],
    settings: Settings = None,
    width: Width = None,
    depth: Depth = None,
    resolution: Resolution = None,
    json: Json = False,
    max_params: MaxParams = MAX_PARAMS,
    max_nodes: MaxNodes = MAX_NODES,
) -> None:
    """Show how two specs differ, in values and in costs."""
    from factory.spec.diff import compare
    from factory.spec.writing import flow

    found = compare(
        load_spec(a), load_spec(b, settings, width, depth, resolution), limits=limits(max_params, max_nodes)
    )
    if json:
        from json import dumps

        print(dumps(found, indent=2))
        return
    if found["changes"]:
        rows = [[change["path"], *(_value(change[side], flow) for side in "ab")] for change in found["changes"]]
        print_table(["path", a, b], rows, left={"path", a, b})
        print()
    rows = [[_LABELS.get(name, name), *map(count, pair), *_delta(*pair)] for name, pair in found["costs"].items()]
    print_table(["cost", a, b, "difference", "ratio"], rows, left={"cost"})
    print()
    same, (first, second) = found["same_network"], found["hashes"]
    print(f"the same network: hash {first}" if same else f"different networks: hash {first} and {second}")


def _value(value: Any, flow: Any) -> str:
    return "-" if value is None else value if isinstance(value, str) else flow(value)


def _delta(a: int | None, b: int | None) -> tuple[str, str]:
    if a is None or b is None:
        return "-", "-"
    return f"{b - a:+,}" if a != b else "0", f"{b / a:.3f}" if a else "-"

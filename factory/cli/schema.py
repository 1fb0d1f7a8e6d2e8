"""`factory schema`: the JSON schema of specs, for editors."""

from __future__ import annotations


def run() -> None:
    """Print the JSON schema of specs, for editors."""
    from factory.spec.schema import schema_text

    print(schema_text(), end="")

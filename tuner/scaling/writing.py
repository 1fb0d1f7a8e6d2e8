"""Members of a family as spec files that extend their base."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from factory.errors import FactoryError
from factory.files import write_whole
from factory.spec.compile import IDENTIFIER
from factory.spec.writing import flow
from factory.spec.zoo import find_spec
from tuner.scaling.family import Base, Member


def member_name(base: Base, member: Member) -> str:
    """What a member is called, and its file with .yaml behind it."""
    return f"{base.spec.name}_{member.label}"


def member_text(base: Base, member: Member, folder: Path) -> str:
    """The spec of a member, for a file in a folder: what it extends, its name, its multipliers."""
    costs = member.totals
    about = f"# {base.spec.name} at phi {member.phi:.4g}: {costs.params:,} parameters"
    lines = [
        about + ("" if costs.macs is None else f", {costs.macs:,} multiply-accumulates"),
        f"extends: {flow(_parent(base, folder))}",
        f"name: {member_name(base, member)}",
        f"scale: {flow(member.scale._asdict())}",
    ]
    if member.dropout is not None:
        lines.append(f"stages: {flow({base.head: {'dropout': member.dropout}})}")
    return "\n".join(lines) + "\n"


def write_members(base: Base, members: Sequence[Member], folder: Path) -> list[Path]:
    """Writes a file for each member, NAME.yaml, and returns the paths. What is there already with the same text stays.

    Raises FactoryError, before anything is written, where a file is there with other text, or a name is no file's; and
    where one cannot be written.
    """
    if not IDENTIFIER.fullmatch(base.spec.name):
        raise FactoryError(f"'{base.spec.name}' cannot name files: letters, digits and _, not beginning with a digit")
    texts = {folder / f"{member_name(base, member)}.yaml": member_text(base, member, folder) for member in members}
    try:
        for path, text in texts.items():
            if path.exists() and path.read_text(encoding="utf-8") != text:
                raise FactoryError(f"{path}: exists already with other text, and is left as it is; nothing is written")
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            write_whole(path, text)
    except (OSError, UnicodeDecodeError) as error:
        raise FactoryError(f"{folder}: cannot be written: {getattr(error, 'strerror', None) or error}") from None
    return list(texts)


def _parent(base: Base, folder: Path) -> str:
    """What a file in a folder extends: a name of the zoo, or the way from the folder to the file.

    Raises FactoryError where a file in the folder would be taken for the network of the zoo.
    """
    found = find_spec(base.name)
    if Path(base.name).is_file():
        return os.path.relpath(found.resolve(), folder.resolve())
    if (taken := find_spec(base.name, folder)).resolve() != found.resolve():
        raise FactoryError(f"{taken} would be taken for the network of the zoo; choose another folder")
    return base.name

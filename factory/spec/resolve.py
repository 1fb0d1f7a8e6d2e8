"""From a name, a path or a mapping to a spec: reading, includes, inheritance, overrides."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from factory.blocks import REGISTRY
from factory.blocks.types import TYPES, Type
from factory.blocks.values import show
from factory.errors import Problem, Source, SpecError
from factory.spec.document import compile_spec
from factory.spec.extending import find_parent
from factory.spec.merging import Signature, merge
from factory.spec.reading import Map, Seq, from_python, read_file
from factory.spec.spec import Spec
from factory.spec.zoo import find_spec

SHORT = {"width": "scale.width", "depth": "scale.depth", "resolution": "scale.resolution"}


def load(source: str | os.PathLike[str] | Mapping[str, Any] | Spec, **overrides: Any) -> Spec:
    """The spec at a path, of a zoo name, or in a plain mapping, with values at paths overridden.

    `load("efficientnet_b0", width=1.1, classes=10, **{"stages.s3.kernel": 3})`; width, depth and resolution set the
    multipliers of `scale`. Raises SpecError with every mistake and its position.
    """
    changes = {SHORT.get(key, key): value for key, value in overrides.items()}
    if isinstance(source, Spec):
        spec = source
    elif isinstance(source, Mapping):
        document = source if isinstance(source, Map) else from_python(dict(source), Source("<mapping>"))
        spec = _compiled(document, None)
    else:
        name = os.fspath(source)
        path = find_spec(name)
        spec = _compiled(read_file(path), path)
    return spec.override(changes) if changes else spec


def _compiled(document: Map, path: Path | None) -> Spec:
    """The spec of a document; mistakes of merging and of compiling are told together."""
    problems: list[Problem] = []
    merged = _inherit(document, path, [path.resolve()] if path else [], problems)
    try:
        spec = compile_spec(merged, str(path) if path else "<mapping>")
    except SpecError as error:
        problems += error.problems
    if problems:
        raise SpecError(problems)
    return spec


def _inherit(document: Map, path: Path | None, trail: list[Path], problems: list[Problem]) -> Map:
    """The document with its includes taken in, over its parents; what does not fit is added to `problems`."""
    document = _with_includes(document, path)
    found = find_parent(document, path, trail, find_spec, "spec")
    if found is None:
        return document
    base = _inherit(read_file(found), found, [*trail, found.resolve()], problems).copy()
    child = document.copy()
    child.remove("extends")
    base.remove("expect")  # a parent's numbers say nothing about its child
    return merge(base, child, signature_of(base, child), problems=problems)


def _with_includes(document: Map, path: Path | None) -> Map:
    """The document with the blocks of its included files among its own."""
    if "include" not in document:
        return document
    result = document.copy()
    files = result["include"]
    mark = result.values_at.get("include")
    result.remove("include")
    if not isinstance(files, Seq) or not all(isinstance(name, str) for name in files):
        raise SpecError.single(f"expected a list of files, received {show(files)}", path="include", mark=mark)
    blocks = Map(mark)
    for name, at in zip(files, files.items_at, strict=True):
        file = (path.parent if path else Path()) / name
        if not file.is_file():
            raise SpecError.single(f"{file}: no such file", path="include", mark=at, length=len(name))
        included = read_file(file)
        for key in included:
            if key not in ("factory", "blocks"):
                hint = "an included file holds 'blocks:' only"
                raise SpecError.single(
                    "unknown key of an included file", path=str(key), mark=included.keys_at.get(key), hint=hint
                )
        theirs = included.get("blocks", Map())
        if not isinstance(theirs, Map):
            where = included.values_at.get("blocks")
            raise SpecError.single(f"expected a mapping, received {show(theirs)}", path="blocks", mark=where)
        _add_blocks(blocks, theirs)
    own = result.get("blocks", Map())
    if isinstance(own, Map):
        _add_blocks(blocks, own)
        result.put("blocks", blocks, result.keys_at.get("blocks"), mark)
    return result


def _add_blocks(blocks: Map, more: Map) -> None:
    for name in more:
        if name in blocks:
            first = blocks.keys_at.get(name)
            raise SpecError.single(
                f"block '{name}' is defined twice",
                path=f"blocks.{name}",
                mark=more.keys_at.get(name),
                hint=f"first at {first}",
            )
        blocks.take(name, more)


def signature_of(*documents: Map) -> Signature:
    """The parameter types of built-in blocks and of those that the documents define."""

    def signature(name: str) -> Mapping[str, Type] | None:
        for document in reversed(documents):
            blocks = document.get("blocks")
            definition = blocks.get(name) if isinstance(blocks, Map) else None
            if isinstance(definition, Map):
                declared = definition.get("params")
                types = (
                    {} if not isinstance(declared, Map) else {key: _declared(given) for key, given in declared.items()}
                )
                return {key: kind for key, kind in types.items() if kind}
        info = REGISTRY.get(name)
        return {key: parameter.type for key, parameter in info.parameters.items()} if info else None

    return signature


def _declared(given: Any) -> Type | None:
    kind = given.get("type") if isinstance(given, Map) else given
    return TYPES.get(kind) if isinstance(kind, str) else None

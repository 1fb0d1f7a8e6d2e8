"""Values at paths: `--set stages.s3.kernel=5`, the keyword arguments of `load`, the points of a search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from factory.blocks import REGISTRY
from factory.errors import Mark, Source, SpecError, did_you_mean
from factory.spec.calls import CALL_KEYS, CONVENTION_KEYS
from factory.spec.merging import Signature, merge
from factory.spec.reading import Map, Seq, from_python, read_value
from factory.spec.resolve import signature_of

if TYPE_CHECKING:
    from factory.spec.spec import Spec

_SHORTHAND = {"se": "ratio", "norm": "kind", "activation": "kind"}
"""Values that may be written as one word or number, and the key that this stands for."""


def apply_overrides(spec: Spec, changes: Mapping[str, Any]) -> Map:
    """The spec's document with the values at these paths changed. Raises SpecError for a path that leads nowhere."""
    document = spec.document
    if "expect" in document:
        document = document.copy()
        document.remove("expect")  # the numbers are those of the spec as it was written
    signature = signature_of(document)
    for path, value in changes.items():
        if isinstance(value, Setting):
            value, mark = value.value, value.mark
        else:
            mark = Mark(Source(f"override {path}={value}"), 0, 0)
            value = from_python(value, mark.source)
        document = _set(document, path.split("."), value, mark, path, "", signature)
    return document


class Setting:
    """A value from the command line, PATH=VALUE, with the option that gave it (`--set PATH=VALUE` unless told)."""

    def __init__(self, text: str, option: str = ""):
        path, equals, value = text.partition("=")
        if not equals or not path:
            raise SpecError.single(f"--set {text}: expected PATH=VALUE, such as stages.s3.kernel=5")
        self.path = path.strip()
        source = Source(option or f"--set {text}")
        self.value = read_value(value, source)
        self.mark = Mark(source, 0, 0)


def _set(base: Any, parts: list[str], value: Any, mark: Mark, path: str, above: str, signature: Signature) -> Any:
    part, rest = parts[0], parts[1:]
    here = f"{above}.{part}" if above else part
    if isinstance(base, Seq):
        if not part.isdigit() or int(part) >= len(base):
            hint = f"there are {len(base)} items, counted from 0"
            raise SpecError.single(f"'{part}' is no item of the list {above}", path=path, mark=mark, hint=hint)
        result = Seq(base.mark)
        for index, (item, at) in enumerate(zip(base, base.items_at, strict=True)):
            if index != int(part):
                result.put(item, at)
            elif rest:
                result.put(_set(item, rest, value, mark, path, here, signature), at)
            elif isinstance(item, Map) and isinstance(value, Map):
                result.put(merge(item, value, signature, path), at)
            else:
                result.put(value, mark)
        return result
    if not rest:
        change = Map(mark)
        change.put(part, value, mark, mark)
        _check_key(base, part, path, mark, above, signature)
        return merge(base, change, signature, above)
    inner = base.get(part)
    if inner is None:
        _check_key(base, part, path, mark, above, signature)
        inner = Map(mark)
    elif not isinstance(inner, (Map, Seq)):
        if part not in _SHORTHAND:
            raise SpecError.single(f"{here} is a value, it has no '{rest[0]}'", path=path, mark=mark)
        short, inner = inner, Map(mark)
        inner.put(_SHORTHAND[part], short, mark, mark)
    result = base.copy()
    result[part] = _set(inner, rest, value, mark, path, here, signature)
    result.keys_at.setdefault(part, mark)
    result.values_at.setdefault(part, mark)
    return result


def _known(base: Map, above: str, signature: Signature) -> list[str] | None:
    """The keys that may stand in a mapping, None where that is not known here."""
    from factory.spec.sections import SECTIONS
    from factory.spec.spec import KEYS

    if not above:
        return [key for key in KEYS if key not in ("extends", "include")]  # taken in long before
    if above in ("stages", "blocks"):
        return list(base)
    if above in SECTIONS:
        return [field.alias or name for name, field in SECTIONS[above].model_fields.items()]
    if above == "conventions":
        return list(CONVENTION_KEYS)
    if above == "defaults":
        return [*REGISTRY, *base]
    block = base.get("block")
    parameters = signature(block) if isinstance(block, str) else None
    return None if parameters is None else [*parameters, *CALL_KEYS, *CONVENTION_KEYS]


def _check_key(base: Map, part: str, path: str, mark: Mark, above: str, signature: Signature) -> None:
    """Raises SpecError for a key that cannot stand in this mapping."""
    known = _known(base, above, signature)
    if known is None or part in base or part in known:
        return
    block = base.get("block")
    what = f"unknown parameter of block '{block}'" if isinstance(block, str) else f"there is no '{part}' here"
    raise SpecError.single(what, path=path, mark=mark, hint=did_you_mean(part, known, many=16))

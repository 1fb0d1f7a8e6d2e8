"""The augmentations of a recipe, read from names, short values or fields; what data they suit; their JSON schema."""

from __future__ import annotations

from typing import Any

from factory.blocks.values import Invalid, parse_section, show
from factory.errors import FactoryError, did_you_mean
from factory.train.recipe.augmentation_kinds import KINDS, Augmentation, RandomResizedCrop

Schema = dict[str, Any]


def parse_augmentations(value: Any) -> Any:
    """A tuple of augmentations from the list of a recipe; None stays None.

    An item is a name (`randaugment`), a name with a short value (`mixup: 0.2`), a name with fields
    (`randaugment: {layers: 2, magnitude: 9}`) or an Augmentation. Raises Invalid for all mistakes, each with its place.
    """
    if value is None:
        return None
    if not isinstance(value, (list, tuple)):
        raise Invalid(f"expected a list of augmentations, received {show(value)}")
    parsed: list[Augmentation] = []
    wrong: list[Invalid] = []
    for index, item in enumerate(value):
        try:
            parsed.append(_parse(item))
            if isinstance(parsed[-1], RandomResizedCrop) and index > 0:
                raise Invalid("random_resized_crop cuts from the original image and so comes first")
        except Invalid as error:
            wrong.append(error.inside(index))
    if wrong:
        first, *others = wrong
        first.more = (*first.more, *others)
        raise first
    return tuple(parsed)


def _parse(item: Any) -> Augmentation:
    if isinstance(item, Augmentation):
        return item
    if isinstance(item, str):
        return _kind(item)()
    if not isinstance(item, dict) or len(item) != 1:
        raise Invalid(f"expected an augmentation's name, or one name with its fields, received {show(item)}")
    ((name, value),) = item.items()
    kind = _kind(name)
    try:
        if isinstance(value, dict):
            return parse_section(kind, value)
        if kind.short is None:
            raise Invalid(f"expected the fields of {name} as a mapping, received {show(value)}")
        try:
            return parse_section(kind, {kind.short: value})
        except Invalid as error:
            raise Invalid(error.message, error.hint) from None  # the field is not in the user's text
    except Invalid as error:
        raise error.inside(name) from None


def _kind(name: Any) -> type[Augmentation]:
    if name not in KINDS:
        raise Invalid(f"unknown augmentation {show(name)}", did_you_mean(name, KINDS, many=len(KINDS)))
    return KINDS[name]


def check_augmentations(augmentations: tuple[Augmentation, ...], task: str, channels: int) -> None:
    """Raises FactoryError for what these data cannot have: mixed masks, other colours of grey images."""
    for augmentation in augmentations:
        if augmentation.mixes and task == "pixels":
            raise FactoryError(f"augment: {augmentation.kind} mixes the labels of two images; masks cannot be mixed")
        if augmentation.colour and channels < 3:
            raise FactoryError(f"augment: {augmentation.kind} needs images in colour; these have {channels} channel")


def augmentation_schema() -> Schema:
    """The JSON schema, draft 7, of an item of `augment`."""
    named = [{"enum": list(KINDS)}]
    return {"anyOf": named + [_one(name, kind) for name, kind in KINDS.items()]}


def _one(name: str, kind: type[Augmentation]) -> Schema:
    schema = kind.model_json_schema()
    fields = {key: _draft_7(field) for key, field in schema["properties"].items()}
    whole: Schema = {"type": "object", "properties": fields, "additionalProperties": False}
    if kind.short is not None:
        short = {key: value for key, value in fields[kind.short].items() if key not in ("default", "description")}
        whole = {"anyOf": [short, whole]}
    return {
        "type": "object",
        "description": schema["description"].partition("\n")[0],
        "properties": {name: whole},
        "required": [name],
        "additionalProperties": False,
    }


def _draft_7(schema: Schema) -> Schema:
    kept = {key: value for key, value in schema.items() if key != "title"}
    if "prefixItems" in kept:
        kept["items"] = kept.pop("prefixItems")
    return kept

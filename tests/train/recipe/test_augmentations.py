"""Augmentations are read from names, short values and fields; mistakes say where they are; the schema agrees."""

from __future__ import annotations

import jsonschema
import pytest

from factory.blocks.values import Invalid
from factory.errors import FactoryError
from factory.train.recipe.augmentation_kinds import (
    KINDS,
    Crop,
    CutMix,
    Erase,
    Flip,
    Mixup,
    RandAugment,
    RandomResizedCrop,
    Rotate,
    ScaleJitter,
    Translate,
)
from factory.train.recipe.augmentations import augmentation_schema, check_augmentations, parse_augmentations
from factory.train.recipe.sections import Recipe

SHORT = {
    "flip": ("vertical", Flip(axis="vertical")),
    "translate": (0.12, Translate(by=0.12)),
    "crop": (6, Crop(padding=6)),
    "random_resized_crop": ([0.3, 0.9], RandomResizedCrop(scale=(0.3, 0.9))),
    "scale_jitter": ([0.5, 2], ScaleJitter(factor=(0.5, 2))),
    "rotate": (30, Rotate(degrees=30)),
    "mixup": (0.4, Mixup(alpha=0.4)),
    "cutmix": (2.0, CutMix(alpha=2.0)),
    "erase": (0.1, Erase(probability=0.1)),
}
LONG = [
    ({"randaugment": {"layers": 3, "magnitude": 5}}, RandAugment(layers=3, magnitude=5)),
    ({"translate": {"by": 0.2, "fill": "reflect"}}, Translate(by=0.2, fill="reflect")),
    ({"erase": {"area": [0.1, 0.2], "ratio": [1, 2], "fill": 7}}, Erase(area=(0.1, 0.2), ratio=(1, 2), fill=7)),
    ({"flip": {}}, Flip()),
]
WRONG = {
    "a name that does not exist": (["flop"], (0,), "unknown augmentation 'flop'", "did you mean 'flip'?"),
    "a name that does not exist with fields": ([{"mixdown": 0.1}], (0,), "unknown augmentation 'mixdown'", "mixup"),
    "no list": ({"flip": "both"}, (), "expected a list of augmentations, received a mapping", ""),
    "a number": (["flip", 3], (1,), "expected an augmentation's name", ""),
    "two names in an item": ([{"flip": "both", "crop": 4}], (0,), "one name with its fields", ""),
    "an unknown field": ([{"erase": {"areas": [0.1, 0.2]}}], (0, "erase", "areas"), "unknown key", "'area'"),
    "a short value of the wrong kind": ([{"crop": 1.5}], (0, "crop"), "received 1.5", ""),
    "a short value that is out of range": ([{"mixup": 0}], (0, "mixup"), "greater than 0, received 0", ""),
    "a short value where there is none": ([{"randaugment": 9}], (0, "randaugment"), "as a mapping, received 9", ""),
    "nothing": ([{"crop": None}], (0, "crop"), "received nothing", ""),
    "bounds the wrong way round": ([{"scale_jitter": [2, 1]}], (0, "scale_jitter"), "[lowest, highest]", ""),
    "an area above the image's": ([{"erase": {"area": [0.1, 1.5]}}], (0, "erase", "area", 1), "1, received 1.5", ""),
    "no pixel value": ([{"crop": {"fill": 256}}], (0, "crop", "fill"), "0 to 255, or reflect, received 256", ""),
    "a truth for a pixel value": ([{"erase": {"fill": True}}], (0, "erase", "fill"), "or noise, received true", ""),
    "a late cut from the original": (["flip", "random_resized_crop"], (1,), "so comes first", ""),
}


@pytest.mark.parametrize("name", SHORT)
def test_a_short_value_sets_the_field_that_matters_most(name):
    value, expected = SHORT[name]
    assert parse_augmentations([{name: value}]) == (expected,)


@pytest.mark.parametrize(("item", "expected"), LONG)
def test_fields_are_set_by_name(item, expected):
    assert parse_augmentations([item]) == (expected,)


@pytest.mark.parametrize("name", KINDS)
def test_a_name_alone_has_the_defaults(name):
    assert parse_augmentations([name]) == (KINDS[name](),)


def test_sections_and_their_order_stay_and_nothing_stays_nothing():
    sections = (Mixup(alpha=0.3), Flip())
    assert parse_augmentations(sections) == sections
    assert parse_augmentations([]) == ()
    assert parse_augmentations(None) is None


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_says_where_it_is_what_was_expected_and_what_received(case):
    value, loc, message, hint = WRONG[case]
    with pytest.raises(Invalid) as caught:
        parse_augmentations(value)
    assert caught.value.loc == loc
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert not caught.value.more


def test_all_mistakes_are_told_at_once():
    with pytest.raises(Invalid) as caught:
        parse_augmentations(["flop", "flip", {"erase": {"fill": "red", "area": [1, 2, 3]}}])
    unknown = caught.value
    (area,) = unknown.more
    (fill,) = area.more
    assert [error.loc for error in (unknown, area, fill)] == [(0,), (2, "erase", "area"), (2, "erase", "fill")]


def test_a_dump_of_a_recipe_can_be_read_back():
    items = [*KINDS, {"erase": {"fill": 3, "area": [0.1, 0.3]}}]
    recipe = Recipe(augment=[items[3], *items[:3], *items[4:]])
    dumped = recipe.model_dump(mode="json")["augment"]
    assert dumped[1] == {"flip": {"axis": "horizontal"}}
    assert parse_augmentations(dumped) == recipe.augment


def is_valid(item: object) -> bool:
    return jsonschema.Draft7Validator(augmentation_schema()).is_valid(item)


def test_the_schema_is_a_schema_and_allows_what_can_be_read():
    jsonschema.Draft7Validator.check_schema(augmentation_schema())
    for item in [*KINDS, *({name: value} for name, (value, _) in SHORT.items()), *(item for item, _ in LONG)]:
        assert is_valid(item), item


NOT_IN_A_SCHEMA = ("no list", "bounds the wrong way round", "a late cut from the original")


@pytest.mark.parametrize("case", [case for case in WRONG if case not in NOT_IN_A_SCHEMA])
def test_the_schema_forbids_what_cannot_be_read(case):
    value, loc, *_ = WRONG[case]
    assert not is_valid(value[loc[0]])


def test_every_field_is_described_in_the_schema():
    for option in augmentation_schema()["anyOf"][1:]:
        ((name, schema),) = option["properties"].items()
        fields = (schema["anyOf"][-1] if "anyOf" in schema else schema)["properties"]
        assert set(fields) == set(KINDS[name].model_fields)
        assert option["description"]
        assert all(field["description"] for field in fields.values())


@pytest.mark.parametrize("name", ["mixup", "cutmix"])
def test_masks_cannot_be_mixed(name):
    check_augmentations(parse_augmentations([name]), "classes", 3)
    with pytest.raises(FactoryError, match=f"{name} mixes .* masks cannot be mixed"):
        check_augmentations(parse_augmentations([name]), "pixels", 3)


@pytest.mark.parametrize("name", ["saturation", "hue", "lighting", "grayscale"])
def test_grey_images_have_no_colours_to_change(name):
    check_augmentations(parse_augmentations([name]), "classes", 3)
    check_augmentations(parse_augmentations([name]), "classes", 4)
    with pytest.raises(FactoryError, match=f"{name} needs images in colour; these have 1 channel"):
        check_augmentations(parse_augmentations([name]), "classes", 1)

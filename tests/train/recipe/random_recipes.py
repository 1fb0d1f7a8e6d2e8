"""Random recipes as plain data, each right: values from the schema of every field, fitted to each other by hand."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from factory.blocks.values import Section
from factory.train.recipe.augmentation_kinds import KINDS
from factory.train.recipe.sections import (
    Adversarial,
    Bootstrap,
    Data,
    Distill,
    EarlyStopping,
    FreezePath,
    Loss,
    Optimizer,
    Phase,
    Pretrain,
    Recipe,
    Regularize,
    Schedule,
    Start,
)
from factory.train.recipe.variants import VARIANTS

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-1, 1) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=3,
)
EPOCHS = 50


def value_of(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a field's JSON schema allows."""
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    if "anyOf" in schema:
        return st.one_of(*(value_of(option) for option in schema["anyOf"] if option != {"type": "null"}))
    kind = schema["type"]
    if kind == "boolean":
        return st.booleans()
    if kind == "string":
        return TEXT
    if kind == "object":
        inner = schema["additionalProperties"]
        return st.dictionaries(TEXT, PLAIN if inner is True else value_of(inner), max_size=2)
    if kind == "array" and "prefixItems" in schema:
        return st.lists(value_of(schema["prefixItems"][0]), min_size=2, max_size=2).map(sorted)
    if kind == "array":
        return st.lists(value_of(schema["items"]), max_size=3)
    low, high = schema.get("minimum", schema.get("exclusiveMinimum", -9)), schema.get("maximum", 9)
    if kind == "integer":
        return st.integers(low, max(low, high))
    return st.floats(
        low,
        schema.get("exclusiveMaximum", high),
        exclude_min="exclusiveMinimum" in schema,
        exclude_max="exclusiveMaximum" in schema,
    )


@cache
def fields_of(kind: type[Section]) -> dict[str, st.SearchStrategy[Any]]:
    """The values of every field that holds no section."""
    properties = kind.model_json_schema()["properties"]
    return {name: value_of(schema) for name, schema in properties.items() if "$ref" not in str(schema)}


@st.composite
def section(draw: st.DrawFn, kind: type[Section], **fixed: st.SearchStrategy[Any]) -> dict[str, Any]:
    """Some fields of a section, of those that its choice uses, and all that it must have."""
    fields = {**fields_of(kind), **fixed}
    variants = next((one for one in VARIANTS.values() if one.section is kind), None)
    first = {variants.key: draw(st.sampled_from(sorted(variants.own)))} if variants else {}
    unused = variants.unused(first[variants.key]) if variants else ()
    names = [name for name in fields if name not in unused and name not in first]
    chosen = draw(st.sets(st.sampled_from(names))) if names else set()
    chosen |= {name for name, field in kind.model_fields.items() if field.is_required()}
    return {**first, **{name: draw(fields[name]) for name in names if name in chosen}}


@st.composite
def schedules(draw: st.DrawFn) -> dict[str, Any]:
    peak = draw(st.floats(0.01, 1))
    below = st.floats(0, 1).map(lambda share: share * peak)
    epochs = st.lists(st.floats(0, EPOCHS, exclude_max=True), min_size=1, unique=True, max_size=4).map(sorted)
    result = draw(
        section(Schedule, end=below, base=below, warmup_start=below, warmup_epochs=st.floats(0, 9), at=epochs)
    )
    return {**result, "peak": peak, **({"at": draw(epochs)} if result["name"] == "step" else {})}


@st.composite
def optimizers(draw: st.DrawFn) -> dict[str, Any]:
    result = draw(section(Optimizer))
    if "clip_norm" in result:
        result.pop("clip_value", None)
    if result.get("momentum") == 0:
        result.pop("nesterov", None)
    return result


@st.composite
def losses(draw: st.DrawFn) -> dict[str, Any]:
    result = draw(section(Loss))
    if result["name"] in ("auto", "cross_entropy") and draw(st.booleans()):
        result["bootstrap"] = draw(section(Bootstrap))
    return result


@st.composite
def data(draw: st.DrawFn) -> dict[str, Any]:
    result = draw(section(Data))
    if result["split"] == "kfold" and "fold" in result:
        result["fold"] %= result.get("folds", 5)
    return result


@st.composite
def augmentations(draw: st.DrawFn) -> list[Any]:
    """Names, short values and fields, in a list."""
    items: list[Any] = []
    for name in draw(st.lists(st.sampled_from([name for name in KINDS if name != "random_resized_crop"]), max_size=3)):
        fields = draw(section(KINDS[name]))
        short = KINDS[name].short
        items.append(name if not fields else {name: fields[short]} if list(fields) == [short] else {name: fields})
    first = [{"random_resized_crop": draw(section(KINDS["random_resized_crop"]))}] if draw(st.booleans()) else []
    return first + items


@st.composite
def phases(draw: st.DrawFn) -> list[dict[str, Any]]:
    parts = {
        "resolution": st.integers(1, 64),
        "freeze": st.lists(TEXT, max_size=2),
        "augment": augmentations(),
        "spec": fields_of(Phase)["spec"],
    }
    *first, last = draw(st.lists(st.fixed_dictionaries({}, optional=parts), min_size=1, max_size=3))
    return [*({"epochs": draw(st.integers(1, 9)), **phase} for phase in first), last]


@st.composite
def recipes(draw: st.DrawFn) -> dict[str, Any]:
    """A recipe as a mapping; `load_recipe` takes it."""
    plain = {name: values for name, values in fields_of(Recipe).items() if name != "epochs"}
    sections = {
        "optimizer": optimizers(),
        "schedule": schedules(),
        "loss": losses(),
        "data": data(),
        "augment": augmentations(),
        "regularize": section(Regularize),
        "early_stopping": section(EarlyStopping),
        "start": section(Start),
        "distill": section(Distill),
        "adversarial": section(Adversarial),
        "pretrain": section(Pretrain),
        "evaluation": st.sampled_from([{"flip": True}, {"crops": 10, "scale": 1.5}, {"dense": True, "scale": 2.0}]),
    }
    result = draw(st.fixed_dictionaries({}, optional={**plain, **sections}))
    result["epochs"] = draw(st.integers(EPOCHS, 90))
    if draw(st.booleans()):
        result["freeze_path"] = draw(section(FreezePath))
    else:
        result["phases"] = draw(phases())
        if any("resolution" in phase for phase in result["phases"]):
            result.pop("multi_scale", None)
    return result

"""What `factory diff` finds: changed values by path, costs of both, and whether two specs are one network."""

import factory
from factory.spec.diff import Change, changes, compare


def test_a_spec_does_not_differ_from_itself() -> None:
    spec = factory.load("mobilenet_v2")
    found = compare(spec, factory.load("mobilenet_v2"))
    assert found["changes"] == []
    assert found["same_network"]


def test_changes_have_paths_in_the_order_of_the_text() -> None:
    a, b = factory.load("efficientnet_b0"), factory.load("efficientnet_b1")
    assert changes(a, b) == [
        Change("name", "efficientnet_b0", "efficientnet_b1"),
        Change("input.resolution", 224, 240),
        Change("scale.depth", 1.0, 1.1),
    ]


def test_a_default_written_out_is_no_difference() -> None:
    a = factory.load("efficientnet_b0")
    b = factory.load(
        "efficientnet_b0", **{"stages.s2.shortcut": "auto", "stages.s2.se": {"ratio": 0.25, "of": "input"}}
    )
    assert changes(a, b) == []


def test_parts_of_structured_values_are_compared() -> None:
    a = factory.load("efficientnet_b0")
    b = factory.load("efficientnet_b0", **{"stages.s3.se.gate": "hard_sigmoid"})
    assert changes(a, b) == [Change("stages.s3.se.gate", "sigmoid", "hard_sigmoid")]


def test_a_stage_that_only_one_has() -> None:
    a = factory.load("resnet50")
    b = a.override({"stages.conv5": None})
    [change] = changes(a, b)
    assert (change.path, change.b) == ("stages.conv5", None)
    assert change.a["block"] == "bottleneck"


def test_costs_stand_side_by_side() -> None:
    found = compare(factory.load("efficientnet_b0"), factory.load("efficientnet_b1"))
    assert found["costs"]["params"] == [5330571, 7856239]
    assert found["costs"]["macs"] == [385814752, 686802832]
    assert not found["same_network"]


def test_other_names_are_the_same_network() -> None:
    a = factory.load("efficientnet_b0")
    found = compare(a, a.override({"name": "other"}))
    assert found["same_network"]
    assert [change["path"] for change in found["changes"]] == ["name"]


def test_a_free_resolution_has_no_macs() -> None:
    a = factory.load("efficientnet_b0")
    found = compare(a, a.override({"input.resolution": "any"}))
    assert found["costs"]["macs"] == [385814752, None]

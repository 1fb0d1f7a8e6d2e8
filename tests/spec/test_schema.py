"""The JSON schema: it is current, takes every spec that loads, and refuses what is broken."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import jsonschema
import pytest

from factory import SpecError, load, plan
from factory.blocks import REGISTRY
from factory.spec.reading import read_file, read_text
from factory.spec.schema import FILE, schema, schema_text
from factory.spec.zoo import zoo_directory

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "docs"))
VALIDATOR = jsonschema.Draft7Validator(schema())


def errors_of(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(read_text(text, "net.yaml"))]


def test_the_file_is_current():
    assert FILE.read_text(encoding="utf-8") == schema_text(), "run: python -m factory.spec.schema"
    assert json.loads(schema_text()) == schema()


def test_it_is_a_json_schema():
    jsonschema.Draft7Validator.check_schema(schema())


def test_every_reference_leads_somewhere():
    text = schema_text()
    names = set(re.findall(r'"#/definitions/([^"]+)"', text))
    assert names <= schema()["definitions"].keys()
    assert text.count('"$ref"') == text.count('"#/definitions/')


def test_every_block_and_every_parameter_is_described():
    definitions = schema()["definitions"]
    for name in REGISTRY:
        call = definitions[f"call of {name}"]
        assert call["description"] and call["additionalProperties"] is False
        for key in REGISTRY[name].parameters:
            assert call["properties"][key]["description"]


@pytest.mark.parametrize("path", sorted(zoo_directory().glob("*.yaml")), ids=lambda path: path.stem)
def test_every_spec_of_the_zoo_is_valid(path):
    assert not [error.message for error in VALIDATOR.iter_errors(read_file(path))]


def test_every_example_of_the_language_is_valid():
    from examples import examples

    shown = [
        e for e in examples("language.md") if e.kind == "yaml" and "error" not in e.what and "broken" not in e.what
    ]
    assert len(shown) > 15
    for example in shown:
        assert not errors_of(example.spec), example.id


@pytest.mark.parametrize(
    "text",
    [
        "extends: vgg16\nname: x",
        "extends: vgg16\nstages: {conv1: null, conv2: {filters: null, kernel: 5}, new: {block: add, after: pool1}}",
        "extends: vgg16\nconventions: null\ninput: {preprocess: null}\nauxiliary: null",
        "extends: vgg16\nconventions: {activation: {slope: 0.2}}\nstages: {head: {body: {fc1: {units: 8}, fc2: null}}}",
        "blocks: {b: {body: []}}",
        "defaults: {conv: {filters: 8}}\nstages: {a: {block: conv}}",
        "stages: {a: {block: of_the_spec, anything: [1, {x: 2}], from: [b, c.d], repeats: 2, norm: none}}",
        "stages: {a: {block: conv, filters: $n, kernel: [$k, 3], norm: {kind: batch, epsilon: $e}, activation: $act}}",
        "stages: {a: {block: conv, filters: 8, first: {kernel: 5}, last: {block: dense, units: 3}}}",
        (
            "stages: {a: {block: residual, body: $inner}, b: {block: residual, body: {block: conv, "
            "filters: 8}}, c: {block: residual, body: [$op]}}"
        ),
        "stages: {a: {block: residual, body: {block: {block: conv, filters: 8}}}}",
        "stages: {a: {block: branches, branches: [[], $inner, {x: {block: conv, filters: 8}}]}}",
        "outputs: [a, b.indices]\nstages: {a: {block: conv, filters: 8}, b: {block: max_pool}}",
        "stages: {a: {block: conv, filters: 8.0, padding: [[0, 1], [0, 1]], activation: {kind: prelu, shared: true}}}",
        "stages: {a: {block: mbconv, filters: 8, se: {ratio: 0.25, round: {to: 8}, gate: hard_sigmoid}}}",
    ],
)
def test_it_takes(text):
    assert not errors_of(text)


STAGES = "\nstages: {a: {block: conv, filters: 8}}"


@pytest.mark.parametrize(
    "text",
    [
        "name: x",
        "stages: {}",
        "stages: []",
        "stages: {a: null}",
        "stages: {a: {filters: 8}}",
        "stages: {a: {block: conv}}",
        "stages: {a: {block: conv, filters: 0}}",
        "stages: {a: {block: conv, filters: 8.5}}",
        "stages: {a: {block: conv, filters: many}}",
        "stages: {a: {block: conv, filters: '$x + 1'}}",
        "stages: {a: {block: conv, filters: 8, kernal: 3}}",
        "stages: {a: {block: conv, filters: 8, kernel: [3]}}",
        "stages: {a: {block: conv, filters: 8, padding: sam}}",
        "stages: {a: {block: conv, filters: 8, norm: bach}}",
        "stages: {a: {block: conv, filters: 8, norm: {kind: batch, epsilom: 1}}}",
        "stages: {a: {block: conv, filters: 8, activation: {kind: relu, slope: 1}}}",
        "stages: {a: {block: conv, filters: 8, order: conv-relu}}",
        "stages: {a: {block: conv, filters: 8, repeats: 0}}",
        "stages: {a: {block: conv, filters: 8, share: 1}}",
        "stages: {a: {block: conv, filters: 8, first: {repeats: 2}}}",
        "stages: {a: {block: conv, filters: 8, last: {kernal: 2}}}",
        "stages: {a: {block: conv, filters: 8, from: []}}",
        "stages: {a: {block: conv, filters: 8, from: a.b.c}}",
        "stages: {a: {block: conv, filters: 8, scaled: {height: false}}}",
        "stages: {a: {block: mbconv, filters: 8, se0.25: 1}}",
        "stages: {a: {block: mbconv, filters: 8, se: {gate: sigmod}}}",
        "stages: {a: {block: dropout, rate: 1}}",
        "stages: {a: {block: avg_pool, ceil_mode: yes}}",
        "stages: {a: {block: sequence, body: 3}}",
        "stages: {a: {block: sequence, body: [{filters: 8}]}}",
        "stages: {a: {block: sequence, body: [{block: conv, kernal: 8}]}}",
        "stages: {a: {block: branches, branches: {x: [{block: conv, kernal: 8}]}}}",
        "stages: {a: {block: branches, branches: {}}}",
        "stages: {a: {block: mine, first: {from: a}}}",
        "stages: {a: {block: 3}}",
        "stages: {input: {block: conv, filters: 8}}",
        "stages: {a b: {block: conv, filters: 8}}",
        "stage: {}" + STAGES,
        "factory: 2" + STAGES,
        "name: 3" + STAGES,
        "classes: 0" + STAGES,
        "input: {resolution: 0}" + STAGES,
        "input: {resolution: [1, 2, 3]}" + STAGES,
        "input: {preprocess: torhc}" + STAGES,
        "input: {preprocess: {maen: [1]}}" + STAGES,
        "scale: {width: 0}" + STAGES,
        "rounding: {width: nearst}" + STAGES,
        "stochastic_depth: {rate: 1}" + STAGES,
        "conventions: {nrom: none}" + STAGES,
        "defaults: {conv: {kernal: 3}}" + STAGES,
        "defaults: {conv: {repeats: 3}}" + STAGES,
        "features: a" + STAGES,
        "blocks: {b: {bdy: []}}" + STAGES,
        "blocks: {b: {params: {n: widht}, body: []}}" + STAGES,
        "blocks: {b: {params: {n: {type: width, defualt: 3}}, body: []}}" + STAGES,
        "blocks: {b: {outputs: [x], body: []}}" + STAGES,
        "expect: {parms: 3}" + STAGES,
        "about: {title: x}" + STAGES,
        "extends: 3",
        "extends: vgg16\nstages: {conv1: {block: conv, kernal: 3}}",
    ],
)
def test_it_refuses_what_the_check_refuses(text):
    assert errors_of(text)
    with pytest.raises(SpecError):
        plan(load(dict(read_text(text, "net.yaml"))))


ONLY_THE_CHECK = [
    (
        "stages: {a: {block: konv, filters: 8}}",
        "unknown block 'konv'",
    ),
    (
        "blocks: {b: {body: []}}\nstages: {a: {block: b, size: 3}}",
        "unknown parameter of block 'b'",
    ),
    (
        "stages: {a: {block: sequence, body: [{block: conv}]}}",
        "block 'conv' needs 'filters'",
    ),
    (
        "stages: {a: {block: sequence, body: {x: {filters: 8}}}}",
        "a call needs 'block: NAME'",
    ),
    (
        "blocks: {b: {doc: nothing}}\nstages: {a: {block: b}}",
        "a block needs a body",
    ),
    (
        "stages: {a: {block: conv, filters: 8, kernel: null}}",
        "received nothing",
    ),
    (
        "extends: vgg16\nstages: {no_such_stage: null}",
        "null removes nothing",
    ),
    (
        "extends: no_such_network",
        "neither a file nor a spec of the zoo",
    ),
    (
        "stages: {a: {block: conv, filters: 8, after: b}}",
        "'after' has no meaning here",
    ),
    (
        "stages: {a: {block: conv, filters: $(3 +)}}",
        "cannot read the expression",
    ),
    (
        "stages: {a: {block: conv, filters: $nothing}}",
        "'nothing' is not known",
    ),
    (
        "stages: {a: {block: conv, filters: $(7 / 2)}}",
        "received 3.5",
    ),
    (
        "stages: {a: {block: conv, filters: 8, from: b}}",
        "there is no 'b' here",
    ),
    (
        "stages: {a: {block: conv, filters: 8, from: a}}",
        "in a circle",
    ),
    (
        "stages: {a: {block: conv, filters: 8}, b: {block: conv, filters: 8, from: input}}",
        "leads nowhere",
    ),
    (
        "features: [b]\nstages: {a: {block: conv, filters: 8}}",
        "there is no stage 'b'",
    ),
    (
        "stages: {a: {block: conv, filters: 8}, b: {block: conv, filters: 8, from: [a, a]}}",
        "takes one input",
    ),
    (
        "stages: {a: {block: conv, filters: 8}, b: {block: add, from: [a, input]}}",
        "add needs matching shapes",
    ),
    (
        "stages: {a: {block: conv, filters: 8, groups: 3}}",
        "not divisible by groups",
    ),
    (
        "input: {resolution: 4}\nstages: {a: {block: max_pool, kernel: 5}}",
        "shrinks the height below 1",
    ),
    (
        "stages: {a: {block: sequence, repeats: 2, body: [{block: conv, filters: 8, stride: 2}]}}",
        "strides in every repeat",
    ),
    (
        "blocks: {b: {body: [{block: b}]}}\nstages: {a: {block: b}}",
        "blocks call each other in a circle",
    ),
    (
        "input: {channels: 1, preprocess: {mean: [1, 2, 3]}}\nstages: {a: {block: conv, filters: 8}}",
        "mean has 3 values for 1 channels",
    ),
]


@pytest.mark.parametrize(("text", "message"), ONLY_THE_CHECK)
def test_what_only_the_check_finds(text, message):
    assert not errors_of(text)
    with pytest.raises(SpecError) as raised:
        plan(load(dict(read_text(text, "net.yaml"))))
    assert message in str(raised.value)


def test_the_page_lists_what_only_the_check_finds():
    page = (ROOT / "docs" / "schema.md").read_text(encoding="utf-8")
    for text, _ in ONLY_THE_CHECK:
        assert text.replace("\n", "`<br>`") in page

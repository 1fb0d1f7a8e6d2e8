"""Mistakes: each ends in one message with file, line, column, path, and how to mend it; all of a file in one run."""

from __future__ import annotations

import pytest
from texts import problem_of, problems_of

STAGES = "stages: {a: {block: conv, filters: 4}}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            f"name: x\nname: y\n{STAGES}",
            "net.yaml:2:1: key 'name' is given twice\n    name: y\n    ^^^^ first given in line 1",
        ),
        (
            "stages: {a: {block: conv, filters: 4}, a: {block: add}}",
            (
                "net.yaml:1:40: key 'a' is given twice\n    stages: {a: {block: conv, filters: 4}, a: "
                "{block: add}}\n                                           ^ first given in line 1"
            ),
        ),
        (
            f"{STAGES}\nstage: {{}}",
            "net.yaml:2:1: stage: unknown key of a spec\n    stage: {}\n    ^^^^^ did you mean 'stages'?",
        ),
        (
            "stages: {a: {block: conv, kernal: 5, filters: 4}}",
            (
                "net.yaml:1:27: stages.a.kernal: unknown parameter of block 'conv'\n    stages: {a: "
                "{block: conv, kernal: 5, filters: 4}}\n                              ^^^^^^ did you "
                "mean 'kernel'?"
            ),
        ),
        (
            "stages: {a: {block: mbconv, filters: 4, se0.25: 1}}",
            "net.yaml:1:41: stages.a.se0.25: unknown parameter of block 'mbconv'",
        ),
        (
            "stages: {a: {block: conv, filters: many}}",
            "net.yaml:1:36: stages.a.filters: expected a number of channels, at least 1, received 'many'",
        ),
        (
            "stages: {a: {block: conv, filters: 4.5}}",
            (
                "net.yaml:1:36: stages.a.filters: expected a number of channels, at least 1, received "
                "4.5\n    stages: {a: {block: conv, filters: 4.5}}\n                                     "
                "  ^^^ round it: round(...), ceil(...), divisible(..., 8)"
            ),
        ),
        (
            "stages: {a: {block: conv, filters: 4, kernel: [3]}}",
            (
                "net.yaml:1:47: stages.a.kernel: expected a kernel: a whole number, at least 1, or "
                "[height, width], received [3]"
            ),
        ),
        (
            "stages: {a: {block: avg_pool, ceil_mode: yes}}",
            (
                "net.yaml:1:42: stages.a.ceil_mode: expected true or false, received 'yes'\n    stages: "
                "{a: {block: avg_pool, ceil_mode: yes}}\n                                             "
                "^^^ YAML 1.2 has true and false only"
            ),
        ),
        (
            "stages: {a: {block: dropout, rate: 1}}",
            "net.yaml:1:36: stages.a.rate: expected a probability, 0 <= rate < 1, received 1",
        ),
        (
            "stages: {a: {block: mbconv, filters: 4, se: {gate: sigmod}}}",
            (
                "net.yaml:1:52: stages.a.se.gate: unknown activation 'sigmod'\n    stages: {a: {block: "
                "mbconv, filters: 4, se: {gate: sigmod}}}\n                                              "
                "         ^^^^^^ did you mean 'sigmoid'?"
            ),
        ),
        (
            "stages: {a: {block: dropout, rate: .nan}}",
            (
                "net.yaml:1:36: .nan is not a finite number\n    stages: {a: {block: dropout, rate: "
                ".nan}}\n                                       ^^^^ numbers must be finite"
            ),
        ),
        (
            "stages: {a: {block: conv, filters: 10, groups: 3}}",
            (
                "net.yaml:1:10: stages.a: 10 filters are not divisible by groups 3\n    stages: {a: "
                "{block: conv, filters: 10, groups: 3}}\n             ^ channels and filters must be "
                "multiples of groups"
            ),
        ),
        (
            "input: {resolution: 6}\nstages: {a: {block: conv, filters: 4, kernel: 7, padding: valid}}",
            (
                "net.yaml:2:10: stages.a: convolution shrinks the height below 1: kernel 7 on 6\n    "
                "stages: {a: {block: conv, filters: 4, kernel: 7, padding: valid}}\n             ^ raise "
                "the resolution, pad, or remove a stride before this"
            ),
        ),
        (
            "stages: {a: {block: conv, filters: 4}, b: {block: add, from: [a, input]}}",
            (
                "net.yaml:1:40: stages.b: add needs matching shapes, received (224, 224, 4), (224, 224, "
                "3)\n    stages: {a: {block: conv, filters: 4}, b: {block: add, from: [a, input]}}\n     "
                "                                      ^ the channels differ: give both the same "
                "filters, or project one with a 1x1 conv"
            ),
        ),
        (
            "stages: {a: {block: conv, filters: 4, stride: 2}, b: {block: concat, from: [a, input]}}",
            (
                "net.yaml:1:51: stages.b: concat needs matching shapes, received (112, 112, 4), (224, "
                "224, 3)\n    stages: {a: {block: conv, filters: 4, stride: 2}, b: {block: concat, from: "
                "[a, input]}}\n                                                      ^ the sizes differ: "
                "give both paths the same strides and padding"
            ),
        ),
        (
            "stages: {a: {block: residual, shortcut: identity, body: [{block: conv, filters: 4}]}}",
            (
                "net.yaml:1:10: stages.a: shortcut identity cannot lead (224, 224, 3) to 4 channels at "
                "stride 1\n    stages: {a: {block: residual, shortcut: identity, body: [{block: conv, "
                "filters: 4}]}}\n             ^ use shortcut: auto, projection or zero_pad"
            ),
        ),
        (
            "stages: {a: {block: conf, filters: 4}}",
            (
                "net.yaml:1:21: stages.a.block: unknown block 'conf'\n    stages: {a: {block: conf, "
                "filters: 4}}\n                        ^^^^ did you mean 'conv'?"
            ),
        ),
        (
            "stages: {a: {block: quantum}}",
            (
                "net.yaml:1:21: stages.a.block: unknown block 'quantum'\n    stages: {a: {block: "
                "quantum}}\n                        ^^^^^^^ see: factory blocks"
            ),
        ),
        (
            "stages: {a: {block: conv}}",
            (
                "net.yaml:1:21: stages.a: block 'conv' needs 'filters'\n    stages: {a: {block: conv}}\n "
                "                       ^^^^ filters: a number of channels, at least 1"
            ),
        ),
        (
            "stages: {a: {filters: 4}}",
            (
                "net.yaml:1:10: stages.a: a call needs 'block: NAME'\n    stages: {a: {filters: 4}}\n    "
                "         ^ {block: conv, filters: 64}"
            ),
        ),
        (
            "stages: {a: {blok: conv}}",
            (
                "net.yaml:1:10: stages.a: a call needs 'block: NAME'\n    stages: {a: {blok: conv}}\n    "
                "         ^ did you mean 'block' for 'blok'?"
            ),
        ),
        (
            "stages: {a: {block: conv, filters: 4, after: b}}",
            "net.yaml:1:39: stages.a.after: 'after' has no meaning here",
        ),
        (
            "stages: {a: {block: conv, filters: $width}}",
            "net.yaml:1:36: stages.a.filters: 'width' is not known in '$width'",
        ),
        (
            "stages: {a: {block: conv, filters: $(7 / 2)}}",
            "net.yaml:1:36: stages.a.filters: expected a number of channels, at least 1, received 3.5",
        ),
        (
            "stages: {a: {block: conv, filters: $(in.channels / 2)}}",
            (
                "net.yaml:1:36: stages.a.filters: expected a number of channels, at least 1, received "
                "1.5 (from $(in.channels / 2))"
            ),
        ),
        (
            "stages: {a: {block: conv, filters: $(1 / index), repeats: 2}}",
            "net.yaml:1:36: stages.a.filters: $(1 / index) divides by zero",
        ),
        (
            "stages: {a: {block: global_avg_pool}, b: {block: conv, filters: 4}}",
            "net.yaml:1:39: stages.b: same padding needs an image (height, width, channels), received (3)",
        ),
        (
            "stages: {a: {block: conv, filters: 4, kernel: null}}",
            (
                "net.yaml:1:47: stages.a.kernel: expected a kernel: a whole number, at least 1, or "
                "[height, width], received nothing"
            ),
        ),
        ("stages: {a b: {block: add}}", "net.yaml:1:10: stages.a b: 'a b' cannot name a stage"),
        ("stages: []", "net.yaml:1:9: stages: a spec needs 'stages', a mapping name -> block call"),
        ("name: x", "net.yaml:1:1: stages: a spec needs 'stages', a mapping name -> block call"),
    ],
)
def test_message(text, message):
    assert str(problem_of(text)).startswith(message)


def test_all_mistakes_of_a_file_are_told_in_one_run_in_its_order():
    text = """
nam: x
input: {resolution: 0}
blocks:
  b: {params: {n: widht}, body: []}
stages:
  s1: {block: conv, filters: 4, kernal: 3, stride: 0}
  s2: {block: konv}
  s3: {filters: 3}
"""
    paths = [problem.path for problem in problems_of(text)]
    assert paths == [
        "nam",
        "input.resolution",
        "blocks.b.params.n",
        "stages.s1.kernal",
        "stages.s1.stride",
        "stages.s2.block",
        "stages.s3",
    ]


def test_planning_tells_the_mistakes_of_all_stages_that_can_be_planned():
    text = """
stages:
  a: {block: conv, filters: 10, groups: 3}
  b: {block: conv, filters: 4}
  c: {block: conv, filters: 10, groups: 7, from: input}
  d: {block: concat, from: [b, c]}
"""
    assert [problem.path for problem in problems_of(text)] == ["stages.a", "stages.c"]


def test_a_mistake_in_an_aliased_value_names_the_anchor_and_the_use():
    text = "stages:\n  a: &x {block: conv, filters: 4}\n  b: &y {block: conv, filters: 4, kernel: z}\n  c: *y"
    told = [str(problem) for problem in problems_of(text)]
    assert [one.split(" ")[0] for one in told] == ["net.yaml:3:43:", "net.yaml:3:43:"]
    assert any(one.endswith("used through alias *y at net.yaml:4:6 (anchor at net.yaml:3:6)") for one in told)


def test_carets_stand_under_the_value_in_a_long_line():
    text = f"about: {{note: {'x' * 300}}}\nstages: {{a: {{block: conv, filters: 4}}, {' ' * 200}b: {{block: konv}}}}"
    message, excerpt, carets = str(problem_of(text)).split("\n")
    assert message == "net.yaml:2:251: stages.b.block: unknown block 'konv'"
    assert excerpt[carets.index("^") :].startswith("konv")

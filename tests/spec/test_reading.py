"""Reading: YAML 1.2 core, positions, limits, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factory import SpecError
from factory.spec import reading
from factory.spec.reading import Map, Seq, from_python, read_file, read_text


def value_of(text: str):
    return read_text(f"a: {text}", "net.yaml")["a"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"), ("no", "no"), ("yes", "yes"), ("tRue", "tRue"), ("1:30", "1:30"), ("1_000", "1_000"),
        ("2020-01-01", "2020-01-01"), ("0b1", "0b1"), ("true", True), ("False", False), ("TRUE", True),
        ("~", None), ("null", None), ("Null", None), ("", None), ("'null'", "null"), ('"1"', "1"),
        ("010", 10), ("0o17", 15), ("0x1F", 31), ("+1", 1), ("-12", -12), ("0x", "0x"), ("0o8", "0o8"),
        ("1e-3", 0.001), ("1.", 1.0), (".5", 0.5), ("-1.5E+2", -150.0), ("1e3", 1000.0), (".", "."), ("-", None),
        ("|\n  1\n", "1\n"),
    ],
)  # fmt: skip
def test_scalars_are_those_of_yaml_1_2_core(text, value):
    if text == "-":
        with pytest.raises(SpecError, match="not YAML"):
            value_of(text)
        return
    assert value_of(text) == value
    assert type(value_of(text)) is type(value)


@given(st.integers(-(10**23), 10**23) | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_read_as_they_were_written(number):
    assert value_of(repr(number)) == number


@pytest.mark.parametrize(
    ("text", "line", "column", "message", "hint"),
    [
        ("a: 1\nb: 2\na: 3", 3, 1, "key 'a' is given twice", "first given in line 1"),
        ("a: {b: 1, b: 2}", 1, 11, "key 'b' is given twice", "first given in line 1"),
        ("a: .inf", 1, 4, ".inf is not a finite number", "numbers must be finite"),
        ("a: [1, -.INF]", 1, 8, "-.INF is not a finite number", "numbers must be finite"),
        ("a: .NaN", 1, 4, ".NaN is not a finite number", "numbers must be finite"),
        ("a: 1e999", 1, 4, "1e999 is not a finite number", "numbers must be finite"),
        ("a: " + "1" * 26, 1, 4, "a number of more than 25 digits", ""),
        ("a: !!int 3", 1, 4, "tag tag:yaml.org,2002:int is not allowed", "a spec is plain data: remove the tag"),
        (
            "a: !!python/object:os.system x",
            1,
            4,
            "tag tag:yaml.org,2002:python/object:os.system is not allowed",
            "a spec is plain data: remove the tag",
        ),
        ("a: *x", 1, 4, "alias *x has no anchor before it", "write &x at the value first"),
        ("a: &x {b: *x}", 1, 11, "alias *x has no anchor before it", "write &x at the value first"),
        (
            "a: {n: $(max(8, x)), k: 1}",
            1,
            8,
            "expression $(max(8 is cut off by its comma",
            'put the whole expression in quotes: "$(...)"',
        ),
        (
            "a: [$(max(8, x))]",
            1,
            5,
            "expression $(max(8 is cut off by its comma",
            'put the whole expression in quotes: "$(...)"',
        ),
        ("a: 1\n---\nb: 2", 2, 1, "a second document begins here", "a spec is one document: remove the ---"),
        ("? [a]\n: 1", 1, 3, "a key must be a name", "quote the braces, or remove the '?'"),
        ("- a", 1, 1, "a spec is a mapping", "it must begin with keys such as 'name:' and 'stages:'"),
        ("# nothing here", 1, 1, "a spec is a mapping", "it must begin with keys such as 'name:' and 'stages:'"),
        (
            "a: {b: 1",
            2,
            1,
            "not YAML: did not find expected ',' or '}'",
            "while parsing a flow mapping that begins in line 1",
        ),
        ("a: b: c", 1, 5, "not YAML: mapping values are not allowed in this context", ""),
        (
            "a:\n\tb: 1",
            2,
            1,
            "not YAML: found character that cannot start any token",
            "while scanning for the next token that begins in line 2",
        ),
    ],
)
def test_mistakes_in_the_text_say_where(text, line, column, message, hint):
    with pytest.raises(SpecError) as raised:
        read_text(text, "net.yaml")
    problem = raised.value.problems[0]
    assert (problem.message, problem.hint) == (message, hint)
    assert str(problem.mark) == f"net.yaml:{line}:{column}"


def test_an_empty_file_is_no_spec():
    with pytest.raises(SpecError, match=r"net\.yaml: a spec is a mapping"):
        read_text("", "net.yaml")


def test_all_mistakes_of_a_text_are_told_in_one_run_in_its_order():
    with pytest.raises(SpecError) as raised:
        read_text("a: .inf\nb: !x 1\na: 2", "net.yaml")
    assert [str(problem.mark) for problem in raised.value.problems] == ["net.yaml:1:4", "net.yaml:2:4", "net.yaml:3:1"]


def test_values_know_their_places():
    document = read_text("é: 1\nstages:\n  a: {block: conv, kernel: [3, 5]}\n", "net.yaml")
    call = document["stages"]["a"]
    assert str(document["stages"].keys_at["a"]) == "net.yaml:3:3"
    assert str(call.keys_at["kernel"]) == "net.yaml:3:20"
    assert str(call["kernel"].items_at[1]) == "net.yaml:3:32"


def test_an_alias_names_its_anchor_and_its_use():
    document = read_text("a: &shape {filters: 8}\nb: *shape\n", "net.yaml")
    assert document["a"].values_at["filters"].note == ""
    note = "used through alias *shape at net.yaml:2:4 (anchor at net.yaml:1:4)"
    assert document["b"].values_at["filters"].note == note
    assert document["a"] == document["b"]


def test_an_anchor_may_be_given_anew():
    assert dict(read_text("a: &x 1\nb: *x\nc: &x 2\nd: *x", "net.yaml")) == {"a": 1, "b": 1, "c": 2, "d": 2}


def test_nesting_ends_at_64_levels():
    lists = reading.MAX_NESTING - 2  # the mapping is a level and the number inside is one
    assert value_of("[" * lists + "1" + "]" * lists)
    for more in (1, 5000):
        with pytest.raises(SpecError, match="nested deeper than 64 levels"):
            value_of("[" * (lists + more) + "1" + "]" * (lists + more))


def test_an_alias_bomb_is_stopped():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(SpecError, match="aliases expand to more than 100,000 values"):
        read_text("\n".join(lines), "net.yaml")


def test_a_file_beyond_a_megabyte_is_not_read(tmp_path):
    path = tmp_path / "big.yaml"
    path.write_text("#" * (reading.MAX_BYTES + 1))
    with pytest.raises(SpecError, match="larger than 1,000,000 bytes"):
        read_file(path)
    path.write_text("a: 1\n" + "#" * (reading.MAX_BYTES - 5))
    assert read_file(path) == {"a": 1}


def test_text_that_is_not_utf_8_says_where(tmp_path):
    path = tmp_path / "latin.yaml"
    path.write_bytes("name: Hélène".encode("latin-1"))
    with pytest.raises(SpecError, match=r"not UTF-8 text \(byte 7\)"):
        read_file(path)


def test_a_byte_order_mark_is_skipped(tmp_path):
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbfname: x")
    assert read_file(path) == {"name": "x"}


def test_a_missing_file_and_a_folder_are_told_in_words(tmp_path):
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(SpecError, match=r"No such file|Is a directory"):
            read_file(path)


@pytest.mark.parametrize("value", [float("inf"), float("nan"), object(), {1, 2}, b"x"])
def test_python_mappings_hold_plain_data_only(value):
    with pytest.raises(SpecError, match=r"not a finite number|plain data"):
        from_python({"a": [value]}, reading.Source("<mapping>"))


def test_numpy_scalars_are_plain_numbers():
    numpy = pytest.importorskip("numpy")
    value = from_python({"a": (numpy.int64(3), numpy.float32(0.5))}, reading.Source("<mapping>"))
    assert isinstance(value, Map) and isinstance(value["a"], Seq)
    assert [type(item) for item in value["a"]] == [int, float]

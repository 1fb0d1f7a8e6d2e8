"""Numbers, shapes and tables as people read them."""

import pytest

from factory.cli import output


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"), (0, "0"), (999, "999"), (9999, "9,999"), (10000, "10.00k"), (99999, "100.0k"), (999960, "1.000M"),
        (385814752, "385.8M"), (999_960_000, "1.000G"), (37_750_000_000, "37.75G"), (2e12, "2.000T"),
    ],
)  # fmt: skip
def test_human(value: float | None, text: str) -> None:
    assert output.human(value) == text


def test_sizes_shapes_and_fields() -> None:
    assert output.size(21322284) == "21.32 MB"
    assert output.size(512) == "512 B"
    assert output.size(None) == "-"
    assert output.shape((112, None, 32)) == "112x?x32"
    assert (output.square((7, 7)), output.square((3, 2.5)), output.square(None)) == ("7", "3x2.5", "all")


def test_a_terminal_gets_a_rich_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(output, "on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    output.print_table(["name", "n"], [["[bold]a[/bold]", "1"], ["total", "1"]], left={"name"}, total=True)
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0].split() == ["name", "n"]
    assert lines[1].split() == ["[bold]a[/bold]", "1"]
    assert lines[2].split() == ["total", "1"]

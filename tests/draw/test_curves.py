"""Curves: what is drawn, read back from the figure."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from factory.draw import curves
from factory.draw.curves import learning_rate_plot, training_curves
from factory.errors import FactoryError

RATES = np.geomspace(1e-5, 1, 11)
LOSSES = [2.0, 2.0, 1.9, 1.7, 1.4, 1.0, 0.8, 0.9, 5.0, 400.0, math.nan]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are written meanwhile."""
    figures: list[Figure] = []
    write = curves.write_figure
    monkeypatch.setattr(curves, "write_figure", lambda figure, path: (figures.append(figure), write(figure, path)))
    return figures


def row(epoch: int, **measures: float) -> dict[str, float]:
    return {"epoch": epoch, "step": epoch, "learning_rate": 0.1, **measures, "images_per_second": 9.0, "seconds": 1.0}


def test_the_range_test_shows_losses_over_rates_and_the_suggestion(drawn, tmp_path: Path) -> None:
    learning_rate_plot(list(RATES), LOSSES, 1e-3, tmp_path / "lr.png")
    [axes] = drawn[0].axes
    line, mark = axes.lines
    np.testing.assert_array_equal(line.get_xdata(), RATES)
    np.testing.assert_array_equal(line.get_ydata(), LOSSES)
    assert list(mark.get_xdata()) == [1e-3, 1e-3]
    assert axes.get_xscale() == "log" and [text.get_text() for text in axes.texts] == ["suggested: 0.001"]


def test_an_explosion_does_not_flatten_the_fall(drawn, tmp_path: Path) -> None:
    learning_rate_plot(RATES, LOSSES, None, tmp_path / "lr.png")
    low, high = drawn[0].axes[0].get_ylim()
    assert low < 0.8 and 2.0 < high < 3.0
    assert len(drawn[0].axes[0].lines) == 1


def test_a_loss_that_only_rises_has_room(drawn, tmp_path: Path) -> None:
    learning_rate_plot([0.1, 0.2, 0.3], [1.0, 2.0, 3.0], None, tmp_path / "lr.png")
    low, high = drawn[0].axes[0].get_ylim()
    assert low < 1.0 < high


def test_nothing_but_nan_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FactoryError, match="no loss is a finite number"):
        learning_rate_plot([0.1, 0.2], [math.nan, math.inf], None, tmp_path / "lr.png")


def test_training_shows_loss_and_headline_of_both_parts(drawn, tmp_path: Path) -> None:
    rows = [
        row(e, loss=1 / e, accuracy=e / 4, top5=1.0, val_loss=2 / e, val_accuracy=e / 5, val_top5=1.0) for e in (1, 2)
    ]
    training_curves(rows, tmp_path / "new" / "curves.png")
    loss, accuracy = drawn[0].axes
    assert [line.get_label() for line in loss.lines] == ["training", "validation"]
    assert [list(line.get_ydata()) for line in loss.lines] == [[1, 0.5], [2, 1]]
    assert [list(line.get_ydata()) for line in accuracy.lines] == [[0.25, 0.5], [0.2, 0.4]]
    assert list(accuracy.lines[0].get_xdata()) == [1, 2] and accuracy.get_ylabel() == "accuracy"
    with Image.open(tmp_path / "new" / "curves.png") as picture:
        assert picture.size == (1560, 600)


def test_training_without_validation_and_measures_has_one_line(drawn, tmp_path: Path) -> None:
    training_curves([row(1, loss=1.0)], tmp_path / "curves.svg")
    [axes] = drawn[0].axes
    assert len(axes.lines) == 1 and axes.get_ylabel() == "loss"
    assert (tmp_path / "curves.svg").read_text().startswith("<?xml")


def test_what_cannot_be_drawn_is_told(tmp_path: Path) -> None:
    with pytest.raises(FactoryError, match="no epoch is finished"):
        training_curves([], tmp_path / "curves.png")
    with pytest.raises(FactoryError, match=r"curves.pgn: unknown format of a picture '.pgn'; did you mean '.png'\?"):
        training_curves([row(1, loss=1.0)], tmp_path / "curves.pgn")
    (tmp_path / "file").touch()
    with pytest.raises(FactoryError, match="cannot be written"):
        training_curves([row(1, loss=1.0)], tmp_path / "file" / "curves.png")


def test_without_matplotlib_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(FactoryError, match=r'pip install "keras-model-factory\[plots\]"'):
        learning_rate_plot([0.1], [1.0], None, tmp_path / "lr.png")


def test_drawing_knows_no_tensorflow_and_opens_no_window(tmp_path: Path) -> None:
    code = (
        "import sys; from factory.draw.curves import training_curves; import factory.draw.similarity\n"
        f"training_curves([{{'epoch': 1, 'loss': 1.0}}], {str(tmp_path / 'a.png')!r})\n"
        "print(sorted({'tensorflow', 'keras', 'matplotlib.pyplot'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

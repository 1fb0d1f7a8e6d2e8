"""Matrices and maps of layers: what is drawn where, read back from the figure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from factory.draw import similarity as pictures
from factory.draw.figures import line_style
from factory.draw.similarity import layer_map, similarity_matrices

ENTRIES = [("one", "a"), ("one", "b"), ("two", "a"), ("two", "b")]
MATRIX = np.array([[1, 0.1, 0.2, 0.3], [0.1, 1, 0.4, 0.5], [0.2, 0.4, 1, 0.6], [0.3, 0.5, 0.6, 1]])
POSITIONS = np.array([[0, 0], [1, 0], [0, 0.5], [1, 0.5]])


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """The figures that are written meanwhile."""
    figures: list[Figure] = []
    write = pictures.write_figure
    monkeypatch.setattr(pictures, "write_figure", lambda figure, path: (figures.append(figure), write(figure, path)))
    return figures


def test_by_layer_equal_names_are_together(drawn, tmp_path: Path) -> None:
    similarity_matrices(ENTRIES, {"RSA": MATRIX, "CKA": MATRIX / 2}, tmp_path / "m.png", by_layer=True)
    rsa, cka, *_bars = drawn[0].axes
    assert (rsa.get_title(), cka.get_title()) == ("RSA", "CKA")
    assert [label.get_text() for label in rsa.get_yticklabels()] == ["a · one", "a · two", "b · one", "b · two"]
    order = [0, 2, 1, 3]
    np.testing.assert_array_equal(rsa.images[0].get_array(), MATRIX[np.ix_(order, order)])
    np.testing.assert_array_equal(cka.images[0].get_array(), MATRIX[np.ix_(order, order)] / 2)


def test_otherwise_the_layers_of_a_network_are(drawn, tmp_path: Path) -> None:
    similarity_matrices(ENTRIES, {"RSA": MATRIX}, tmp_path / "m.png", by_layer=False)
    axes = drawn[0].axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["one · a", "one · b", "two · a", "two · b"]
    np.testing.assert_array_equal(axes.images[0].get_array(), MATRIX)
    assert sorted(text.get_text() for text in axes.texts) == sorted(f"{value:.2f}" for value in MATRIX.ravel())


def test_the_scale_is_the_same_whatever_is_drawn(drawn, tmp_path: Path) -> None:
    negative = MATRIX.copy()
    negative[0, 1] = negative[1, 0] = -0.4
    similarity_matrices(ENTRIES, {"RSA": MATRIX / 2, "CKA": negative}, tmp_path / "m.png", by_layer=True)
    assert drawn[0].axes[0].images[0].get_clim() == (0, 1)
    assert drawn[0].axes[1].images[0].get_clim() == (-0.4, 1)


def test_what_is_undefined_is_grey_and_without_a_number(drawn, tmp_path: Path) -> None:
    undefined = np.full((4, 4), np.nan)
    undefined[1:, 1:] = MATRIX[1:, 1:]
    similarity_matrices(ENTRIES, {"RSA": undefined, "nothing": undefined * np.nan}, tmp_path / "m.png", by_layer=True)
    axes = drawn[0].axes[0]
    assert len(axes.texts) == 9
    pixels = axes.images[0].to_rgba(axes.images[0].get_array(), bytes=True)
    assert pixels[0, 0].tolist() == [187, 187, 187, 255] != pixels[2, 2].tolist()


def test_of_many_entries_groups_alone_are_named(drawn, tmp_path: Path) -> None:
    entries = [(f"run{run}", layer) for run in range(33) for layer in "xy"]
    similarity_matrices(entries, {"RSA": np.eye(66)}, tmp_path / "m.png", by_layer=True)
    axes = drawn[0].axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["x", "y"]
    assert list(axes.get_yticks()) == [16, 49] and not axes.texts


def test_the_map_has_a_line_a_network_and_a_number_a_layer(drawn, tmp_path: Path) -> None:
    layer_map(ENTRIES, POSITIONS, 0.875, tmp_path / "map.png", by_layer=True)
    [axes] = drawn[0].axes
    assert [line.get_xydata().tolist() for line in axes.lines] == [[[0, 0], [1, 0]], [[0, 0.5], [1, 0.5]]]
    assert [(*text.get_position(), text.get_text()) for text in axes.texts] == [
        (0, 0, "1"),
        (1, 0, "2"),
        (0, 0.5, "1"),
        (1, 0.5, "2"),
    ]
    assert "88% of squared distances" in axes.get_title()
    labels = [text.get_text() for text in drawn[0].legends[0].get_texts()]
    assert labels == ["networks", "one", "two", "", "layers", "1  a", "2  b"]


def test_the_map_of_other_networks_names_the_layers_of_each(drawn, tmp_path: Path) -> None:
    layer_map([("one", "a"), ("two", "x"), ("two", "y")], POSITIONS[:3], 1.0, tmp_path / "map.png", by_layer=False)
    labels = [text.get_text() for text in drawn[0].legends[0].get_texts()]
    assert labels == ["networks", "one", "two", "", "one", "1  a", "", "two", "1  x", "2  y"]


def test_a_layer_without_a_position_is_not_there(drawn, tmp_path: Path) -> None:
    positions = POSITIONS.copy()
    positions[1] = np.nan
    layer_map(ENTRIES, positions, 1.0, tmp_path / "map.png", by_layer=True)
    assert [text.get_text() for text in drawn[0].axes[0].texts] == ["1", "1", "2"]


def test_lines_of_32_networks_are_all_different() -> None:
    styles = [(style["color"], style["linestyle"]) for style in map(line_style, range(32))]
    assert len(set(styles)) == 32

"""The images that networks are looked at with."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from factory.errors import FactoryError
from factory.train.data.sources import open_data
from factory.train.sample_images import sample_images
from factory.train.subjects import Subject


def sampled(count: int, data: str = "digits", **shapes: tuple[int | None, ...]) -> tuple[dict[str, np.ndarray], str]:
    subjects = [Subject(name, None) for name in shapes]  # type: ignore[arg-type]
    models: dict[str, Any] = {name: SimpleNamespace(input_shape=(None, *shape)) for name, shape in shapes.items()}
    return sample_images(data, subjects, models, count)


def test_they_are_drawn_from_all_of_the_test_part_without_repetition() -> None:
    images, part = sampled(50, a=(8, 8, 1))
    every = {digit.tobytes(): label for digit, label in zip(*load_digits(return_X_y=True), strict=True)}
    found = [(np.round(image / 255 * 16).astype("float64")).tobytes() for image in images["a"]]
    assert part == "test" and len(set(found)) == 50
    assert len({every[digit] for digit in found}) == 10


def test_they_are_the_same_every_time_and_for_every_network() -> None:
    images, _ = sampled(20, a=(8, 8, 1), b=(8, 8, 1), colour=(8, 8, 3), free=(None, None, 1), large=(16, 24, 1))
    assert images["a"] is images["b"]
    np.testing.assert_array_equal(images["a"], sampled(20, a=(8, 8, 1))[0]["a"])
    np.testing.assert_array_equal(images["colour"], images["a"].repeat(3, axis=-1))
    np.testing.assert_array_equal(images["free"], images["a"])
    assert images["large"].shape == (20, 16, 24, 1)
    np.testing.assert_allclose(images["large"].mean((1, 2, 3)), images["a"].mean((1, 2, 3)), rtol=0.1)


def test_all_are_taken_where_there_are_few() -> None:
    images, _ = sampled(10_000, a=(8, 8, 1))
    test = open_data("digits").test
    assert test is not None
    np.testing.assert_array_equal(images["a"], test.images.pixels)


def test_images_of_many_sizes_need_a_network_of_one(tmp_path) -> None:
    from PIL import Image

    for name, size in (("x", 8), ("y", 9)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        Image.new("L", (size, size)).save(tmp_path / "pictures" / name / "one.png")
    assert sampled(2, str(tmp_path / "pictures"), a=(8, 8, 1))[1] == "training"
    with pytest.raises(FactoryError, match=r"free takes images of any size and those of .* have many"):
        sampled(2, str(tmp_path / "pictures"), free=(None, None, 1))

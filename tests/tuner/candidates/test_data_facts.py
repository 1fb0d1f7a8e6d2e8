"""What is known of data without TensorFlow is what opening them for training finds."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import factory
from tuner.candidates.adapting import adapted
from tuner.candidates.data_facts import KNOWN, DataFacts, facts_of


def opened(path) -> DataFacts:
    """The facts as training finds them."""
    from factory.train.data.sources import open_data

    train = open_data(str(path)).train
    return DataFacts(train.task, len(train.classes), train.channels, train.shape, train.size)


def save_images(folder, mode: str, count: int, size=(8, 6)) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        Image.new(mode, (size[1], size[0])).save(folder / f"{number}.png")


def test_digits_and_the_sets_of_keras():
    from factory.train.data.keras_sets import CLASSES

    assert opened("digits") == KNOWN["digits"] == facts_of("digits")
    assert {f"keras:{name}": len(classes) for name, classes in CLASSES.items()} == {
        name: facts.classes for name, facts in KNOWN.items() if name != "digits"
    }


@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("RGB", 3), ("RGBA", 4), ("1", 1), ("P", 3), ("LA", 1)])
def test_class_folders(tmp_path, mode, channels):
    for name, count in (("cat", 3), ("dog", 2), (".hidden", 1)):
        save_images(tmp_path / name, mode, count)
    assert facts_of(str(tmp_path)) == opened(tmp_path) == DataFacts("classes", 2, channels, (8, 6), 5)


def test_class_folders_in_parts_of_images_of_many_sizes(tmp_path):
    save_images(tmp_path / "train" / "cat", "RGB", 3)
    save_images(tmp_path / "train" / "dog", "RGB", 2, (9, 9))
    save_images(tmp_path / "train" / "dog" / "more", "L", 1, (9, 9))
    save_images(tmp_path / "test" / "cat", "L", 9)
    assert facts_of(str(tmp_path)) == opened(tmp_path) == DataFacts("classes", 2, 1, None, 6)  # most of all images


IMAGES = np.zeros((6, 8, 7, 3), "uint8")


@pytest.mark.parametrize(
    "arrays",
    [
        {"images": IMAGES, "labels": np.arange(6)},
        {"images": IMAGES[..., 0], "labels": np.arange(6).reshape(6, 1)},
        {"x_train": IMAGES, "y_train": np.arange(6) % 2, "x_test": IMAGES, "y_test": np.arange(6) % 4},
        {"images": IMAGES, "labels": np.array(["b", "a", "c"] * 2)},
        {"images": IMAGES, "labels": np.arange(6) % 2, "classes": np.array(["a", "b", "c"])},
        {"images": IMAGES, "labels": np.eye(6)},
        {"images": IMAGES, "labels": np.eye(6, 4) + np.eye(6, 4, 1)},
        {"images": IMAGES, "labels": np.linspace(0, 1, 6)},
        {"images": IMAGES, "labels": np.random.default_rng(0).uniform(size=(6, 2))},
        {"images": IMAGES, "labels": np.resize([0, 1, 2, 255], (6, 8, 7)).astype("uint8")},
    ],
)
def test_arrays(tmp_path, arrays):
    np.savez(tmp_path / "d.npz", **arrays)
    assert facts_of(str(tmp_path / "d.npz")) == opened(tmp_path / "d.npz")


def test_what_only_opening_tells(tmp_path):
    for name in ("tables", "masks", "records", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "tables" / "labels.csv").write_text("file,value\n")
    (tmp_path / "masks" / "images").mkdir()
    (tmp_path / "records" / "a.tfrecord").write_bytes(b"")
    (tmp_path / "broken.npz").write_bytes(b"PK no archive")
    np.savez(tmp_path / "other.npz", pixels=IMAGES)
    np.savez(tmp_path / "compressed.npz", images=IMAGES, labels=np.arange(len(IMAGES)))
    whole = (tmp_path / "compressed.npz").read_bytes()
    at = whole.index(b"PK\x01\x02") + 10  # the kind of compression of the first array, in the archive's directory
    (tmp_path / "compressed.npz").write_bytes(whole[:at] + b"\x7f\x7f" + whole[at + 2 :])
    for data in ("tfds:mnist", "missing", *(str(path) for path in tmp_path.iterdir())):
        assert facts_of(data) is None, data


def test_a_spec_is_adapted_as_in_training():
    lenet, lines = adapted(factory.load("lenet5", classes=3), "digits", facts_of("digits"))
    assert (lenet.classes, lenet.input.channels, lines) == (10, 1, ["classes: 3 -> 10, as in digits"])
    free = factory.load("lenet5", **{"input.resolution": "any", "classes": 10})
    with pytest.raises(factory.SpecError):
        factory.plan(free)
    resnet, lines = adapted(factory.load("resnet20_cifar", **{"input.resolution": "any"}), "digits", facts_of("digits"))
    assert resnet.input.resolution == (8, 8)
    assert "input.resolution: any -> 8x8, as in digits" in lines


def test_a_spec_stays_where_the_data_are_not_known():
    spec = factory.load("lenet5")
    same, (line,) = adapted(spec, "tfds:mnist", None)
    assert same is spec
    assert line == (
        "tfds:mnist: classes and channels are known once it is opened; costs are those of the spec's own 10 classes "
        "and 1 channels"
    )


def test_a_head_that_does_not_suit_the_data_is_told():
    with pytest.raises(factory.FactoryError, match="lenet5 ends with softmax, numbers need linear"):
        adapted(factory.load("lenet5"), "d.npz", DataFacts("values", 2, 1, (32, 32), 5))

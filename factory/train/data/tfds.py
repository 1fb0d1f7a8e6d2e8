"""Data of tensorflow-datasets by name: the extra `datasets`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from factory.errors import FactoryError, did_you_mean, first_line
from factory.train.data.dataset import Parts
from factory.train.data.tfrecord import Keys, open_records

PARTS = ("train", "validation", "test")


def open_tfds(name: str, *, corrupt: float, channels: int | None) -> Parts:
    """The parts train, validation and test of `NAME` or `NAME/CONFIG:VERSION`, fetched and made where they are missing.

    tensorflow-datasets files TFRecords in ~/tensorflow_datasets, which are read in any order, as others are. Raises
    FactoryError without the package, for unknown names, for data that are no images with labels, and where they cannot
    be fetched.
    """
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise FactoryError(
            f"tfds:{name} needs the extra 'datasets': pip install 'keras-model-factory[datasets]' ({first_line(error)})"
        ) from None
    try:
        builder = tfds.builder(name, file_format="tfrecord")
    except tfds.core.DatasetNotFoundError:
        known = tfds.list_builders(with_community_datasets=False)
        hint = did_you_mean(name.partition("/")[0], known, many=0)
        raise FactoryError(f"tfds:{name}: tensorflow-datasets has no such data; {hint}".rstrip("; ")) from None
    except Exception as error:  # of many kinds: bad names, versions, configurations
        raise FactoryError(f"tfds:{name}: {first_line(error)}") from None
    keys = _keys(name, builder.info)
    try:
        builder.download_and_prepare()
    except Exception as error:  # of the network, the disk, the data's own code
        raise FactoryError(f"tfds:{name}: cannot be fetched or made: {first_line(error)}") from None
    splits = builder.info.splits
    if "train" not in splits:
        raise FactoryError(f"tfds:{name}: has no part 'train'; its parts are {', '.join(splits)}")
    files = {part: [Path(path) for path in splits[part].filepaths] for part in PARTS if part in splits}
    classes = _names(builder.info.features[keys.label])
    return open_records(f"tfds:{name}", files, corrupt=corrupt, channels=channels, classes=classes, keys=keys)


def _keys(name: str, info: Any) -> Keys:
    """The features that hold image and label."""
    supervised = info.supervised_keys
    pair = supervised if supervised and all(isinstance(key, str) for key in supervised) else ("image", "label")
    if missing := [key for key in pair if key not in info.features]:
        received = ", ".join(info.features)
        raise FactoryError(
            f"tfds:{name}: expected features '{pair[0]}' and '{pair[1]}', no '{missing[0]}' in {received}"
        )
    image, label = (type(info.features[key]).__name__ for key in pair)
    if image != "Image" or label not in ("ClassLabel", "Scalar", "Tensor"):
        raise FactoryError(f"tfds:{name}: '{pair[0]}' is {image}, '{pair[1]}' {label}; expected Image and ClassLabel")
    return Keys(*pair)


def _names(feature: Any) -> Sequence[str]:
    return list(feature.names) if type(feature).__name__ == "ClassLabel" else ()

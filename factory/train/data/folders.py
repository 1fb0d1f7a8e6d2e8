"""Folders: which layout a folder has, and class folders of images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from factory.errors import FactoryError, did_you_mean
from factory.train.data.dataset import Parts
from factory.train.data.files import PART_NAMES, Files, folders_in, images_below
from factory.train.data.masks import IMAGES, MASKS, open_masks
from factory.train.data.opening import Found, assemble, in_parallel, look_at, stamp
from factory.train.data.records import record_files
from factory.train.data.tables import TABLE, open_tables
from factory.train.data.tfrecord import find_records, open_records

LAYOUTS = (
    f"CLASS/*.jpg (a folder a class), {IMAGES}/ and {MASKS}/ (the class of every pixel), {TABLE} beside images "
    "(labels or numbers), *.tfrecord; or train/, val/ and test/ of these"
)


def open_folder(root: Path, *, corrupt: float, channels: int | None) -> Parts:
    """Data in a folder, whose layout says what they are: see LAYOUTS.

    Raises FactoryError for a layout that is none of these, and for what is wrong in it.
    """
    folders, notes = parts_in(root)
    first = folders["train"]
    if (first / TABLE).is_file():
        parts = open_tables(root, folders, corrupt=corrupt, channels=channels)
    elif (first / IMAGES).is_dir() and (first / MASKS).is_dir():
        parts = open_masks(root, folders, corrupt=corrupt, channels=channels)
    elif record_files(first):
        split = folders.keys() != {"train"}
        files = {key: record_files(folder) for key, folder in folders.items()} if split else find_records(str(first))
        parts = open_records(str(root), files, corrupt=corrupt, channels=channels)
    else:
        parts = _open_classes(root, folders, corrupt=corrupt, channels=channels)
    parts.notes[:0] = notes
    return parts


def parts_in(root: Path) -> tuple[dict[str, Path], list[str]]:
    """The folders of `train`, `validation` and `test`, and what to say of the others.

    A folder without parts is all to learn from. A folder `train` that holds nothing but images is one of the class
    train, such as beside bus and car.
    """
    inside = {path.name: path for path in folders_in(root)}
    named = {name: path for name, path in inside.items() if name in PART_NAMES and _is_part(path)}
    if not named:
        return {"train": root}, []
    if "train" not in named:
        raise FactoryError(f"{root}: has {'/, '.join(named)}/ but no train/ to learn from")
    parts: dict[str, Path] = {}
    for name, path in named.items():
        part = PART_NAMES[name]
        if part in parts:
            raise FactoryError(f"{root}: both {parts[part].name}/ and {name}/ are the {part} part")
        parts[part] = path
    others = sorted(inside.keys() - named.keys())
    return parts, [f"{root}: {', '.join(others)}: no part of the data beside train/, not read"] if others else []


def _is_part(folder: Path) -> bool:
    return bool((folder / TABLE).is_file() or folders_in(folder) or record_files(folder))


def _open_classes(root: Path, folders: Mapping[str, Path], *, corrupt: float, channels: int | None) -> Parts:
    classes = _class_names(folders["train"])
    found = {key: _find(root, folder, classes, key) for key, folder in folders.items()}
    return assemble(str(root), "classes", classes, found, corrupt=corrupt, channels=channels)


def _class_names(folder: Path) -> list[str]:
    classes = folders_in(folder)
    if not classes:
        loose = len(images_below(folder))
        seen = f"the images in it ({loose:,}) have no class" if loose else "there are no images in it"
        raise FactoryError(f"{folder}: no data to learn from: {seen}; expected {LAYOUTS}")
    if len(classes) == 1:
        inner = folders_in(classes[0])
        hint = f"; is {classes[0]} the folder that was meant?" if len(inner) > 1 else ""
        raise FactoryError(
            f"{folder}: only one class, '{classes[0].name}'; expected a folder for each of several{hint}"
        )
    return [path.name for path in classes]


def _find(root: Path, folder: Path, classes: list[str], part: str) -> Found:
    paths: list[str] = []
    targets: list[int] = []
    for path in folders_in(folder):
        if path.name not in classes:
            hint = did_you_mean(path.name, classes)
            raise FactoryError(f"{path}: class '{path.name}' is not among those of the train part; {hint}")
        images = images_below(path)
        if not images and part == "train":
            raise FactoryError(f"{path}: no images of this class; remove the folder, or add images to it")
        paths += images
        targets += [classes.index(path.name)] * len(images)
    if not paths:
        raise FactoryError(f"{folder}: no images in it; expected class folders as in the train part")
    return Found(Files.of(paths), in_parallel(look_at, paths), np.array(targets, "int32"), stamp(root, paths))

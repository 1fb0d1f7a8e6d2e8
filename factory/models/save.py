"""Saving models, all or nothing: a .keras file, a SavedModel directory."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import keras

from factory.errors import FactoryError
from factory.models.archive import embed
from factory.models.choices import FORMATS, check_choice


def save(
    model: keras.Model,
    directory: str | Path,
    name: str,
    formats: Sequence[str] = FORMATS,
    spec_text: str | None = None,
    labels: list[str] | None = None,
) -> list[Path]:
    """Writes DIR/NAME.keras and the SavedModel DIR/NAME/, with spec and labels inside; returns what was written.

    Everything is written to a staging folder in DIR first and moved into place at the end, so that whatever goes wrong
    leaves earlier files as they were and nothing half-written behind. `tf.saved_model.load(DIR/NAME).serve` needs
    neither Keras nor this package. Raises FactoryError for unknown formats and where DIR cannot be written.
    """
    for format in formats:
        check_choice("format", format, FORMATS)
    if not name or Path(name).name != name:
        raise FactoryError(f"a model's name becomes a file name, received {name!r}: leave out folders")
    directory = Path(directory)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{name}-", dir=directory))
        try:
            return _write(model, directory, staging, name, formats, spec_text, labels)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise FactoryError(f"cannot save {name} in {directory}: {error}") from error


def _write(
    model: keras.Model,
    directory: Path,
    staging: Path,
    name: str,
    formats: Sequence[str],
    spec_text: str | None,
    labels: list[str] | None,
) -> list[Path]:
    targets = []
    for format in formats:
        target = f"{name}.keras" if format == "keras" else name
        if format == "keras":
            model.save(staging / target)
        else:
            model.export(str(staging / target), format="tf_saved_model", verbose=False)
        embed(staging / target, spec_text, labels)
        targets.append(target)
    for target in targets:
        _replace(staging / target, directory / target, staging / f"old-{target}")
    return [directory / target for target in targets]


def _replace(new: Path, old: Path, aside: Path) -> None:
    """Puts `new` where `old` is. A directory cannot be replaced in one step: the old one waits aside."""
    if not (new.is_dir() and old.exists()):
        os.replace(new, old)
        return
    os.replace(old, aside)
    try:
        os.replace(new, old)
    except BaseException:
        os.replace(aside, old)
        raise

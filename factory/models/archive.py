"""What a saved model carries besides its weights: the spec it was made from, its labels. Knows no TensorFlow."""

from __future__ import annotations

import zipfile
from pathlib import Path

from factory.errors import FactoryError

SPEC = "spec.yaml"
LABELS = "labels.txt"
KERAS_FOLDER = "factory"  # inside the .keras zip
SAVED_MODEL_FOLDER = "assets.extra"  # TensorFlow's own place for files that it does not read


def embed(path: Path, spec_text: str | None, labels: list[str] | None) -> None:
    """Adds spec and labels, where given, to a .keras file or a SavedModel directory."""
    texts = {SPEC: spec_text, LABELS: None if labels is None else "".join(f"{label}\n" for label in labels)}
    given = {name: text for name, text in texts.items() if text is not None}
    if path.is_dir():
        folder = path / SAVED_MODEL_FOLDER
        folder.mkdir(exist_ok=True)
        for name, text in given.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")
    else:
        with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
            for name, text in given.items():
                archive.writestr(f"{KERAS_FOLDER}/{name}", text)


def read_spec_text(path: str | Path) -> str | None:
    """The spec inside a .keras file or SavedModel directory, None where there is none. Raises FactoryError."""
    return _read(Path(path), SPEC)


def read_labels(path: str | Path) -> list[str] | None:
    """The labels inside a .keras file or SavedModel directory, None where there are none. Raises FactoryError."""
    text = _read(Path(path), LABELS)
    return None if text is None else text.splitlines()


def check_model_path(path: Path) -> None:
    """Raises FactoryError unless `path` looks like a .keras file or a SavedModel directory."""
    if not path.exists():
        raise FactoryError(f"{path}: there is no such file or directory")
    if path.is_dir():
        if not (path / "saved_model.pb").is_file():
            raise FactoryError(f"{path}: expected a SavedModel directory, but it has no saved_model.pb")
    elif not zipfile.is_zipfile(path):
        raise FactoryError(f"{path}: expected a .keras file or a SavedModel directory; this is neither, or damaged")


def _read(path: Path, name: str) -> str | None:
    check_model_path(path)
    try:
        if path.is_dir():
            file = path / SAVED_MODEL_FOLDER / name
            return file.read_bytes().decode("utf-8") if file.is_file() else None
        with zipfile.ZipFile(path) as archive:
            member = f"{KERAS_FOLDER}/{name}"
            return archive.read(member).decode("utf-8") if member in archive.namelist() else None
    except (OSError, zipfile.BadZipFile, UnicodeDecodeError) as error:
        raise FactoryError(f"{path}: cannot read {name}: {error}") from error

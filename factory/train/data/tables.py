"""Tables of labels beside images: labels.csv with a file name and numbers, or a class, a line."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from factory.errors import FactoryError, did_you_mean
from factory.train.data.dataset import Parts, Task, fingerprint
from factory.train.data.files import Files
from factory.train.data.opening import Found, assemble, in_parallel, look_at, stamp

TABLE = "labels.csv"
_LARGEST = float(np.finfo("float32").max)


@dataclass(frozen=True)
class Table:
    """The lines of a file: `names` of the columns after the first, `files`, and the cells as they stand there."""

    path: Path
    names: list[str]
    files: list[str]
    cells: list[list[str]]
    lines: list[int]


def open_tables(root: Path, folders: Mapping[str, Path], *, corrupt: float, channels: int | None) -> Parts:
    """Images with the numbers that labels.csv gives for them; file names count from the folder of the table.

    Its first line names the columns, the first column holds the files. All numbers 0 or 1 in several columns: labels;
    other numbers: values; one column of words: classes. Raises FactoryError with the line that is wrong.
    """
    tables = {part: read_table(folder / TABLE) for part, folder in folders.items()}
    train = tables["train"]
    for table in tables.values():
        if table.names != train.names:
            raise FactoryError(f"{table.path}: columns {', '.join(table.names)}; expected {', '.join(train.names)}")
    task: Task
    classes: list[str]
    if len(train.names) == 1 and not any(_is_number(row[0]) for row in train.cells):
        task, classes = "classes", sorted({row[0] for row in train.cells})
        if len(classes) == 1:
            raise FactoryError(f"{train.path}: only one class, '{classes[0]}'; expected several")
        targets = {part: _class_numbers(table, classes) for part, table in tables.items()}
    else:
        values = {part: _numbers(table) for part, table in tables.items()}
        task, classes, targets = _kind(list(values.values())), train.names, values
    found = {}
    for part, table in tables.items():
        paths = [os.path.join(folders[part], name) for name in table.files]
        mark = fingerprint(stamp(root, paths), targets[part])
        found[part] = Found(Files.of(paths), in_parallel(look_at, paths), targets[part], mark)
    return assemble(str(root), task, classes, found, corrupt=corrupt, channels=channels)


def _kind(values: list[np.ndarray]) -> Task:
    whole = np.concatenate(values)
    return "labels" if whole.shape[1] > 1 and np.isin(whole, (0, 1)).all() else "values"


def read_table(path: Path) -> Table:
    """The cells of a table. Raises FactoryError for lines of other lengths, empty cells and files that come twice."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, skipinitialspace=True)
            rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader if any(map(str.strip, row))]
    except OSError as error:
        raise FactoryError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (csv.Error, UnicodeDecodeError) as error:
        raise FactoryError(f"{path}: no table in UTF-8 with commas: {error}") from None
    if len(rows) < 2 or len(rows[0][1]) < 2:
        raise FactoryError(f"{path}: expected a first line such as 'file,height', and a line an image under it")
    _, (_, *names) = rows[0]
    if all(map(_is_number, names)):
        raise FactoryError(f"{path}:1: expected the names of the columns, such as 'file,height'; received numbers")
    if twice := [name for name in names if names.count(name) > 1 or not name]:
        raise FactoryError(f"{path}:1: every column needs a name of its own; received '{twice[0]}'")
    seen: dict[str, int] = {}
    for line, row in rows[1:]:
        if len(row) != len(names) + 1:
            raise FactoryError(
                f"{path}:{line}: expected {len(names) + 1} cells, as in the first line, received {len(row)}"
            )
        if row[0] in seen:
            raise FactoryError(f"{path}:{line}: '{row[0]}' stands on line {seen[row[0]]}, too")
        if "" in row:
            raise FactoryError(f"{path}:{line}: {['file', *names][row.index('')]}: an empty cell")
        seen[row[0]] = line
    cells = [row[1:] for _, row in rows[1:]]
    return Table(path, names, list(seen), cells, list(seen.values()))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(table: Table) -> np.ndarray:
    values = np.empty((len(table.cells), len(table.names)), "float32")
    for index, row in enumerate(table.cells):
        for column, cell in enumerate(row):
            if not _is_number(cell) or not abs(float(cell)) <= _LARGEST:
                where = f"{table.path}:{table.lines[index]}: {table.names[column]}"
                raise FactoryError(f"{where}: expected a finite number, received '{cell}'")
            values[index, column] = float(cell)
    return values


def _class_numbers(table: Table, classes: list[str]) -> np.ndarray:
    numbers = {name: number for number, name in enumerate(classes)}
    for line, (name,) in zip(table.lines, table.cells, strict=True):
        if name not in numbers:
            hint = did_you_mean(name, classes)
            raise FactoryError(f"{table.path}:{line}: class '{name}' is not among those of the train part; {hint}")
    return np.array([numbers[name] for (name,) in table.cells], "int32")

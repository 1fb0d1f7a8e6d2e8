"""The files of an adaptation: what was asked for, every finished proposal, the network after every step."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from factory.errors import FactoryError
from factory.files import write_whole
from factory.folders import csv_text, held
from factory.train.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from tuner.netadapt.network import Network, from_arrays

ASKED, HISTORY, STEPS, PRUNED, TRAINED = "adapt.json", "history.csv", "steps", "pruned.keras", "trained"
Row = dict[str, Any]


class Folder:
    """One adaptation's files. The same call goes on with them; one that asks for something else may not."""

    def __init__(self, path: Path):
        self.path = path

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Nobody else works in this folder meanwhile. Raises FactoryError where somebody does."""
        with held(self.path, "adapt.lock"):
            (self.path / STEPS).mkdir(exist_ok=True)
            yield

    def clear(self) -> None:
        """Removes everything of the adaptation, and nothing else that may be in the folder."""
        for name in (ASKED, HISTORY, PRUNED, "spec.yaml", "result.json"):
            (self.path / name).unlink(missing_ok=True)
        for name in (STEPS, TRAINED):
            shutil.rmtree(self.path / name, ignore_errors=True)
        (self.path / STEPS).mkdir()

    def begin(self, asked: Mapping[str, Any]) -> None:
        """Files what was asked for. Raises FactoryError where the folder holds something else, with what differs."""
        path = self.path / ASKED
        try:
            there = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            write_whole(path, json.dumps(asked, indent=2) + "\n")
            return
        except (OSError, ValueError) as error:
            raise FactoryError(f"{path}: cannot be read: {error}; --fresh begins anew") from None
        differs = [key for key in {**there, **asked} if there.get(key) != asked.get(key)]
        if differs:
            lines = "".join(f"\n    {key}: {there.get(key)} there, {asked.get(key)} now" for key in differs)
            raise FactoryError(
                f"{self.path} holds an adaptation of something else:{lines}\n"
                "    give another folder with -o, or begin this one anew with --fresh"
            )

    # ---- steps

    def steps(self) -> list[Path]:
        """The files of all finished steps in order; the first is the network to begin with."""
        return sorted((self.path / STEPS).glob("[0-9]*.npz"))

    def write_step(self, number: int, network: Network, row: Row) -> None:
        """Files the network after a step; what was kept of the step's proposals goes."""
        self._write(self.path / STEPS / f"{number:03}.npz", network, row)
        shutil.rmtree(self._of(number), ignore_errors=True)

    def read_steps(self) -> tuple[Network, list[Row]]:
        """The network after the last step, and the rows of all; there is one at least."""
        read = [self._read(path) for path in self.steps()]
        return read[-1][0], [row for _, row in read]

    # ---- proposals of the step that is under way

    def proposals(self, number: int) -> dict[str, Row]:
        """The rows of those proposals of a step that are finished, by the name of their width."""
        rows = [json.loads(path.read_text(encoding="utf-8")) for path in self._of(number).glob("*.json")]
        return {row["width"]: row for row in rows}

    def write_proposal(self, number: int, row: Row, network: Network | None) -> None:
        """Files a finished proposal, its network too where it is the best so far, which the others then are not."""
        folder = self._of(number)
        folder.mkdir(exist_ok=True)
        if network:
            self._write(folder / f"{row['width']}.npz", network, row)
        write_whole(folder / f"{row['width']}.json", json.dumps(row) + "\n")
        for path in folder.glob("*.npz") if network else ():
            if path.stem != row["width"]:
                path.unlink()

    def read_proposal(self, number: int, width: str) -> Network:
        return self._read(self._of(number) / f"{width}.npz")[0]

    def _of(self, number: int) -> Path:
        return self.path / STEPS / f"{number:03}"

    def _write(self, path: Path, network: Network, row: Row) -> None:
        try:
            write_checkpoint(path, Checkpoint(network.arrays(), {"spec": network.text, "row": row}))
        except OSError as error:
            raise FactoryError(f"{path}: cannot write: {error.strerror or error}; make room and start again") from error

    def _read(self, path: Path) -> tuple[Network, Row]:
        try:
            found = read_checkpoint(path)
        except ValueError as error:
            raise FactoryError(f"{error}; remove this file to go on without it, or begin anew with --fresh") from None
        return from_arrays(found.facts["spec"], found.arrays), found.facts["row"]

    # ---- what came of it

    def write_history(self, rows: Sequence[Row]) -> None:
        """history.csv with a row a step."""
        write_whole(self.path / HISTORY, csv_text(rows))

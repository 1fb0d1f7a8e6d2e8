"""How an oracle outlives its process: the files of a project of KerasTuner's, and what they are gone on with from."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

from keras_tuner import HyperParameters
from keras_tuner.engine.trial import Trial
from keras_tuner.src.distribute.utils import has_chief_oracle, is_chief_oracle

from factory.errors import FactoryError
from factory.files import write_whole
from tuner.oracles.lock import lock_project
from tuner.oracles.memory import RememberingOracle
from tuner.oracles.records import STATE, read_records, read_state, set_damaged_aside, write_record
from tuner.store.plain import dumps


class PersistentOracle(RememberingOracle):
    """The files of an AlgorithmOracle: one for each trial, one for the state, all written whole.

    KerasTuner's tuner reads them again only if its own file is there, which it writes after the first trial and under
    its own id. This one looks by itself, when it is first asked for anything.
    """

    persistent = True
    """Whether there are files; the store of a sweep keeps everything itself."""
    _project: Path | None = None
    _unread = False
    _saved = ""

    def get_space(self) -> HyperParameters:
        self._read_left()
        return super().get_space()

    # ---- files

    def reload(self) -> None:
        """Goes on from the files of the project, as far as they are whole."""
        self._unread = False
        if self._project is None:
            return
        self._forget()
        records, self._next = read_records(self._project)
        for record in records:
            self._keep(record)
        self.set_state(read_state(self._project))

    def save(self) -> None:
        if self._project is None or not self.persistent:
            return
        text = dumps(self.get_state())
        if text != self._saved:
            self._project.mkdir(parents=True, exist_ok=True)
            write_whole(self._project / STATE, text)
            self._saved = text

    def get_state(self) -> dict[str, Any]:
        """What the files of the trials do not tell; as small after many trials as after few."""
        return {
            "algorithm": self.algorithm_name,
            "objective": str(self.objective),
            "seed": self.seed,
            "next": self._next,
            "trials": len(self._records),
            "learned": self._ended,
            "state": self.algorithm.state(),
            "hyperparameters": self.hyperparameters.get_config(),
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Goes on from a state, empty where it was lost, with the trials that are there already.

        Raises FactoryError where the state is of another algorithm or for another objective.
        """
        self._check_same(state)
        then = state.get("next", 0)
        there = sum(1 for record in self._records.values() if record.identity < then)
        whole = bool(state) and there == state["trials"]
        self._next = max(self._next, then)
        if self._draws_seed:
            self.seed = state.get("seed", self.seed)
        if self._given is None:
            self._declare_again(state)
        for record in self._records.values():
            record.result = None if record.ended is None else self._result(record.trial)
        self._take_up(state["state"] if whole else {}, state.get("learned", 0))

    def _set_project_dir(self, directory: Any, project_name: str) -> None:
        """Called by every tuner, before it deletes what is there if it is to overwrite: nothing is read yet."""
        super()._set_project_dir(directory, project_name)
        if not self.persistent or (has_chief_oracle() and not is_chief_oracle()):
            return
        if "://" in str(directory):
            raise FactoryError(f"directory: expected a local directory, received '{directory}'")
        self._project = Path(str(directory)) / project_name
        weakref.finalize(self, lock_project(self._project).release)
        set_damaged_aside(self._project)
        self._unread, self._saved = True, ""

    def _read_left(self) -> None:
        """Goes on from what is in the project, however far whoever wrote it came, and whatever its tuner was called."""
        if self._unread and self._project is not None and self.persistent:
            left = (self._project / STATE).exists() or any(self._project.glob("trial_*/trial.json"))
            self._unread = False
            if left:
                self.reload()

    def _save_trial(self, trial: Trial) -> None:
        if self._project is not None and self.persistent:
            write_record(self._project, self._records[trial.trial_id])

    def _declare_again(self, state: dict[str, Any]) -> None:
        """The space that was declared before, then what is declared now; what the trials used if the state is lost."""
        before = [HyperParameters.from_config(state["hyperparameters"])] if state else []
        if not state:
            before = [record.trial.hyperparameters for record in self._records.values()]
        declared = HyperParameters()
        for hyperparameters in [*before, self.hyperparameters]:
            declared.merge(hyperparameters, overwrite=False)
        self.hyperparameters, self._space = declared, None

    def _check_same(self, state: dict[str, Any]) -> None:
        now = {"algorithm": self.algorithm_name, "objective": str(self.objective)}
        for name, value in now.items():
            if state and state.get(name) != value:
                raise FactoryError(
                    f"{self._project}: the {name} of the search there is {state.get(name, 'unknown')}, now {value}\n"
                    "    give it another directory or project_name, or overwrite=True"
                )

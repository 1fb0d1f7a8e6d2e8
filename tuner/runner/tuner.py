"""A KerasTuner tuner whose trials run in worker processes, and whose memory is the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.engine.trial import Trial

from factory.errors import FactoryError
from factory.models.load import load
from factory.train.run import MODEL
from tuner.runner.driver import Driver
from tuner.runner.ledger import Ledger
from tuner.runner.memory import Bound
from tuner.runner.reporting import Reporter
from tuner.runner.tasks import Run
from tuner.runner.transport import BaseWorkers
from tuner.store import Store
from tuner.sweep.sweep import Sweep


class SweepTuner(BaseTuner):
    """Runs a sweep: `search()` hands the oracle's trials to workers and keeps all that comes of them in the store.

    Everything else is KerasTuner's: `on_trial_begin` and `on_trial_end` are called in this process, and
    `get_best_hyperparameters` and `get_best_models` answer as usual. It writes none of KerasTuner's files.
    """

    def __init__(
        self, oracle: Any, sweep: Sweep, store: Store, workers: BaseWorkers[Any], reporter: Reporter, bound: Bound
    ):
        oracle.persistent = False
        oracle.verbose = 0
        directory = Path(store.directory).absolute()
        super().__init__(oracle, directory=str(directory.parent), project_name=directory.name)
        self.store = store
        self.driver = Driver(
            Ledger(sweep, store, oracle), workers, reporter, bound, self.on_trial_begin, self.on_trial_end
        )

    def search(self) -> None:
        """Runs what the budget has left. Raises KeyboardInterrupt where that came: the next search goes on."""
        self.on_search_begin()
        self.driver.run()
        self.on_search_end()

    def on_trial_end(self, trial: Trial) -> None:
        """Called when a trial has ended: the oracle has learnt of it, and the store has it."""

    def run_trial(self, trial: Trial, *arguments: Any, **named: Any) -> Any:
        """Not called: workers run trials."""
        raise NotImplementedError("the trials of a sweep run in worker processes: call search()")

    def load_model(self, trial: Trial) -> keras.Model:
        """The trained network of a trial, its first run's. Raises FactoryError where its weights were not kept."""
        record = self.store.trial(int(trial.trial_id))
        number = record.number if record.copied_from is None else record.copied_from
        path = Run(0, 0, None).inside(self.store.folder(number)) / MODEL
        if not path.is_file():
            raise FactoryError(f"trial {record.number} has kept no weights: the sweep keeps those of its best alone")
        model = load(path).model
        assert model is not None
        return model

    def save(self) -> None:
        """Nothing to do: the store has everything."""

    def reload(self) -> None:
        """Nothing to do: `search` takes up what the store has."""

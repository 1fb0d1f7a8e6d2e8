"""What a sweep file names, found and read: the spec around which it searches, its recipe, its data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from factory.errors import FactoryError, Problem, SpecError, did_you_mean
from factory.spec import Spec, cost, load
from factory.spec.reading import Map
from factory.spec.zoo import find_spec
from factory.train.adapt import overridden
from factory.train.recipe.reading import find_recipe, load_recipe
from factory.train.recipe.sections import Recipe
from tuner.candidates.adapting import adapted
from tuner.candidates.costs import Costs, all_costs
from tuner.candidates.data_facts import KNOWN, DataFacts, facts_of
from tuner.sweep.sections import SweepFile
from tuner.sweep.setting import Placed

DATA = "digits, keras:NAME, tfds:NAME, a folder, a file: .npz, .tfrecord"


@dataclass(frozen=True)
class Named:
    """What is None has a mistake, which is told. notes: lines about what the data changed in the spec."""

    spec: Spec | None
    recipe: Recipe | None
    data: str
    facts: DataFacts | None
    costs: Costs | None
    notes: list[str]


def read_named(document: Map, file: SweepFile, folder: Path | None, problems: list[Problem]) -> Named:
    """Reads what a document names; files beside it, in `folder`, come first. Mistakes are added to `problems`.

    The spec has what the recipe changes in it, and is adapted to the data; the recipe has the epochs of a trial.
    """
    reader = _Reader(document, folder, problems)
    recipe = reader.recipe(file)
    spec = reader.spec(recipe)
    data = reader.data(file.data)
    facts = facts_of(data)
    if recipe is not None:
        recipe = reader.suited(recipe.model_copy(update={"spec": {}}), file)
    if spec is None:
        return Named(None, recipe, data, facts, None, [])
    return Named(*reader.adapted(spec, recipe, data, facts))


class _Reader:
    def __init__(self, document: Map, folder: Path | None, problems: list[Problem]):
        self.document, self.folder, self.problems = document, folder, problems

    def fail(self, key: str, error: str, hint: str = "", value: Any = "") -> None:
        mark = self.document.values_at.get(key)
        self.problems.append(Problem(key, error, mark, hint, max(1, len(str(value)))))

    def recipe(self, file: SweepFile) -> Recipe | None:
        """The recipe as it is named."""
        raw = self.document.get("recipe")
        given = raw if isinstance(raw, Map) else file.recipe
        return self._read("recipe", given, lambda: load_recipe(self._beside(given, find_recipe)))

    def spec(self, recipe: Recipe | None) -> Spec | None:
        """The spec, with what the recipe changes in it."""
        given = self.document["spec"]
        spec = self._read("spec", given, lambda: load(self._beside(given, find_spec)))
        if spec is None or recipe is None:
            return spec
        return self._read("recipe", self.document.get("recipe"), lambda: overridden(spec, recipe))

    def data(self, name: str) -> str:
        """The data as training takes them: a path beside the sweep file comes first."""
        if name in KNOWN or name.startswith("tfds:"):
            return name
        beside = self.folder / name if self.folder else Path(name)
        if beside.exists():
            return str(beside)
        if not (Path(name).expanduser().exists() or ".tfrecord" in name or any(sign in name for sign in "*?[")):
            self.fail("data", f"{name}: no such data", did_you_mean(name, KNOWN, many=0) or DATA, name)
        return name

    def suited(self, recipe: Recipe, file: SweepFile) -> Recipe:
        """The recipe with the epochs of a trial; whether it takes the folds is only looked at."""
        folds = {"data.split": "kfold", "data.folds": file.repeats.folds, "data.fold": 0}
        self._with(recipe, "repeats", "folds", file.repeats.folds, folds)
        return self._with(recipe, "budget", "epochs", file.budget.epochs, {"epochs": file.budget.epochs})

    def adapted(
        self, spec: Spec, recipe: Recipe | None, data: str, facts: DataFacts | None
    ) -> tuple[Spec, Recipe | None, str, DataFacts | None, Costs | None, list[str]]:
        """All fields of Named, the spec adapted to the data, with its costs where it can be built."""
        found = self._read("data", data, lambda: adapted(spec, data, facts))
        if found is None:
            return spec, recipe, data, facts, None, []
        costs = self._read("spec", self.document["spec"], lambda: all_costs(cost(found[0])))
        return found[0], recipe, data, facts, costs, found[1]

    def _with(self, recipe: Recipe, section: str, key: str, value: Any, changes: Mapping[str, Any]) -> Recipe:
        """The recipe with what a key of the sweep asks of it; as it is where that is None, or does not suit it."""
        raw = self.document.get(section)
        if value is None or not isinstance(raw, Map):
            return recipe
        mark = raw.values_at.get(key)
        try:
            return load_recipe(recipe, **{path: Placed(path, change, mark) for path, change in changes.items()})
        except SpecError as error:
            first = error.problems[0]
            message = f"does not suit the recipe: {first.path}: {first.message}"
            self.problems.append(Problem(f"{section}.{key}", message, mark, first.hint, len(str(value))))
            return recipe

    def _read(self, key: str, given: Any, read: Callable[[], Any]) -> Any:
        """What `read` gives; None where that has mistakes, told at their own places or at this key."""
        try:
            return read()
        except SpecError as error:
            for problem in error.problems:
                if problem.mark and self.document.mark and problem.mark.source is self.document.mark.source:
                    problem.path = f"{key}.{problem.path}"
                self.problems.append(problem)
        except FactoryError as error:
            self.fail(key, str(error), value="" if isinstance(given, Mapping) else given)
        return None

    def _beside(self, given: Any, find: Callable[[str, Path | None], Path]) -> Any:
        """A name as the path of its file, a mapping with the path of what it extends."""
        if isinstance(given, str):
            return str(find(given, self.folder))
        if isinstance(given.get("extends"), str):
            try:
                found = find(given["extends"], self.folder)
            except FactoryError:
                return given  # reading it says so, with its place
            given = given.copy()
            given["extends"] = str(found.resolve())
        return given

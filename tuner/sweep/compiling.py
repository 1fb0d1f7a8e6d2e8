"""From a document to a Sweep: every section read, spec, recipe and data found, every mistake told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from factory.blocks.values import Invalid, Section, field_section, parse_section, show
from factory.errors import Mark, Problem, SpecError, did_you_mean
from factory.spec.problems import problems_in
from factory.spec.reading import Map, Seq
from factory.train.recipe.overrides import PREFIX
from tuner.algorithms import ALGORITHMS, algorithm
from tuner.candidates.building import Candidates
from tuner.candidates.constraints import Constraint
from tuner.candidates.objectives import Objective
from tuner.space import Space
from tuner.sweep.checks import problems_of_values
from tuner.sweep.dimensions import SpaceReader
from tuner.sweep.feasibility import check_feasible
from tuner.sweep.goals import read_constraints, read_objectives
from tuner.sweep.named import read_named
from tuner.sweep.sections import ObjectiveSection, SweepFile
from tuner.sweep.sweep import Sweep


def compile_sweep(document: Map, path: Path | None, text: str) -> Sweep:
    """The sweep in a document. Raises SpecError with every mistake that can be found without training."""
    return _Compiler(document, path).sweep(text)


class _Compiler:
    """Reads one document; mistakes are collected in `problems`, so that all are told in one run."""

    def __init__(self, document: Map, path: Path | None):
        self.document, self.path = document, path
        self.folder = path.parent if path else None
        self.problems: list[Problem] = []

    def sweep(self, text: str) -> Sweep:
        file = self._file()
        if file is None:
            raise SpecError(self.problems)
        named = read_named(self.document, file, self.folder, self.problems)
        spec, recipe, facts, costs = named.spec, named.recipe, named.facts, named.costs
        constraints: list[Constraint] = read_constraints(self.document, costs, self.problems)
        objectives: list[Objective] = read_objectives(self.document, file, facts, costs, self.problems)
        chosen = self._algorithm(file)
        reader = SpaceReader(spec.document if spec else None, self.problems)
        space = self._space(reader, file)
        if spec is None or recipe is None or costs is None or chosen is None:
            raise SpecError(self.problems)
        formulas = [*(one.formula for one in constraints), *(one.formula for one in objectives)]
        asked = {name for formula in formulas for name in formula.names}
        candidates = Candidates(spec, recipe, space, constraints, latency="latency_ms" in asked)
        self.problems += problems_of_values(candidates, reader.places)
        if self.problems:
            raise SpecError(self.problems)
        check_feasible(candidates, self._at("constraints") or self._at("space"))
        name, parameters = chosen
        notes = []
        if len(objectives) > 1 and not algorithm(name).many_objectives:
            notes.append(f"{name} looks at the first objective alone, {objectives[0].name}")
        return Sweep(
            name=file.sweep or (self.path.stem if self.path else "sweep"),
            path=self.path,
            text=text,
            spec=spec,
            recipe=recipe,
            data=named.data,
            space=space,
            constraints=tuple(constraints),
            objectives=tuple(objectives),
            algorithm=name,
            parameters=parameters,
            budget=file.budget,
            workers=file.workers,
            seed=file.seed,
            repeats=file.repeats,
            stop=file.stop,
            trial=file.trial,
            keep=file.keep,
            facts=facts,
            notes=(*named.notes, *notes),
            candidates=candidates,
        )

    # ---- helpers

    def _at(self, key: str) -> Mark | None:
        return self.document.values_at.get(key)

    def fail(self, path: str, message: str, mark: Mark | None, hint: str = "", length: int = 1) -> None:
        self.problems.append(Problem(path, message, mark, hint, length))

    def tell(self, error: Invalid) -> None:
        """A mistake somewhere in the document, and its further ones."""
        self.problems += problems_in(self.document, error, mark=self.document.mark)

    # ---- sections

    def _file(self) -> SweepFile | None:
        """The sections, as far as they are right; None where one that has no default is not."""
        found: list[Invalid] = []
        values = {}
        for key, value in self.document.items():
            before = len(found)
            parsed = self._section(key, value, found)
            if len(found) == before:
                values[key] = parsed
        try:
            file = parse_section(SweepFile, values)
        except Invalid as error:
            told = [f"'{mistake.loc[0]}' is missing" for mistake in found]
            more = [Invalid(one.message, one.hint, one.loc) for one in (error, *error.more) if one.message not in told]
            wrong = {one.loc[0] for one in more if one.loc}
            found += more
            try:
                file = parse_section(SweepFile, {key: value for key, value in values.items() if key not in wrong})
            except Invalid:
                file = None
        for mistake in found:
            self.tell(mistake)
        return file

    def _section(self, key: Any, value: Any, found: list[Invalid]) -> Any:
        """The value of a key, with the sections in it read, so that the mistakes of each are found."""
        inner = field_section(SweepFile, key) if isinstance(key, str) else None
        if value is None:
            found.append(Invalid("expected a value, received nothing", "leave the key out", (key,)))
        elif key == "constraints" and not isinstance(value, Seq):
            found.append(Invalid(f"expected a list of conditions, received {show(value)}", "[macs <= 400M]", (key,)))
        elif inner is ObjectiveSection and not isinstance(value, (Map, Seq)):
            hint = "{maximize: val_accuracy}"
            found.append(Invalid(f"expected what to maximize or minimize, received {show(value)}", hint, (key,)))
        elif inner is ObjectiveSection and isinstance(value, Seq):
            return [self._parsed(inner, item, (key, index), found) for index, item in enumerate(value)]
        elif inner and isinstance(value, Map):
            return self._parsed(inner, value, (key,), found)
        return value

    @staticmethod
    def _parsed(section: type[Section], value: Any, loc: tuple[Any, ...], found: list[Invalid]) -> Any:
        try:
            return parse_section(section, value) if isinstance(value, Map) else value
        except Invalid as error:
            found += [Invalid(one.message, one.hint, one.loc).inside(*loc) for one in (error, *error.more)]
            return value

    def _algorithm(self, file: SweepFile) -> tuple[str, Section] | None:
        """The name of the algorithm, and its parameters as it reads them."""
        given, mark = self.document.get("algorithm"), self._at("algorithm")
        values = given.copy() if isinstance(given, Map) else Map(mark)
        name = values.get("name") if isinstance(given, Map) else file.algorithm
        if not isinstance(name, str) or name not in ALGORITHMS:
            at = values.values_at.get("name", mark)
            path = "algorithm.name" if "name" in values else "algorithm"
            message = "'name' is missing" if name is None else f"unknown algorithm {show(name)}"
            self.fail(path, message, at, did_you_mean(name, ALGORITHMS, many=20), len(str(name or " ")))
            return None
        values.remove("name")
        try:
            return name, parse_section(algorithm(name).Parameters, values)
        except Invalid as error:
            self.problems += problems_in(values, error, "algorithm", mark)
        return None

    def _space(self, reader: SpaceReader, file: SweepFile) -> Space:
        raw = self.document["space"]
        if not raw:
            self.fail("space", "there is nothing to search", self._at("space"), "stages.s3.kernel: {choice: [3, 5, 7]}")
        twice = f"{PREFIX}epochs"
        if twice in raw and file.budget.epochs is not None:
            hint = "leave out one of the two"
            self.fail(f"space.{twice}", "budget.epochs is given, too", raw.keys_at.get(twice), hint, len(twice))
        return reader.read(raw)

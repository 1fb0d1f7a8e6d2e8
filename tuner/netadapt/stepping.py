"""An adaptation under way: step after step the best of all proposals, then the training of what is left."""

from __future__ import annotations

import json
import math
import time
from typing import Any

from factory.errors import FactoryError
from factory.files import write_whole
from factory.train.fit import fit_spec
from factory.train.learner import Machine
from factory.train.prepare import Prepared
from factory.train.recipe.sections import Recipe, Start
from factory.train.reporting import Reporter
from factory.train.run import RESULT, SPEC
from tuner.netadapt.folder import PRUNED, TRAINED, Folder, Row
from tuner.netadapt.models import save_network
from tuner.netadapt.network import Network, written_out
from tuner.netadapt.proposing import Proposal, propose
from tuner.netadapt.resources import Settings, Steps, cost_of, shown
from tuner.netadapt.tuning import Judgement, ShortTerm, short_recipe


class Adaptation:
    """An adaptation under way. Its state is in its folder: the networks after the finished steps, with a row each."""

    def __init__(
        self,
        folder: Folder,
        settings: Settings,
        steps: Steps,
        prepared: Prepared,
        recipe: Recipe,
        machine: Machine,
        reporter: Reporter,
    ):
        self.folder, self.settings, self.steps, self.reporter = folder, settings, steps, reporter
        self.recipe, self.machine = recipe, machine
        self.cost = cost_of(settings.resource)
        rate = settings.short_rate * recipe.schedule.peak
        self.short_term = ShortTerm(prepared, short_recipe(recipe, rate), machine, settings.short_steps)

    def all_steps(self, network: Network) -> tuple[Network, list[Row]]:
        """The network that meets the target, and the row of each step, that of the start first."""
        if not self.folder.steps():
            judgement = self.short_term.judged(network)
            self.folder.write_step(0, network, self._row(0, network, judgement))
        network, rows = self.folder.read_steps()
        if len(rows) > 1:
            self.reporter.say(f"{self.folder.path}: going on after {len(rows) - 1} steps")
        while rows[-1]["cost"] > self.steps.target:
            network, row = self._step(network, rows)
            self.folder.write_step(row["step"], network, row)
            rows.append(row)
            self.folder.write_history(rows)
            self.reporter.say(_told(row, rows[0]["cost"]))
        self.folder.write_history(rows)
        return network, rows

    def _step(self, network: Network, rows: list[Row]) -> tuple[Network, Row]:
        """The best proposal of a step, and its row."""
        number, begun = len(rows), time.perf_counter()
        proposals = self._proposals(network, number, rows)
        done = self.folder.proposals(number)
        best = max(done.values(), default=None, key=_worth)
        for proposal in proposals:
            name = proposal.width.name
            if name in done:
                continue
            tuned, judgement = self.short_term.tuned(
                written_out(proposal.graph, proposal.weights, network.spec), number
            )
            row = self._row(number, tuned, judgement) | {
                "width": name,
                "layers": len(proposal.width.layers),
                "before": proposal.width.filters,
                "after": proposal.keep,
                "proposals": len(proposals),
            }
            better = best is None or _worth(row) > _worth(best)
            self.folder.write_proposal(number, row, tuned if better else None)
            best = row if better else best
        assert best is not None
        return self.folder.read_proposal(number, best["width"]), best | {
            "seconds": round(time.perf_counter() - begun, 1)
        }

    def _proposals(self, network: Network, number: int, rows: list[Row]) -> list[Proposal]:
        """The proposals of a step; where no width alone can make the reduction, half of it is tried."""
        start, now = rows[0]["cost"], rows[-1]["cost"]
        reduction = now - self.steps.limit(number, start, now)
        while reduction > start / 1000:
            found = propose(network.graph, network.weights, self.cost, now - reduction, self.settings.multiple)
            if found:
                return found
            reduction /= 2
        raise FactoryError(
            f"the network cannot be made smaller: it costs {shown(now)} {self.settings.resource} after {number - 1} "
            "steps, and no width alone can give more; choose a greater target"
        )

    def _row(self, number: int, network: Network, judgement: Judgement) -> Row:
        totals = network.graph.cost.totals
        return {
            "step": number,
            "cost": self.cost(network.graph),
            "macs": totals.macs,
            "params": totals.params,
            "score": judgement.score,
            **{f"val_{name}": value for name, value in judgement.measures.items()},
        }

    def trained(self, network: Network, rows: list[Row], labels: list[str] | None, data: Any) -> dict[str, Any]:
        """Trains the last network with the recipe, and files what came of all."""
        write_whole(self.folder / SPEC, network.text)
        if not (self.folder / PRUNED).exists():
            save_network(network, self.folder / PRUNED, labels)
        start = Start(weights=str((self.folder / PRUNED).resolve()))
        done = fit_spec(
            network.spec,
            data,
            long_recipe(self.recipe, start),
            self.folder / TRAINED,
            self.machine,
            False,
            [],
            self.reporter,
        )
        result = {
            "resource": self.settings.resource,
            "target": self.steps.target,
            **{f"start_{name}": rows[0][name] for name in ("cost", "macs", "params")},
            **{name: rows[-1][name] for name in ("cost", "macs", "params")},
            "steps": len(rows) - 1,
            "trained": done.result,
        }
        write_whole(self.folder / RESULT, json.dumps(result, indent=2) + "\n")
        return result


def _worth(row: Row) -> tuple[float, float]:
    """By what proposals are compared: the measure of the task, then the loss."""
    score, loss = row["score"], row["val_loss"]
    return (-math.inf, -math.inf) if math.isnan(score) or math.isnan(loss) else (score, -loss)


def _told(row: Row, start: float) -> str:
    measures = "  ".join(f"{name} {value:.4f}" for name, value in row.items() if name.startswith("val_"))
    layers = f" in {row['layers']} layers" if row["layers"] > 1 else ""
    return (
        f"step {row['step']}: {row['width']} {row['before']} -> {row['after']} filters{layers}, the best of "
        f"{row['proposals']}  {row['cost'] / start:.1%} left  {measures}"
    )


def long_recipe(recipe: Recipe, start: Start) -> Recipe:
    """The recipe from these weights on, without what belongs to a network that begins, or to stages of other names."""
    changes: dict[str, Any] = {"start": start, "pretrain": None, "freeze_path": None, "freeze": (), "phases": ()}
    return recipe.model_copy(update=changes | {"multi_scale": (), "spec": {}})

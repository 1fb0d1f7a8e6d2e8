"""How a run looks on the command line: a live line an epoch on a terminal, a plain one in a pipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from factory.cli.live import LiveLine

_LEFT_OUT = ("epoch", "step", "learning_rate", "seconds", "images_per_second")


class TrainingReporter(LiveLine):
    """Tells of a run on the terminal, or in a pipe: a line for what is worth knowing and one for each epoch."""

    def step(
        self, epoch: int, epochs: int, step: int, steps: int, images_per_second: float, seconds_left: float
    ) -> None:
        share = step / steps
        bar = "━" * round(24 * share) + "╺" + " " * (24 - round(24 * share))
        self.show(
            f"epoch {epoch:>{len(str(epochs))}}/{epochs}  {bar[:24]}  {share:4.0%}  "
            f"{images_per_second:,.0f} images/s  {duration(seconds_left)} left"
        )

    def epoch(self, row: dict[str, Any], epochs: int) -> None:
        measures = "  ".join(f"{name} {value:.4f}" for name, value in row.items() if name not in _LEFT_OUT)
        self.say(
            f"epoch {row['epoch']:>{len(str(epochs))}}/{epochs}  {measures}  "
            f"{row['images_per_second']:,.0f} images/s  {duration(row['seconds'])}"
        )


def print_result(folder: Path, result: dict[str, Any]) -> None:
    """What a run came to: its measures on each part, and where its files are."""
    from factory.cli.output import count, human, print_facts

    parts = [
        (part, "  ".join(f"{name} {value:.4f}" for name, value in result[part].items()))
        for part in ("train", "validation", "test")
        if result[part]
    ]
    print_facts(
        [
            *parts,
            ("best epoch", f"{result['best_epoch']} of {result['epochs']}"),
            ("time", f"{duration(result['seconds'])}, {result['images_per_second']:,.0f} images/s"),
            ("network", f"{count(result['params'])} parameters, {human(result['macs'])} MACs"),
            ("files", f"{folder}/"),
        ]
    )


def duration(seconds: float) -> str:
    """75 -> 1:15, 4000 -> 1:06:40."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"

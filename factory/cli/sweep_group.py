"""How `factory sweep FILE` and `factory sweep status DIR` live side by side: what is no command is a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typer.core import TyperCommand, TyperGroup

from factory.errors import FactoryError, did_you_mean

RUN = "run"
"""The command behind `factory sweep FILE`. Its name is never read from the command line: run is a file there, too."""
USAGE = "FILE [OPTIONS]"


class RunCommand(TyperCommand):
    """The command that has no name."""

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        formatter.write_usage(ctx.parent.command_path, USAGE)


class FileOrCommand(TyperGroup):
    """A group whose first word is one of its commands, or else the file, or an option, of RUN."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if ctx.resilient_parsing:  # the shell completes words, which need not make sense yet
            return super().parse_args(ctx, [RUN, *args] if args and args[0] not in self.named else args)
        if args and args[0] not in (*self.named, *ctx.help_option_names):
            self._check_file(args)
            args = [RUN, *args]
        elif len(args) == 1 and args[0] in self.named and Path(args[0]).is_file():
            raise FactoryError(
                f"'{args[0]}' is a command here, and needs DIR; the file of this name: {ctx.command_path} ./{args[0]}"
            )
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Commands, and what the file of RUN can be."""
        file = self.commands[RUN].params[0]
        return [*super().shell_complete(ctx, incomplete), *file.shell_complete(ctx, incomplete)]

    @property
    def named(self) -> list[str]:
        """The commands that have a name."""
        return [name for name in self.commands if name != RUN]

    def _check_file(self, args: list[str]) -> None:
        """Two words without an option before them are a command and its DIR, and the command is misspelt."""
        words = args[:2]
        if len(words) < 2 or any(word.startswith("-") for word in words) or Path(words[0]).exists():
            return
        if "mean" in (hint := did_you_mean(words[0], self.named, many=0)):
            raise FactoryError(f"'{words[0]}' is neither a command of sweep nor a file; {hint}")

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        formatter.write_usage(ctx.command_path, USAGE)
        for name in self.named:
            formatter.write_usage(ctx.command_path, f"{name} DIR", prefix="       ")

    def format_options(self, ctx: Any, formatter: Any) -> None:
        self.commands[RUN].format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

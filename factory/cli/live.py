"""Long work on the command line: lines that stay, and on a terminal one below them that changes."""

from __future__ import annotations

import sys
from typing import Any, Self


class LiveLine:
    """Lines of progress; in a pipe there is no live one."""

    def __init__(self) -> None:
        self.live: Any = None
        if sys.stdout.isatty():
            from rich.live import Live

            self.live = Live(refresh_per_second=8, transient=True)

    def __enter__(self) -> Self:
        if self.live:
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.live:
            self.live.stop()

    def say(self, line: str) -> None:
        """Prints a line that stays."""
        if self.live:
            from rich.text import Text

            self.live.console.print(Text(line))
        else:
            print(line, flush=True)

    def show(self, line: str) -> None:
        """Puts a line, cut at the width of the terminal, in the place of the live one."""
        if self.live:
            from rich.text import Text

            self.live.update(Text(line, no_wrap=True, overflow="ellipsis"))

"""Messages of trials: received in the event loop of the actor, read in the thread of its driver."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Awaitable, Iterator, Mapping
from typing import Any, Generic, TypeVar

GO, STOP, END = "go", "stop", "end"
"""Answers to a trial: go on; stop after this epoch; somebody else has it, or nobody, and nothing you say counts."""

Message = dict[str, Any]
W = TypeVar("W")


class Mail(Generic[W]):
    """Every attempt at a trial has a ticket; messages under one that is not open any more are not heard.

    Methods without `async` are the driver's.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop):
        self.loop = loop
        self.open: dict[str, W] = {}
        """Whom an attempt belongs to, by its ticket."""
        self.under_way: set[str] = set()
        """Tickets of attempts that have not ended, as far as is known."""
        self._inbox: queue.SimpleQueue[tuple[str, Message | Exception]] = queue.SimpleQueue()
        self._verdicts: dict[str, asyncio.Future[str]] = {}

    def expect(self, ticket: str, worker: W) -> None:
        """Opens a ticket, before its attempt begins."""
        self.open[ticket] = worker
        self.under_way.add(ticket)

    def watch(self, ticket: str, end: Awaitable[Any]) -> None:
        """Has the death of an attempt told; `end` raises where it dies."""
        asyncio.run_coroutine_threadsafe(self._watch(ticket, end), self.loop)

    def answer(self, ticket: str, verdict: str) -> None:
        """To the epoch that waits for it."""
        self.loop.call_soon_threadsafe(self._answer, ticket, verdict)

    def close(self, ticket: str) -> None:
        """What comes under this ticket from now on is answered with END."""
        self.open.pop(ticket, None)
        self.answer(ticket, END)

    def collect(self, seconds: float) -> Iterator[tuple[W, Message | Exception]]:
        """What has come, waited for so long at most: messages, and what an attempt has died of."""
        try:
            found = [self._inbox.get(timeout=seconds)]
        except queue.Empty:
            return
        found += [self._inbox.get() for _ in range(self._inbox.qsize())]
        for ticket, message in found:
            if ticket in self.open:
                yield self.open[ticket], message

    # ---- in the event loop

    async def tell(self, ticket: str, message: Mapping[str, Any], waits: bool) -> str:
        """Takes a message; GO, STOP or END. waits: for a verdict of the driver's."""
        if ticket not in self.open:
            return END
        verdict = self._verdicts[ticket] = self.loop.create_future() if waits else _done(self.loop)
        self._inbox.put((ticket, dict(message)))
        return await verdict

    async def _watch(self, ticket: str, end: Awaitable[Any]) -> None:
        try:
            await end
        except Exception as error:
            self._inbox.put((ticket, error))
        finally:
            self.under_way.discard(ticket)

    def _answer(self, ticket: str, verdict: str) -> None:
        waiting = self._verdicts.pop(ticket, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(verdict)


def _done(loop: asyncio.AbstractEventLoop) -> asyncio.Future[str]:
    future: asyncio.Future[str] = loop.create_future()
    future.set_result(GO)
    return future

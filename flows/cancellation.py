"""Lets whoever runs a beat in this process end it: the step that runs is ended, and no other begins."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import anyio


class Cancellation:
    """May be asked for once, from any thread; it is heeded in the event loop that runs the flows."""

    def __init__(self) -> None:
        self.reason = ""
        """Why it was asked for; empty while it was not."""
        self._scope: anyio.CancelScope | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def ask(self, reason: str) -> None:
        """Ask for it: what heeds it now is cancelled, and what will heed it later as well."""
        self.reason = self.reason or reason
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._cancel)

    @contextmanager
    def heeded(self) -> Iterator[anyio.CancelScope]:
        """Cancel the block when it is asked for; afterwards, the scope tells whether that was done."""
        self._loop = asyncio.get_running_loop()
        with anyio.CancelScope() as scope:
            outer, self._scope = self._scope, scope
            if self.reason:
                scope.cancel()
            try:
                yield scope
            finally:
                self._scope = outer

    def _cancel(self) -> None:
        if self._scope:
            self._scope.cancel()


cancellation: ContextVar[Cancellation] = ContextVar("cancellation")


def current() -> Cancellation:
    """Return the cancellation of the beat that runs here; one that nobody asks for, unless it was set."""
    return cancellation.get(None) or Cancellation()

"""Lets whoever runs a beat in this process end it: the step that runs is ended, and no other begins.

A group in a beat has a run of its own, which people see and may cancel. Then only that group ends, and the
beat goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

import anyio


class Cancellation:
    """May be asked for once, from any thread; it is heeded in the event loop that runs the flows."""

    def __init__(self) -> None:
        self.reason = ""
        """Why it was asked for; empty while it was not."""
        self.group: GroupCancellation | None = None
        """That of the group which runs in this beat."""
        self._scope: anyio.CancelScope | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def ask(self, reason: str) -> None:
        """Ask for it: what heeds it now is cancelled, and what will heed it later as well."""
        self.reason = self.reason or reason
        if group := self.group:
            group.ask(reason)
        if self._loop and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._cancel)

    @contextmanager
    def heeded(self) -> Iterator[anyio.CancelScope]:
        """Cancel the block when it is asked for; afterwards, the scope shows whether that was done."""
        self._loop = asyncio.get_running_loop()
        with anyio.CancelScope() as scope:
            outer, self._scope = self._scope, scope
            if self.reason:
                scope.cancel()
            try:
                yield scope
            finally:
                self._scope = outer

    @contextmanager
    def of_group(self, run_id: UUID) -> Iterator[GroupCancellation]:
        """Let the group that runs in the block, as the flow run `run_id`, be ended alone."""
        group = self.group = GroupCancellation(run_id)
        if self.reason:
            group.ask(self.reason)
        token = cancellation.set(group)
        try:
            yield group
        finally:
            cancellation.reset(token)
            self.group = None

    def _cancel(self) -> None:
        if self._scope:
            self._scope.cancel()


class GroupCancellation(Cancellation):
    """The same for one group of a beat."""

    def __init__(self, run_id: UUID) -> None:
        super().__init__()
        self.run_id = run_id


cancellation: ContextVar[Cancellation] = ContextVar("cancellation")


def current() -> Cancellation:
    """Return the cancellation of the beat that runs here; one that nobody asks for, unless it was set."""
    return cancellation.get(None) or Cancellation()

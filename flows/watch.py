"""Lets whoever runs a beat in this process follow its steps: a progress bar, or who looks after it."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Protocol

from tasks.outcome import StepResult
from tasks.settings.steps import StepSettings


class Watcher(Protocol):
    """Is notified of a beat's progress."""

    def lock_awaited(self) -> None:
        """Nothing will happen until another beat or group on this machine has ended."""
        ...

    def group_begins(self, group: str, steps: Sequence[str]) -> None:
        """A group is about to run these steps."""
        ...

    def step_begins(self, group: str, step: StepSettings) -> None:
        """A step is about to run."""
        ...

    def step_ended(self, group: str, result: StepResult) -> None:
        """A step has ended, or was left out."""
        ...


class Unwatched:
    """Nobody follows."""

    def lock_awaited(self) -> None:
        """Do nothing."""

    def group_begins(self, group: str, steps: Sequence[str]) -> None:
        """Do nothing."""

    def step_begins(self, group: str, step: StepSettings) -> None:
        """Do nothing."""

    def step_ended(self, group: str, result: StepResult) -> None:
        """Do nothing."""


watcher: ContextVar[Watcher] = ContextVar("watcher", default=Unwatched())  # noqa: B039 - has no state

"""A progress bar of a beat's steps, on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Column

from tasks.outcome import StepResult
from tasks.settings.steps import StepSettings


class ProgressDisplay:
    """Shows how many of the due groups' steps are done, and which runs now (a `flows.watch.Watcher`)."""

    def __init__(self) -> None:
        columns = (
            TextColumn(
                "{task.description}",
                markup=False,
                table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
            ),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._bar = Bar(*columns, console=Console(stderr=True), transient=True, expand=True)
        self._task = self._bar.add_task("deciding", total=None)
        self._steps = 0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def lock_awaited(self) -> None:
        """Show nothing new: a beat waits for moments only."""

    def group_begins(self, group: str, steps: Sequence[str]) -> None:
        """Make room for the group's steps."""
        self._steps += len(steps)
        self._bar.update(self._task, total=self._steps)

    def step_begins(self, group: str, step: StepSettings) -> None:
        """Show the step's name."""
        self._bar.update(self._task, description=f"{group} / {step.name}")

    def step_ended(self, group: str, result: StepResult) -> None:
        """Advance."""
        self._bar.advance(self._task)

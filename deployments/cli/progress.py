"""A progress bar of a run's steps, on a terminal, with the time left if they have run before."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.progress import Progress as Bar
from rich.progress import ProgressColumn, Task, TextColumn, TimeElapsedColumn
from rich.progress_bar import ProgressBar
from rich.table import Column
from rich.text import Text

from deployments.cli import console
from flows import clock, expectations
from tasks.builtin.analysis.expected import Expected
from tasks.duration_text import about
from tasks.outcome import StepResult
from tasks.settings.rhythm_toml import Settings
from tasks.settings.steps import StepSettings
from tasks.store.fault import StoreError

#: How long each step (group, step) is expected to take.
Needs = Mapping[tuple[str, str], Expected]


@dataclass(slots=True)
class Course:
    """How far steps have come. `needs` has what each usually takes, in seconds; None: it never completed."""

    needs: list[float | None] = field(default_factory=list)
    ended: int = 0
    """How many steps have ended."""

    def done(self, elapsed: float) -> float:
        """Return which part is done, from 0 to 1, `elapsed` seconds into the step that runs.

        A step that never ran counts as much as the others do on average, and not before its end; none counts
        as done before that.
        """
        if not self.needs:
            return 0.0
        known = [need for need in self.needs if need is not None]
        average = sum(known) / len(known) if known else 1.0
        weights = [max(average if need is None else need, 1e-3) for need in self.needs]
        current = 0.0
        if self.ended < len(weights) and self.needs[self.ended] is not None:
            current = min(max(elapsed, 0.0), weights[self.ended])
        return (sum(weights[: self.ended]) + current) / sum(weights)

    def left(self, elapsed: float) -> str:
        """Return how long it still takes, for people; "" if a step that is left never ran."""
        needs = self.needs[self.ended :]
        if not needs:
            return ""
        if needs[0] is not None and elapsed > needs[0]:
            return "longer than usual"
        known = [need for need in needs if need is not None]
        if len(known) < len(needs):
            return ""
        seconds = max(1, math.ceil(sum(known) - elapsed))  # no tenths, which would only flicker
        return f"{seconds} s left" if seconds < 60 else f"{about(seconds)} left"


def needs_of_steps(settings: Settings) -> Needs:
    """Return what the store has of it; if that cannot be read, that is a warning, and nothing is known."""
    try:
        return expectations.of_steps(settings, clock.now())
    except StoreError as error:
        console.warning(f"how long steps take is not known: {error}")
        return {}


class ProgressDisplay:
    """Shows how many of the due groups' steps are done, and which runs now (a `flows.watch.Watcher`).

    The time left is that of the group that runs: which others a beat will run is not known before that.
    Until a group begins, it shows what is being done instead, `before`.
    """

    def __init__(
        self,
        needs: Needs,
        before: str = "deciding",
        *,
        now: Callable[[], float] = monotonic,
        screen: Console | None = None,
    ) -> None:
        columns = (
            TextColumn(
                "{task.description}",
                markup=False,
                table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
            ),
            _Done(self._done),
            TextColumn("{task.fields[count]}", markup=False),
            TimeElapsedColumn(),
            _Left(self._left),
        )
        self._needs, self._now = needs, now
        screen = screen or Console(stderr=True)
        self._bar = Bar(*columns, console=screen, transient=True, expand=True)
        self._task = self._bar.add_task(before, total=None, count="")
        self._all, self._group = Course(), Course()
        self._began: float | None = None
        self._reached = ""

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def __rich__(self) -> RenderableType:
        """The line as it is now."""
        return self._bar

    def lock_awaited(self) -> None:
        """Show nothing new: a beat waits for seconds only."""

    def group_begins(self, group: str, steps: Sequence[str]) -> None:
        """Make room for the group's steps."""
        needs = [self._usual(group, step) for step in steps]
        self._group = Course(needs)
        self._all = Course([*self._all.needs, *needs], self._all.ended)
        self._show()

    def step_begins(self, group: str, step: StepSettings) -> None:
        """Show the step's name."""
        self._began = self._now()
        self._bar.update(self._task, description=f"{group} / {step.name}")

    def step_ended(self, group: str, result: StepResult) -> None:
        """Advance."""
        self._began = None
        self._group.ended += 1
        self._all.ended += 1
        self._show()

    def reached(self, group: str, step: str, steps: Sequence[str]) -> None:
        """Show that a step of a group's run is the last one that has begun: for who sees no more of it."""
        if step == self._reached or step not in steps:
            return
        if not self._reached:
            self.group_begins(group, steps)
        self._reached, self._began = step, self._now()
        self._group.ended = self._all.ended = steps.index(step)
        self._bar.update(self._task, description=f"{group} / {step}")
        self._show()

    def _usual(self, group: str, step: str) -> float | None:
        needs = self._needs.get((group, step))
        return needs.seconds if needs else None

    def _show(self) -> None:
        count = f"{self._all.ended}/{len(self._all.needs)}"
        self._bar.update(self._task, total=1.0, count=count)

    def _done(self) -> float | None:
        return self._all.done(self._elapsed()) if self._all.needs else None

    def _left(self) -> str:
        return self._group.left(self._elapsed()) if self._began is not None else ""

    def _elapsed(self) -> float:
        return 0.0 if self._began is None else self._now() - self._began


class _Done(ProgressColumn):
    """A bar of what is done, as a function returns it whenever it is drawn; None: that is not known yet."""

    def __init__(self, done: Callable[[], float | None]) -> None:
        super().__init__()
        self._of = done

    def render(self, task: Task) -> ProgressBar:
        """Return it."""
        done = self._of()
        return ProgressBar(1.0, done or 0.0, width=14, pulse=done is None, animation_time=task.get_time())


class _Left(ProgressColumn):
    """The time left, as a function returns it; as wide as the longest, so that nothing beside it moves."""

    def __init__(self, left: Callable[[], str]) -> None:
        super().__init__(Column(no_wrap=True, min_width=len("longer than usual")))
        self._of = left

    def render(self, task: Task) -> Text:
        """Return it."""
        return Text(self._of())

"""The picture that `rhythm up` keeps on a terminal: as much of how things stand as there are lines for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.text import Text

from deployments.cli.tables import Table
from deployments.overview import GroupStatus, Overview
from flows.decisions.choice import Decision
from tasks.redaction.visible import visible

# How a number of groups is summed up.
_SUMMED_UP = {
    Decision.RUN: "due",
    Decision.NOT_DUE: "not due",
    Decision.WAITS: "waiting",
    Decision.DEFERRED: "deferred",
    Decision.PAUSED: "paused",
    Decision.BUSY: "busy",
}
_WITH_REASON = tuple(decision for decision in Decision if decision is not Decision.NOT_DUE)
#: Lines about what went wrong.
_FAULTS = 3
_LAST = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Screen:
    """How things stand, which rich prints in the terminal's width and height, whatever they are by then.

    Where lines are short, reasons are cut first, and then left out; then groups are summed up in one line.
    What a person must find stays: where the UI is, and what runs, fails or waits.
    """

    state: Overview

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Any]:
        """Yield the table, and what stands below it."""

        def height(*parts: RenderableType) -> int:
            return sum(len(console.render_lines(part, options, pad=False)) for part in parts)

        foot = self._foot()
        room = options.size.height - 1 - height(*foot)  # the last line is the cursor's
        tables = [
            self.state.table(),
            self.state.table(cut=True),
            self.state.table(_WITH_REASON, cut=True),
            self.state.table((), cut=True),
        ]
        heights = [height(table) for table in tables]
        fitting = next((table for table, lines in zip(tables, heights, strict=True) if lines <= room), None)
        if fitting is None:
            shortest = tables[heights.index(min(heights))]
            head = min(heights) - len(self.state.groups)
            yield from self._part_of(shortest, room - head)
        else:
            yield fitting
        yield from foot

    def _part_of(self, table: Table, room: int) -> Iterator[RenderableType]:
        """Yield a table of so many lines, of which one sums up the groups that are left out."""
        groups = self.state.groups
        kept = set(chosen(groups, max(1, room - 1)))
        yield replace(table, rows=[row for number, row in enumerate(table.rows) if number in kept])
        yield summary([group for number, group in enumerate(groups) if number not in kept])

    def _foot(self) -> list[Text]:
        ui = self.state.address.ui if self.state.address else "–"
        worker = "running" if self.state.worker_is_live else "is not there yet"
        faults = [_line(visible(fault)) for fault in self.state.faults]
        if len(faults) > _FAULTS:
            faults[_FAULTS - 1 :] = [_line(f"… and {len(faults) - _FAULTS + 1} more")]
        diagnosis = [Text(visible(str(self.state.diagnosis)), style="yellow")] if self.state.diagnosis else []
        return [*faults, *diagnosis, Text(f"UI {ui}   worker {worker}   Ctrl-C ends it all", style="dim")]


def chosen(groups: Sequence[GroupStatus], most: int) -> list[int]:
    """Return the numbers of so many groups: of the last one, and of those a person should see first. Pure."""

    def urgency(number: int) -> tuple[bool, bool, bool, datetime]:
        group = groups[number]
        failed = group.last is not None and group.last.outcome is not None and group.last.outcome.is_failure
        return not group.is_running, not failed, not group.is_due, group.next_due or _LAST

    last = len(groups) - 1
    return sorted([last, *sorted(range(last), key=urgency)[: most - 1]])


def summary(groups: Sequence[GroupStatus]) -> Text:
    """Return groups in one line."""
    counts = Counter(group.choice.decision for group in groups)
    parts = ", ".join(
        f"{counts[decision]} {word}" for decision, word in _SUMMED_UP.items() if counts[decision]
    )
    return _line(f"… and {len(groups)} more: {parts}. `rhythm status` has all.")


def _line(text: str) -> Text:
    return Text(text, no_wrap=True, overflow="ellipsis")

"""What `rhythm up` shows: a live table on a terminal, a line for each piece of news elsewhere."""

from __future__ import annotations

import asyncio
import os
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console, ConsoleDimensions
from rich.live import Live
from rich.text import Text

from deployments.cli import console
from deployments.daemon.screen import Screen
from deployments.overview import GroupStatus, Overview
from deployments.service import journal
from flows.decisions.holds import Pause
from tasks.redaction.visible import visible

#: Seconds between two looks for the terminal's size: at once, for a person. Windows has no signal for it, and
#: elsewhere it reaches only the processes in the terminal's foreground.
_LOOK = 0.2
#: News that are shown again when the terminal gets another size.
_NEWS = 50


@contextmanager
def _nobody_may_listen() -> Iterator[None]:
    """Whoever reads this may have been killed: that is no reason not to end in order."""
    try:
        yield
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Display:
    """Shows the status, and prints news."""

    def __init__(self) -> None:
        self._console = Console()
        self._live: Live | None = None
        self._drawn_in: ConsoleDimensions | None = None
        self._screen: Screen | None = None
        self._news: deque[str] = deque(maxlen=_NEWS)
        self._known: dict[str, datetime] = {}
        self._late: dict[str, datetime] = {}
        self._paused: dict[str, Pause] = {}

    def say(self, news: str, level: int = journal.INFO) -> None:
        """Print a piece of news; on a terminal it scrolls by above the table. `level` is the journal's."""
        self._news.append(visible(news))
        with _nobody_may_listen():
            if self._live:
                self._print(self._news[-1])
            else:
                console.say(news, level)

    def show(self, state: Overview) -> None:
        """Show how things stand now."""
        for group in state.groups:
            self._report_late(group)
        with _nobody_may_listen():
            if sys.stdout.isatty():
                self._screen = Screen(state)
                self._redraw()
            else:
                for group in state.groups:
                    self._report(group, state)
                    self._report_pause(group.name, state)

    def close(self) -> None:
        """Leave the last table standing."""
        if self._live:
            self._live.stop()
            self._live = None

    async def follow_size(self) -> None:
        """Draw all of it anew whenever the terminal has got another size."""
        while True:
            await asyncio.sleep(_LOOK)
            if self._live and self._console.size != self._drawn_in:
                with _nobody_may_listen():
                    self._draw_anew()

    def _redraw(self) -> None:
        if self._screen is None:
            return
        if self._live is None:
            self._drawn_in = self._console.size
            self._live = Live(self._screen, console=self._console, auto_refresh=False)
            self._live.start()
        self._live.update(self._screen, refresh=True)

    def _draw_anew(self) -> None:
        """Draw on an empty terminal: where its lines have become shorter, it has broken those of before."""
        self.close()
        self._console.clear()
        lines = [line for news in self._news for line in self._console.render_lines(Text(news), pad=False)]
        picture = self._console.render_lines(self._screen or "", pad=False)
        room = self._console.height - 1 - len(picture)
        for line in lines[-room:] if room > 0 else []:
            self._print("".join(segment.text for segment in line))
        self._redraw()

    def _print(self, news: str) -> None:
        self._console.print(news, highlight=False, markup=False, emoji=False)

    def _report_late(self, group: GroupStatus) -> None:
        """Report once of each run that it takes longer than nine of ten of its group's."""
        if group.is_late and group.last and self._late.get(group.name) != group.last.started:
            self._late[group.name] = group.last.started
            self.say(f"{group.name} is late: {group.choice.reason}")

    def _report_pause(self, name: str, state: Overview) -> None:
        """Report once that a group was paused by itself, and that it is not any more."""
        pause = state.holds.groups.get(name)
        if pause and not pause.is_over(state.at):
            if self._paused.get(name) != pause:
                console.say(f"{name} is paused {pause.describe(state.at, state.zone)}")
            self._paused[name] = pause
        elif self._paused.pop(name, None):
            console.say(f"{name} is not paused any more")

    def _report(self, group: GroupStatus, state: Overview) -> None:
        """Report a group's run once, when it has ended."""
        last = group.last
        if last is None or last.ended is None or self._known.get(group.name) == last.started:
            return
        self._known[group.name] = last.started
        at = console.clock(last.started, state.zone, state.at)
        due = "due now" if group.is_due else f"next due {console.clock(group.next_due, state.zone, state.at)}"
        failed = last.outcome is not None and last.outcome.is_failure
        level = journal.WARNING if failed or last.fault else journal.INFO
        why = f" ({last.fault})" if last.fault else ""
        console.say(f"{at} {group.name} {last.label} in {console.seconds(last.seconds)}{why}; {due}", level)

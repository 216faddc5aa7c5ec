"""What `rhythm up` shows: a live table on a terminal, a line for each piece of news elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from deployments.cli import console
from deployments.overview import GroupStatus, Overview
from deployments.service import journal
from tasks.redaction.visible import visible


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
        self._known: dict[str, datetime] = {}

    def say(self, news: str, level: int = journal.INFO) -> None:
        """Print a piece of news; on a terminal it scrolls by above the table. `level` is the journal's."""
        with _nobody_may_listen():
            if self._live:
                self._live.console.print(visible(news), highlight=False, markup=False, emoji=False)
            else:
                console.say(news, level)

    def show(self, state: Overview) -> None:
        """Show how things stand now."""
        with _nobody_may_listen():
            if sys.stdout.isatty():
                self._redraw(state)
            else:
                for group in state.groups:
                    self._report(group, state)

    def close(self) -> None:
        """Leave the last table standing."""
        if self._live:
            self._live.stop()
            self._live = None

    def _redraw(self, state: Overview) -> None:
        ui = state.address.ui if state.address else "–"
        worker = "running" if state.worker_is_live else "is not there yet"
        foot = Text(f"UI {ui}   worker {worker}   Ctrl-C ends it all", style="dim")
        faults = [Text(visible(fault)) for fault in state.faults]
        diagnosis = [Text(visible(str(state.diagnosis)), style="yellow")] if state.diagnosis else []
        picture = Group(state.table(), *faults, *diagnosis, foot)
        if self._live is None:
            self._live = Live(picture, console=self._console, auto_refresh=False)
            self._live.start()
        self._live.update(picture, refresh=True)

    def _report(self, group: GroupStatus, state: Overview) -> None:
        """Report a group's run once, when it has ended."""
        last = group.last
        if last is None or last.ended is None or self._known.get(group.name) == last.started:
            return
        self._known[group.name] = last.started
        at = console.clock(last.started, state.zone, state.at)
        due = console.clock(group.next_due(state.at), state.zone, state.at)
        failed = last.outcome is not None and last.outcome.is_failure
        level = journal.WARNING if failed or last.fault else journal.INFO
        why = f" ({last.fault})" if last.fault else ""
        news = f"{at} {group.name} {last.label} in {console.seconds(last.seconds)}{why}; next due {due}"
        console.say(news, level)

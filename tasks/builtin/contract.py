"""What a built-in step is, and what it is given: everything it may not reach for itself."""

from __future__ import annotations

import argparse
import importlib
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, NoReturn, Protocol, cast

from tasks import extras
from tasks.builtin import EXTRAS
from tasks.outcome import StepFailedError, StepSkippedError
from tasks.settings.rhythm_toml import Settings
from tasks.store.measurements import GroupEvent, StepUsage

#: Given a time, returns what happened to the groups since, oldest first.
#: Raises ConnectionError when the memory of past beats cannot be reached.
Events = Callable[[datetime], Sequence[GroupEvent]]


def no_events(since: datetime) -> Sequence[GroupEvent]:
    """The memory of a step that is run without a Prefect server."""
    raise ConnectionError("no Prefect server was asked for past beats")


@dataclass(frozen=True, slots=True)
class Report:
    """Markdown that a step leaves in Prefect's UI beside its log.

    Without a `key` it is a section of its group's own report. With one (small letters, digits, dashes)
    it is an artifact by itself, whose page keeps every version; with a `link` as well, that is a link
    to it, and `text` describes what is there. `summary` is an artifact's one line on the page of them all.
    """

    text: str
    key: str = ""
    link: str = ""
    summary: str = ""


#: Takes a report.
Publish = Callable[[Report], None]
#: Takes an event's name ("rhythm.latency.spike"), what it is about ("endpoint/local llm"), and more
#: (JSON values): for Prefect's event feed, on which its automations act.
Emit = Callable[[str, str, Mapping[str, Any]], None]


#: Takes what an attempt at a step cost.
Spent = Callable[[StepUsage], None]


def discard_usage(usage: StepUsage) -> None:
    """Discard a step's cost: no group ran it."""


def discard_report(report: Report) -> None:
    """Discard a report: without a Prefect server, a step has its log and files."""


def discard_event(name: str, about: str, payload: Mapping[str, Any]) -> None:
    """Discard an event: there is no Prefect server."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a step is given: settings, a log, a clock (aware, in the settings' zone), and past beats.

    `group` is the group that runs it, empty if none does. The rest takes reports for Prefect's UI,
    events for its feed, and what the step cost.
    """

    settings: Settings
    log: logging.Logger | logging.LoggerAdapter[logging.Logger]
    now: Callable[[], datetime]
    events: Events = no_events
    publish: Publish = discard_report
    emit: Emit = discard_event
    group: str = ""
    spent: Spent = discard_usage


class BuiltIn(Protocol):
    """A module of this package."""

    def main(self, argv: Sequence[str], context: Context) -> str:
        """Do the step's work, log through `context.log`, and return one line that sums it up.

        Raises:
            StepFailedError: what it found should fail the step; the message is for the user.
        """
        ...


def built_in(name: str) -> BuiltIn:
    """Return the built-in step `name` (one of `tasks.builtin.NAMES`), imported only now.

    Raises:
        StepSkippedError: it needs an extra that is not installed.
    """
    if (extra := EXTRAS.get(name)) and (absent := extras.absent(extra)):
        raise StepSkippedError(f"{', '.join(absent)} not installed. {extras.remedy(extra)}")
    return cast("BuiltIn", importlib.import_module(f"tasks.builtin.{name}"))


class HelpShown(StepFailedError):  # noqa: N818 - what happened, not a fault
    """The step was called with --help and did nothing else."""


class StepUsageError(StepFailedError):
    """The step's arguments cannot be used; the message says why, and how to call it."""


class Parser(argparse.ArgumentParser):
    """argparse that fails the step instead of ending the process."""

    def __init__(self, name: str, description: str | None) -> None:
        self._names: list[str] = []
        super().__init__(prog=name, description=description, allow_abbrev=False)

    def add_argument(self, *names: str, **options: Any) -> argparse.Action:
        """Add an argument, and keep its names, one of which a mistyped one may have been meant for."""
        self._names += names
        return super().add_argument(*names, **options)

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """End the step, not the process: argparse has printed the help."""
        raise HelpShown(f"{self.prog} was only asked for its help")

    def error(self, message: str) -> NoReturn:
        """Fail the step with argparse's message, what may have been meant, and the usage line."""
        unknown = next((word for word in message.split() if word.startswith("--")), "")
        close = get_close_matches(unknown, self._names, n=1) if "unrecognized" in message else []
        meant = f"; did you mean '{close[0]}'?" if close else ""
        raise StepUsageError(f"{message}{meant}; {' '.join(self.format_usage().split())}")


def whole(least: int, most: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from `least` to `most`."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return read


def positive(most: float) -> Callable[[str], float]:
    """Return a reader of numbers above 0, up to `most`."""

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not 0 < number <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0, up to {most:g}")
        return number

    return read

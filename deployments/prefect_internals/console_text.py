"""What is logged is text on a console as well: no emoji codes (`root:x:0` has one), no markup."""

from __future__ import annotations

import logging
from typing import Any

from prefect.logging.handlers import PrefectConsoleHandler

from deployments.prefect_internals.internal import Internal, must_take, must_use


def as_it_is() -> None:
    """From now on, let Prefect's console print what is logged as it is."""
    if CONSOLE_TEXT.is_used():
        handler: Any = PrefectConsoleHandler
        handler.emit = _emit


def _emit(self: Any, record: logging.LogRecord) -> None:
    try:
        self.console.print(self.format(record), soft_wrap=True, markup=False, emoji=False)
    except RecursionError:  # as in logging.StreamHandler
        raise
    except Exception:  # noqa: BLE001 - a handler reports it, and raises nothing
        self.handleError(record)


def _check() -> None:
    from rich.console import Console

    must_use(PrefectConsoleHandler.emit, "console", "print")
    must_take(Console.print, "soft_wrap", "markup", "emoji")


CONSOLE_TEXT = Internal(
    name="console text",
    purpose="A line of a script that holds an emoji code, as `root:x:0`, is shown as it was printed.",
    gain="what is read on a console is what was printed",
    without="Where flows log to a console, codes such as `:x:` are shown as emoji.",
    upstream="""\
PrefectHQ/prefect: PrefectConsoleHandler replaces emoji codes in log messages

`PrefectConsoleHandler` makes a `rich.console.Console(markup=PREFECT_LOGGING_MARKUP)`, whose `emoji` is on by
default: the line `root:x:0:0:root` of `getent passwd` is shown as `root❌0:0:root`. `emoji=markup_console`
would do.
""",
    check=_check,
)

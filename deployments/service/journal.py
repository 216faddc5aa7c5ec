"""Levels for lines that go to systemd's journal, written as in sd-daemon(3): `<4>` before a warning."""

from __future__ import annotations

import logging
import os
from typing import IO, Any

#: The levels of syslog(3) that are used here.
ERROR, WARNING, INFO, DEBUG = 3, 4, 6, 7


def is_journal(stream: IO[Any]) -> bool:
    """Whether a stream leads to the journal: JOURNAL_STREAM has its device and inode (systemd.exec(5))."""
    if not (named := os.environ.get("JOURNAL_STREAM")):
        return False
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):  # it is closed, or no file
        return False
    return named == f"{found.st_dev}:{found.st_ino}"


def marked(text: str, level: int) -> str:
    """Return a text with its level before each line."""
    return "\n".join(f"<{level}>{line}" for line in text.split("\n"))


def for_stream(text: str, level: int, stream: IO[Any]) -> str:
    """Return a text with its level, if the stream leads to the journal; else as it is."""
    return marked(text, level) if is_journal(stream) else text


class _Marked(logging.Formatter):
    """Puts the level before what another formatter returns."""

    def __init__(self, plain: logging.Formatter) -> None:
        super().__init__()
        self._plain = plain

    def format(self, record: logging.LogRecord) -> str:
        return marked(self._plain.format(record), _level(record.levelno))


def mark_logs() -> None:
    """Have each line that this process logs to the journal marked with its level, by the handlers it has."""
    loggers = (logging.getLogger(), *logging.Logger.manager.loggerDict.values())
    handlers = {each for logger in loggers if isinstance(logger, logging.Logger) for each in logger.handlers}
    for handler in handlers:
        stream = getattr(handler, "stream", None)  # a file's handler may have none yet
        if isinstance(handler, logging.StreamHandler) and stream and is_journal(stream):
            handler.setFormatter(_Marked(handler.formatter or logging.Formatter()))


def _level(number: int) -> int:
    """Given a level of Python's logging, return the journal's."""
    if number >= logging.ERROR:
        return ERROR
    if number >= logging.WARNING:
        return WARNING
    return INFO if number >= logging.INFO else DEBUG

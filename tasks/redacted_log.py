"""A log that secrets cannot reach."""

from __future__ import annotations

import logging
from typing import Any

from tasks.output import Redactor

AnyLog = logging.Logger | logging.LoggerAdapter[Any]


class RedactedLog(logging.LoggerAdapter[Any]):
    """Hands on every message with its arguments filled in and its secrets taken out."""

    def __init__(self, log: AnyLog, redact: Redactor) -> None:
        super().__init__(log, {})
        self._redact = redact

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Log `msg % args`, redacted."""
        if self.isEnabledFor(level):
            text = str(msg) % args if args else str(msg)
            self.logger.log(level, "%s", self._redact(text), **kwargs)

"""A log that neither secrets nor control characters reach."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

from tasks.redaction.redactor import Redactor
from tasks.redaction.visible import visible

AnyLog = logging.Logger | logging.LoggerAdapter[Any]


class RedactedLog(logging.LoggerAdapter[Any]):
    """Hands on every message with its arguments filled in and its secrets taken out, as visible text."""

    def __init__(self, log: AnyLog, redact: Redactor) -> None:
        super().__init__(log, {})
        self._redact = redact

    def log(self, level: int, msg: object, *args: object, exc_info: Any = None, **kwargs: Any) -> None:
        """Log `msg % args`, and the traceback if one is wanted, redacted."""
        if self.isEnabledFor(level):
            text = logging.LogRecord("", level, "", 0, msg, args, None).getMessage()
            self.logger.log(level, "%s", visible(self._redact(text + _traceback(exc_info))), **kwargs)


def _traceback(wanted: Any) -> str:
    """Return a traceback as text: that of the exception given, or with True of the present one."""
    error = wanted if isinstance(wanted, BaseException) else sys.exc_info()[1] if wanted else None
    return "\n" + "".join(traceback.format_exception(error)).rstrip() if error else ""

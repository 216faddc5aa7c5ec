"""`rhythm up` where nobody watches: `python -m deployments.service.background LOG [NAME=VALUE…]`.

What it prints goes to a log that is kept short. The variables are set first: Task Scheduler has no
place for them.
"""

from __future__ import annotations

import io
import logging
import os
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path

from tasks.files import private

_SIZE, _OLDER = 1_000_000, 3  # bytes of a log, and how many older ones are kept


class _PrivateLog(RotatingFileHandler):
    """A log that is kept short, and that nobody else reads."""

    def _open(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(private.open_file(Path(self.baseFilename), "ab"), encoding=self.encoding)


class LogStream(io.TextIOBase):
    """Takes what is printed, and logs it line by line with the time."""

    def __init__(self, path: Path) -> None:
        private.make_folder(path.parent)
        handler = _PrivateLog(path, maxBytes=_SIZE, backupCount=_OLDER, encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        self._log = logging.Logger("service")
        self._log.addHandler(handler)
        self._line = ""

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, text: str) -> int:
        """Log the lines that are whole by now."""
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            if line.strip():
                self._log.info("%s", line)
        return len(text)


def main(argv: list[str]) -> int:
    """Run it. Return its exit code."""
    log, *variables = argv
    os.environ |= dict(each.split("=", 1) for each in variables)
    # For good, and not for a block: an error that nobody expects is to be in the log as well.
    sys.stdout = sys.stderr = LogStream(Path(log))
    from deployments.cli import main

    return main.main(["up"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

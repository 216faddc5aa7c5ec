"""The errors of a PowerShell script as PowerShell itself recorded them: run.ps1 writes them down."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath
from tempfile import TemporaryDirectory

from tasks.interpreters.script_kind import ErrorRecord, Errors
from tasks.process.output import MAX_LINE
from tasks.redaction.redactor import Redactor

#: Where run.ps1 looks up the file. It takes the variable away before the script runs.
_VARIABLE = "RHYTHM_ERRORS"
#: Characters of the file that are read: run.ps1 writes twenty records at most, but of any size.
_MAX = 1_000_000
# ASCII's own separators. First what the exit code is from, then the records, newest first.
_RECORD, _FIELD, _FIELDS = "\x1e", "\x1f", 5
# "at Copy-All, C:\scripts\weekly.ps1: line 12"; the word for line is in Windows' language.
_FRAME = re.compile(r", (?P<script>[^\n]+): \D*(?P<line>\d+)\D*$", re.MULTILINE)


class ErrorFile:
    """The file in which a script's errors arrive, and the variable that names it to run.ps1."""

    def __init__(self, path: Path, script: Path) -> None:
        self._path = path
        self._script = script
        self.environment = {_VARIABLE: str(path)}

    def read(self, redact: Redactor) -> Errors:
        """Return the errors, without secrets; none if it had none, or was ended before they were written."""
        try:
            with self._path.open(encoding="utf-8", errors="replace") as file:
                text = file.read(_MAX)
        except FileNotFoundError:
            return Errors()
        if len(text) == _MAX:  # it may end within a secret, which then is not known as one
            text = text[: -redact.longest or None]
        cause, *records = text.split(_RECORD)
        found = [self._record(record.split(_FIELD), redact) for record in records]
        # PowerShell records an error again when it passes it on.
        return Errors(tuple(dict.fromkeys(record for record in found if record)), cause)

    def _record(self, fields: list[str], redact: Redactor) -> ErrorRecord | None:
        """Return a record; None for what is left of one that was cut."""
        if len(fields) < _FIELDS:
            return None
        script, line, message, detail, trace = map(redact, fields)
        if not script and (frame := _FRAME.search(trace)):
            script, line = frame["script"], frame["line"]
        place = f"{PureWindowsPath(script).name}:{line}" if script else self._script.name
        return ErrorRecord(place, message[:MAX_LINE], f"{detail}\n{trace}".strip()[:MAX_LINE])


@contextmanager
def error_file(script: Path) -> Iterator[ErrorFile]:
    """Yield a file for the errors of a script, in a private folder that is removed in the end."""
    with TemporaryDirectory(prefix="rhythm-", ignore_cleanup_errors=True) as folder:
        yield ErrorFile(Path(folder) / "errors", script)

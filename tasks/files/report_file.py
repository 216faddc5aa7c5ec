"""A report that a step leaves as a file; without it the step has failed."""

from __future__ import annotations

from pathlib import Path

from tasks.files import atomic_file
from tasks.outcome import StepFailedError


def write(path: Path, text: str) -> None:
    """Write `text` to `path`, replacing what is there at once.

    Raises:
        StepFailedError: it cannot be written; the message says what to do. What was there is untouched.
    """
    try:
        atomic_file.write_text(path, text)
    except OSError as error:
        raise StepFailedError(
            f"{path} cannot be written ({error.strerror}). Make its folder writable, or name another "
            "outputs_dir in rhythm.toml."
        ) from error

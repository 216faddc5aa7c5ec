"""Where the output of a step's runs is: outputs_dir/steps/GROUP/STEP, a file for each attempt.

A file's name has when the attempt began (UTC), the id of the flow run that it was part of, and its number.
While it runs, the file is a `.log`; afterwards it is compressed, a `.log.gz`.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tasks.files.long_path import reachable

#: The folder below outputs_dir.
FOLDER = "steps"
PLAIN, COMPRESSED, UNFINISHED = ".log", ".log.gz", ".log.gz.tmp"

# What is the same name to every file system: in one case, in ASCII, short, and no device of Windows'.
_SAFE = re.compile(r"[a-z0-9_-]{1,60}")
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)")
_KEPT = 60  # bytes of a name that is not safe; a file system takes 255
_NAME = re.compile(
    r"(?P<at>\d{8}T\d{6}\.\d{6})Z_(?P<run>[^_]*)_(?P<attempt>\d+)(?P<suffix>\.log(\.gz(\.tmp)?)?)"
)
_TIME = "%Y%m%dT%H%M%S.%f"
_NO_RUN = "manual"


@dataclass(frozen=True, slots=True, order=True)
class Attempt:
    """One attempt at a step, in the order of time: `run_id` is the flow run's, empty outside of one."""

    at: datetime
    group: str
    step: str
    run_id: str
    number: int = 1

    @property
    def stem(self) -> str:
        """The name of its file, without what that ends with."""
        return f"{self.at.astimezone(UTC):{_TIME}}Z_{self.run_id or _NO_RUN}_{self.number}"


def folder(outputs_dir: Path, group: str, step: str) -> Path:
    """Return the folder of a step's output."""
    return reachable(outputs_dir / FOLDER / safe(group) / safe(step))


def attempts(outputs_dir: Path, group: str, step: str) -> list[Attempt]:
    """Return all attempts at a step of which there is a file, oldest first.

    Raises:
        OSError: the folder cannot be read.
    """
    try:
        names = [path.name for path in folder(outputs_dir, group, step).iterdir()]
    except FileNotFoundError:
        return []
    found = (name for name in map(parsed, names) if name and name["suffix"] != UNFINISHED)
    return sorted({Attempt(began(each), group, step, _run(each), int(each["attempt"])) for each in found})


def parsed(name: str) -> re.Match[str] | None:
    """Given a file's name, return its parts; None if it is none of these."""
    return _NAME.fullmatch(name)


def began(name: re.Match[str]) -> datetime:
    """Return when the attempt began, in UTC."""
    return datetime.strptime(name["at"], _TIME).replace(tzinfo=UTC)


def _run(name: re.Match[str]) -> str:
    return "" if name["run"] == _NO_RUN else name["run"]


def safe(name: str) -> str:
    """Given a group's or step's name, return a folder's: the same if that is safe, else with a hash of it.

    No two names have one folder, whether or not a file system distinguishes upper from lower case.
    """
    if _SAFE.fullmatch(name) and not _DEVICE.fullmatch(name):
        return name
    readable = "".join(character if character.isalnum() else "_" for character in name)
    kept = readable.encode("utf-8", "replace")[:_KEPT].decode("utf-8", "ignore")
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{kept}~{digest}"

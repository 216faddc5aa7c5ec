"""The process behind an endpoint: found again, ended, started anew.

It is known for certain, or left alone: the child that we started ourselves (pid and creation time,
written down), or a process of this user whose whole command line is the endpoint's `start`.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from pydantic import BaseModel

from tasks.files import atomic_file, private
from tasks.process.ending import TreeEnd, end, with_descendants
from tasks.process.own_variables import accounts
from tasks.process.process_tree import MARK, Identity
from tasks.process.system import start_detached
from tasks.settings.endpoints import EndpointSettings

FOLDER = "restarts"
#: The most of a service's own output that is shown when it does not come up, in bytes and lines.
_TAIL_BYTES, _TAIL_LINES = 4096, 10


class StartError(Exception):
    """A service cannot be started; the message says why."""


class _Record(BaseModel):
    """The contents of the file of a service that we started."""

    endpoint: str
    process: Identity


@dataclass(frozen=True, slots=True)
class ServicePaths:
    """Where an endpoint's record, log and lock lie."""

    record: Path
    log: Path
    lock: Path

    @classmethod
    def of(cls, endpoint: EndpointSettings, outputs_dir: Path) -> ServicePaths:
        """Return them; names that a file cannot have are distinguished by a part of their hash."""
        readable = re.sub(r"[^A-Za-z0-9_-]+", "-", endpoint.name)[:40]
        name = f"{readable}-{hashlib.sha256(endpoint.name.encode()).hexdigest()[:8]}"
        folder = outputs_dir / FOLDER
        return cls(*(folder / f"{name}.{suffix}" for suffix in ("json", "log", "lock")))


def find(endpoint: EndpointSettings, paths: ServicePaths) -> psutil.Process | None:
    """Return the process that serves the endpoint; None if none is known for certain."""
    if ours := _recorded(paths.record):
        return ours
    if endpoint.start:
        lines = _command_lines(endpoint.start)
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.cmdline() in lines and process.username() == psutil.Process().username():
                    return process
    return None


def stop(process: psutil.Process, grace: float) -> TreeEnd:
    """End a service and all that it has started."""
    return end(with_descendants(process), grace)


def start(command: Sequence[str], endpoint: EndpointSettings, paths: ServicePaths) -> psutil.Popen:
    """Start a service apart from us, its output going to its log, and write down who it is.

    Raises:
        StartError: it cannot be started.
    """
    program = shutil.which(command[0])
    if program is None:
        raise StartError(f"there is no program {command[0]!r}")
    environment = {name: value for name, value in accounts().items() if name != MARK}
    try:
        private.make_folder(paths.log.parent)
        with private.open_file(paths.log, "wb") as log:
            process = start_detached(
                [program, *command[1:]],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,  # without our mark: it belongs to no step
            )
    except OSError as error:
        raise StartError(f"{command[0]} cannot be started ({error.strerror})") from error
    if identity := Identity.of(process.pid):
        record = _Record(endpoint=endpoint.name, process=identity)
        atomic_file.write_text(paths.record, record.model_dump_json())
    return process


def last_output(paths: ServicePaths) -> str:
    """Return the end of what a service has printed, as one line; empty without any."""
    with suppress(OSError), paths.log.open("rb") as log:
        log.seek(max(0, paths.log.stat().st_size - _TAIL_BYTES))
        lines = log.read().decode("utf-8", "replace").split("\n")
        return " | ".join(line.strip() for line in lines[-_TAIL_LINES:] if line.strip())
    return ""


def _recorded(path: Path) -> psutil.Process | None:
    try:
        return _Record.model_validate_json(path.read_bytes(), strict=True).process.process()
    except (OSError, ValueError):  # not there, or half-written: it names nothing that could be ended
        return None


def _command_lines(command: Sequence[str]) -> list[list[str]]:
    """Return how a process may show the command: as it is written, or with its program's whole path."""
    program = shutil.which(command[0])
    return [[word, *command[1:]] for word in (command[0], program) if word]

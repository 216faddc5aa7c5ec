"""What this machine's own scheduler has registered: asked, never changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deployments.adopt.job import Origin
from deployments.adopt.sources import crontab, systemd_timers, task_xml
from deployments.adopt.sources.readers import Harvest
from deployments.adopt.sources.text_encoding import decode

_LIMIT = 120  # seconds; a machine with hundreds of tasks answers in some ten
#: Windows' own tasks are no one's scripts.
_WINDOWS_OWN = "microsoft\\"
_UNIT_FOLDERS = ("~/.config/systemd/user", "/etc/systemd/system")


def harvest() -> Harvest:
    """Return what Task Scheduler has, or the user's crontab and the timers that were added here."""
    return _task_scheduler() if sys.platform == "win32" else _cron_and_timers()


def _task_scheduler() -> Harvest:
    result = Harvest()
    asked = ("schtasks.exe", "/query", "/xml")
    output = _output(asked, result)
    if output is not None:
        found = task_xml.read(decode(output), Origin("Task Scheduler"))
        found.jobs = [job for job in found.jobs if not job.name.lower().lstrip("\\").startswith(_WINDOWS_OWN)]
        result.add(found)
    return result


def _cron_and_timers() -> Harvest:
    result = Harvest()
    output = _output(("crontab", "-l"), result) if shutil.which("crontab") else None
    if output:
        result.add(crontab.read(decode(output), Origin("crontab")))
    for name in _UNIT_FOLDERS:
        folder = Path(name).expanduser()
        units = _units(folder) if folder.is_dir() else {}
        if any(unit.endswith(".timer") for unit in units):
            result.add(systemd_timers.read(units, Origin(str(folder), folder)))
    return result


def _units(folder: Path) -> dict[str, str]:
    """Return the timers and services of a folder, and what is dropped into them, by their names."""
    units = {}
    for parent, _, files in os.walk(folder):
        for name in files:
            path = Path(parent, name)
            # Links are how units are switched on, not units.
            if path.suffix in (".timer", ".service", ".conf") and path.is_file() and not path.is_symlink():
                units[path.relative_to(folder).as_posix()] = decode(path.read_bytes())
    return units


def _output(argv: Sequence[str], result: Harvest) -> bytes | None:
    """Return what a program prints; None if it is not there or fails, which is reported."""
    try:
        done = subprocess.run(  # noqa: S603 - a fixed list of words
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LIMIT, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        result.refuse(argv[0], f"does not answer ({error})", "Name an export of the tasks instead.")
        return None
    said = decode(done.stderr).strip()
    if done.returncode and not (argv[0] == "crontab" and "no crontab" in said):
        result.refuse(argv[0], f"failed with exit code {done.returncode}: {said}", "Name an export instead.")
        return None
    return done.stdout if not done.returncode else b""

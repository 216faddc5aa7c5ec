"""Ends what is left over: scripts whose beat was killed, and processes that rhythm.toml's rules name.

With `dry_run = true`, the default of `[cleanup]`, it only reports what it would end. Nobody is ended for a
name, or for looking idle; that is only reported.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import anyio
import psutil
from humanize import naturalsize
from pydantic import AwareDatetime, BaseModel

from tasks.builtin.contract import Context, Parser, Report
from tasks.builtin.machine.processes import ProcessInfo, survey
from tasks.builtin.machine.rules import (
    IdleSince,
    Key,
    Match,
    Subject,
    idle_since,
    is_service,
    matches,
    protected,
)
from tasks.builtin.machine.suspects import Neglect, describe, idle_looking, neglects
from tasks.files import atomic_file
from tasks.markdown import escaped
from tasks.process import orphans
from tasks.process.ending import TreeEnd, end
from tasks.settings.rhythm_toml import Settings

_LISTED = 10
_FILE = "cleanup.json"


class _Idle(BaseModel):
    """Since when processes have been idle, as it is kept between two runs."""

    class Entry(BaseModel):
        pid: int
        created: float
        at: AwareDatetime
        cpu_seconds: float

    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class CleanupFindings:
    """What there is: scripts left over from killed beats, processes that rules name, and suspects."""

    at: datetime
    left_over: tuple[str, ...]
    matches: tuple[Match, ...]
    neglects: tuple[Neglect, ...]
    idle: tuple[ProcessInfo, ...]
    denied: int


def look(settings: Settings, now: datetime, *, own_pid: int) -> tuple[CleanupFindings, dict[Key, IdleSince]]:
    """Survey all processes; return what was found, and since when the rules' processes have been idle."""
    processes = survey()
    rules = settings.cleanup.match
    subjects = [_subject(process) for process in processes] if rules else []
    services = orphans.pids(settings.outputs_dir, orphans.SERVICES)
    services |= {subject.info.pid for subject in subjects if is_service(subject.command)}
    excluded = protected(processes, own_pid, services)
    idle = idle_since(subjects, _known(settings.outputs_dir), now)
    user = psutil.Process().username()
    found = CleanupFindings(
        at=now,
        left_over=tuple(orphans.left(settings.outputs_dir)),
        matches=tuple(matches(subjects, rules, excluded, user, idle, now)),
        neglects=neglects(process for process in processes if process.pid not in excluded),
        idle=idle_looking(processes, excluded, now),
        denied=sum(not process.is_readable for process in processes),
    )
    return found, idle


def main(argv: Sequence[str], context: Context) -> str:
    """Survey, report, and end what may be ended."""
    parser = Parser("cleanup_processes", "Ends what is left over, if rhythm.toml allows it.")
    parser.add_argument("--dry-run", action="store_true", help="only report what would be ended")
    settings = context.settings
    dry = parser.parse_args(argv).dry_run or settings.cleanup.dry_run

    found, idle = look(settings, context.now(), own_pid=os.getpid())
    _remember(idle, context)
    done = [*_end_left_over(found, context, dry), *_end_matches(found, context, dry)]
    reported = [*map(str, found.neglects), *(describe(process, found.at) for process in found.idle[:_LISTED])]
    if len(found.idle) > _LISTED:
        reported.append(f"… and {len(found.idle) - _LISTED} more idle-looking processes with less memory")
    for line in reported:
        context.log.info("%s", line)
    lines = [f"- {escaped(line)}" for line in [*done, *reported]] or ["Nothing is left over."]
    context.publish(Report("\n\n".join(["## Processes", "\n".join(lines)])))
    return _summary(found, done, dry)


def _end_left_over(found: CleanupFindings, context: Context, dry: bool) -> list[str]:
    """End the scripts of beats that were killed; return what was done, a line each."""
    names = found.left_over
    if names and not dry:
        grace = context.settings.cleanup.grace.total_seconds()
        names = tuple(anyio.run(orphans.sweep, context.settings.outputs_dir, grace))
    lines = [
        f"{'would end' if dry else 'ended'} {name}, left over from a beat that was killed" for name in names
    ]
    for line in lines:
        context.log.warning("%s", line)
    return lines


def _end_matches(found: CleanupFindings, context: Context, dry: bool) -> list[str]:
    """End the processes that rules name; return what was done, a line each."""
    lines = []
    for match in found.matches:
        info = match.subject.info
        who = f"{info.name} ({info.pid}): {match.reason}"
        if dry:
            line = f"would end {who}"
        elif process := _same(info):
            line = f"{_how(end([process], context.settings.cleanup.grace.total_seconds()))} {who}"
        else:
            continue  # it has ended by itself
        context.log.warning("%s", line)
        lines.append(line)
    return lines


def _summary(found: CleanupFindings, done: Sequence[str], dry: bool) -> str:
    zombies = sum(len(neglect.zombies) for neglect in found.neglects)
    memory = naturalsize(sum(match.subject.info.rss or 0 for match in found.matches), binary=True)
    what = f"{len(done)} processes {'would be ended' if dry else 'dealt with'}" if done else "nothing to end"
    freed = f" ({memory})" if found.matches else ""
    return (
        f"{what}{freed}; {zombies} zombies, {len(found.idle)} idle-looking Python processes, "
        f"{found.denied} processes not to be looked at"
    )


def _subject(info: ProcessInfo) -> Subject:
    """Ask for what the survey does not; a process that cannot be inspected is left alone."""
    with suppress(psutil.Error):
        if process := _same(info):
            return Subject(info, process.username(), " ".join(process.cmdline()))
    return Subject(info, "", "")


def _same(info: ProcessInfo) -> psutil.Process | None:
    """Return the process that was surveyed, if it is still that one."""
    with suppress(psutil.Error):
        process = psutil.Process(info.pid)
        if process.create_time() == info.created:
            return process
    return None


def _how(ended: TreeEnd) -> str:
    return "could not end" if ended.left else "killed" if ended.killed else "ended"


def _known(outputs_dir: Path) -> dict[Key, IdleSince]:
    """Return what was known at the last look; nothing if that is not there, or half-written."""
    try:
        kept = _Idle.model_validate_json((outputs_dir / _FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    return {(entry.pid, entry.created): IdleSince(entry.at, entry.cpu_seconds) for entry in kept.entries}


def _remember(idle: dict[Key, IdleSince], context: Context) -> None:
    path = context.settings.outputs_dir / _FILE
    if not idle and not path.exists():
        return
    entries = [
        _Idle.Entry(pid=pid, created=created, at=reading.at, cpu_seconds=reading.cpu_seconds)
        for (pid, created), reading in idle.items()
    ]
    try:
        atomic_file.write_text(path, _Idle(entries=entries).model_dump_json())
    except OSError as error:
        context.log.warning("how long processes are idle is not remembered: %s", error.strerror)

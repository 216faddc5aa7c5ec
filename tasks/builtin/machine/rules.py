"""Which of other people's processes may be ended: those that a rule names, and nobody who is protected.

Pure: what is known of each process comes in, and who would be ended comes out, with the reasons.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from humanize import naturaldelta, naturalsize

from tasks.builtin.machine.processes import ProcessInfo, ancestors
from tasks.settings.builtins import CleanupRule

#: A process is idle as long as it uses at most this part of one core.
IDLE_SHARE = 0.01
#: No pid up to this is anybody's: 0 and 1 are the system on POSIX, 0 and 4 on Windows.
_SYSTEM = 4
#: Prefect's server and worker, however they were started, and Rhythm itself.
_SERVICES = re.compile(
    r"\bprefect\b.*\b(server|worker)\b|\bprefect\.server\b|\bdeployments\.(cli|daemon|server|service)\b"
    r"|\brhythm\b.* up\b|\bsubreaper_program\.py\b"
)

#: A process that cannot be mistaken for a later one: its pid, and when it was created.
Key = tuple[int, float]


@dataclass(frozen=True, slots=True)
class IdleSince:
    """Since when a process has been idle, and how many CPU seconds it had used by then."""

    at: datetime
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Subject:
    """A process as the rules see it; `user` and `command` are empty where the system does not report it."""

    info: ProcessInfo
    user: str
    command: str

    @property
    def key(self) -> Key | None:
        """Its identity; None if the system does not report when it was created."""
        return None if self.info.created is None else (self.info.pid, self.info.created)


@dataclass(frozen=True, slots=True)
class Match:
    """A process that a rule names, and why."""

    subject: Subject
    reason: str


def protected(processes: Sequence[ProcessInfo], own_pid: int, services: Collection[int]) -> set[int]:
    """Return the pids that nothing may end: the system's, our own, our parents', and the services'.

    `services` are the pids of Prefect's server and worker, as far as they are known; what is below them
    is theirs as well.
    """
    parents = {process.pid: process.parent for process in processes}
    found = {pid for pid in parents if pid <= _SYSTEM} | {own_pid, *ancestors(own_pid, processes), *services}
    below = {process.pid for process in processes if set(services) & ancestors(process.pid, processes)}
    return found | below


def is_service(command: str) -> bool:
    """Whether a command line is that of Prefect's server or worker, or of Rhythm itself."""
    return bool(_SERVICES.search(command))


def idle_since(
    subjects: Iterable[Subject], known: Mapping[Key, IdleSince], now: datetime
) -> dict[Key, IdleSince]:
    """Return since when each process has been idle, given what was known at the last look.

    A new one that has been idle all its life is so since its beginning, any other since now.
    """
    found: dict[Key, IdleSince] = {}
    for subject in subjects:
        key, used = subject.key, subject.info.cpu_seconds
        if key is None or used is None:
            continue
        born = IdleSince(datetime.fromtimestamp(key[1], now.tzinfo), 0.0)
        last = known.get(key, born)
        share = IDLE_SHARE * (now - last.at).total_seconds()
        found[key] = last if used - last.cpu_seconds <= share else IdleSince(now, used)
    return found


def matches(
    subjects: Iterable[Subject],
    rules: Sequence[CleanupRule],
    excluded: Collection[int],
    user: str,
    idle: Mapping[Key, IdleSince],
    now: datetime,
) -> list[Match]:
    """Return whom the rules name: processes of `user` alone, never one of `excluded` nor a service."""
    found = []
    for subject in subjects:
        sure = subject.key and subject.command and subject.user and subject.user == user
        if not sure or subject.info.is_zombie or subject.info.pid in excluded or is_service(subject.command):
            continue
        reason = next((text for rule in rules if (text := _reason(rule, subject, idle, now))), "")
        if reason:
            found.append(Match(subject, reason))
    return found


def _reason(rule: CleanupRule, subject: Subject, idle: Mapping[Key, IdleSince], now: datetime) -> str:
    """Return why a rule names a process; empty if one of its conditions does not hold."""
    key = subject.key
    if key is None or not re.search(rule.command, subject.command):
        return ""
    age = timedelta(seconds=now.timestamp() - key[1])
    if age < rule.older_than:
        return ""
    said = [f"{naturaldelta(age)} old"]
    if rule.idle is not None:
        if key not in idle or now - idle[key].at < rule.idle:
            return ""
        said.append(f"idle for {naturaldelta(now - idle[key].at)}")
    if rule.memory_mb is not None:
        memory = subject.info.rss or 0
        if memory < rule.memory_mb * 1_000_000:
            return ""
        said.append(f"{naturalsize(memory)} of memory")
    return f"matches {rule.command!r}, {', '.join(said)}"

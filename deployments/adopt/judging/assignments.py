"""What the user has said about jobs on the command line: --assign and --drop."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from deployments.adopt import paths
from deployments.adopt.job import MINUTES_A_DAY, Job
from deployments.adopt.judging.five_groups import FIVE_GROUPS, SERVICE, TargetGroup
from tasks.problem import ConfigError, Problem, alternatives
from tasks.settings.clock_time import parse_clock_time
from tasks.settings.duration import parse_duration
from tasks.settings.groups import RESERVED

_ASSIGN = re.compile(r"(?P<name>.+)=(?P<group>[a-z][a-z0-9_]*)(?:@(?P<cadence>[\w:.]+))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Assignment:
    """A job's name, as the user has written it, and the group that it is to be in."""

    name: str
    group: str
    target: TargetGroup | None = None


def assignment(text: str, known: Iterable[str]) -> Assignment:
    """Given NAME=GROUP or NAME=GROUP@CADENCE, return it. `known` are the groups of the rhythm.toml.

    Raises:
        ConfigError: it cannot be read, or names a group that does not exist and no cadence for it.
    """
    groups = [*dict.fromkeys((*(target.name for target in FIVE_GROUPS), *known)), SERVICE]
    found = _ASSIGN.fullmatch(text)
    if found is None:
        raise _wrong(text, "is not NAME=GROUP", 'Write for example "AGI Watchdog=health_check".')
    name, group, cadence = found["name"].strip(), found["group"], found["cadence"]
    if cadence is None:
        if group in groups:
            return Assignment(name, group)
        new = f" A new one needs its interval: {name}={group}@7d."
        raise _wrong(text, f"no such group: '{group}'", alternatives("groups", group, groups) + new)
    if group in RESERVED:
        raise _wrong(text, f"'{group}' is a name of Rhythm's own", "Give the group another name.")
    try:
        if ":" in cadence:
            at = f"{parse_clock_time(cadence):%H:%M}"
            return Assignment(name, group, TargetGroup(group, MINUTES_A_DAY, at=at))
        return Assignment(name, group, TargetGroup(group, parse_duration(cadence).total_seconds() / 60))
    except ValueError:
        raise _wrong(
            text, f"'{cadence}' is not an interval or a time of day", "Write 15m, 7d or 04:30."
        ) from None


def meant(name: str, jobs: Sequence[Job], option: str) -> list[Job]:
    """Return the jobs that a name means: the task's whole name, the last part of it, or its script.

    Raises:
        ConfigError: it means none.
    """
    wanted = name.strip().strip("\\").casefold()
    for names in (_whole, _last, _script):
        if found := [job for job in jobs if wanted in names(job)]:
            return found
    remedy = alternatives("jobs", name, sorted(job.name for job in jobs)) if jobs else "None was found."
    raise _wrong(name, "is not a job that was found", remedy, option)


def _whole(job: Job) -> set[str]:
    return {job.name.strip("\\").casefold()}


def _last(job: Job) -> set[str]:
    return {paths.name(job.name).casefold()}


def _script(job: Job) -> set[str]:
    script = job.script or ""
    return {paths.name(script).casefold(), paths.stem(script).casefold()} - {""}


def _wrong(text: str, problem: str, remedy: str, option: str = "--assign") -> ConfigError:
    return ConfigError([Problem(f"{option} {text}", problem, remedy)])

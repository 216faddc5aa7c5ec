"""From the jobs that were found to their groups, and what each loses there. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from deployments.adopt import paths
from deployments.adopt.job import MINUTES_A_DAY, Difference, Job
from deployments.adopt.judging import step_table
from deployments.adopt.judging.assignments import Assignment, meant
from deployments.adopt.judging.differences import compared, held_up
from deployments.adopt.judging.five_groups import FIVE_GROUPS, TargetGroup
from deployments.adopt.judging.merging import merge
from deployments.adopt.judging.placing import Known, Placed, Present, Standing, place
from tasks.settings.groups import MAIN
from tasks.settings.rhythm_toml import Settings


@dataclass(frozen=True, slots=True)
class Adoption:
    """Where all jobs go: what judging hands on to writing.

    `twins` are those that went into another one, with its name. `targets` are the groups by their names,
    `folder` is where scripts are.
    """

    placed: tuple[Placed, ...]
    twins: tuple[tuple[Job, str], ...]
    targets: Mapping[str, TargetGroup]
    folder: str

    @property
    def jobs(self) -> list[Job]:
        """All jobs, in the order in which they were found."""
        return [each.job for each in self.placed]

    @property
    def needs(self) -> list[Job]:
        """The jobs that the user has to look at."""
        return [each.job for each in self.placed if each.needs_user]

    def standing(self, *standings: Standing) -> list[Job]:
        """Return the jobs that stand so."""
        return [each.job for each in self.placed if each.standing in standings]


def judge(
    found: Sequence[Job],
    present: Present,
    settings: Settings | None,
    known: Known,
    assignments: Sequence[Assignment] = (),
    drops: Sequence[str] = (),
) -> Adoption:
    """Give every job its group. `settings` are those of the rhythm.toml that is `present`, if it is not new.

    Raises:
        ConfigError: the user's word names no job.
    """
    merged = merge(_distinct(found))
    said = {job.name: each for each in assignments for job in meant(each.name, merged.jobs, "--assign")}
    dropped = {job.name for name in drops for job in meant(name, merged.jobs, "--drop")}
    targets = _targets(settings)
    targets |= {
        each.target.name: each.target
        for each in said.values()
        if each.target and each.group not in present.groups
    }
    running = [job for job in merged.jobs if job.enabled or job.name in said]
    folder = present.scripts_dir or step_table.scripts_folder(running) or "scripts"
    needed = _needed(targets, settings)
    placed = []
    for job in merged.jobs:
        run = step_table.words(job, folder)
        each = place(job, run, present, known, said=said.get(job.name), dropped=job.name in dropped)
        target = targets.get(each.job.group or "")
        placed.append(_compared(each, target, folder, known, needed) if target else each)
    return Adoption(tuple(placed), tuple(merged.twins), targets, folder)


def _needed(targets: Mapping[str, TargetGroup], settings: Settings | None) -> set[str]:
    """Return the groups in `main` that others come after."""
    needed = {target.after for target in targets.values() if target.after}
    groups = settings.groups if settings else {}
    needed |= {name for group in groups.values() for name in group.after}
    return {name for name in needed if name not in groups or groups[name].lane == MAIN}


def _compared(
    placed: Placed, target: TargetGroup, folder: str, known: Known, needed: Collection[str]
) -> Placed:
    """Return it with what the job loses in its group, and whether its script is there."""
    job, script = placed.job, placed.job.script
    differences = [*compared(job, target), *(held_up(job) if target.name in needed else [])]
    missing = script is not None and known.is_missing(paths.join(folder, script))
    if missing:
        what = f"there is no {script} on this machine"
        differences.append(Difference(what, "Put it there, or --drop it."))
    return replace(placed, job=job.with_differences(*differences), missing=missing)


def _targets(settings: Settings | None) -> dict[str, TargetGroup]:
    """Return the five groups, and those of a file as they are there."""
    targets = {target.name: target for target in FIVE_GROUPS}
    for name, group in (settings.groups if settings else {}).items():
        # Of the calendars, it knows these two kinds; a group of another is taken for a daily one.
        minutes = group.every.total_seconds() / 60 if isinstance(group.every, timedelta) else MINUTES_A_DAY
        at = f"{group.times[0]:%H:%M}" if group.times else None
        after = targets[name].after if name in targets else None
        targets[name] = TargetGroup(name, minutes, at=at, after=after)
    return targets


def _distinct(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs with names of which no two are the same."""
    counts: dict[str, int] = {}
    found = []
    for job in jobs:
        count = counts[job.name] = counts.get(job.name, 0) + 1
        found.append(replace(job, name=f"{job.name} ({count})") if count > 1 else job)
    return found
